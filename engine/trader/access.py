"""What the exchange lets us do: whether it takes our key, lets the account trade, and holds it in the modes we need.

What is wrong closes entries and is told once, and once more when it is right again. Exits and stops go on regardless.
"""

from typing import Final

from engine.execution.orders import KEY_REFUSED
from engine.model.account import AccountSnapshot
from engine.model.messages import NOTHING, Outcome
from engine.model.notices import OutsideChange

RESTRICTED: Final = (-4400, -4401, -4087, -4088, -4192)
ACCOUNT: Final = ""  # the symbol of what concerns the whole account


class Access:
    """Nothing is known before the first snapshot, and then nothing is allowed."""

    def __init__(self) -> None:
        self.lets_us_trade = False
        self.is_key_refused = False
        self._told: str | None = None  # the fault that was told last

    @property
    def is_refused(self) -> bool:
        """Whether the exchange says no to us."""
        return self.is_key_refused or self._told is not None

    def synced(self, account: AccountSnapshot, time_ms: int) -> Outcome:
        """The account was read: the key is taken, and its modes are known."""
        outcome = NOTHING
        if self.is_key_refused:
            self.is_key_refused = False
            outcome = _change("key_accepted", time_ms)
        fault, before = _fault(account), self._told
        self._told, self.lets_us_trade = fault, fault is None
        if fault == before:
            return outcome
        return outcome + _change(fault or "account_legal", time_ms)

    def refused(self, code: int, time_ms: int) -> Outcome:
        """A request was refused: was it because of the key? It is tried again with every look at the account."""
        if code not in KEY_REFUSED or self.is_key_refused:
            return NOTHING
        self.is_key_refused = True
        return _change("key_refused", time_ms)


def _fault(account: AccountSnapshot) -> str | None:
    if not account.can_trade:
        return "trading_off"
    if not account.is_one_way:
        return "hedge_mode"
    return "multi_assets" if account.is_multi_assets else None


def _change(what: str, time_ms: int) -> Outcome:
    return Outcome(notices=(OutsideChange(ACCOUNT, what, "", time_ms),))
