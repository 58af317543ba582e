"""Builders for what the store keeps."""

import math
from decimal import Decimal

from engine.model.commands import DecisionMode
from engine.model.market import Bar
from engine.model.orders import ExitReason, IntentState, Trade
from engine.model.saved import EntryIntent, Override, SavedAccount, SavedDesk, SavedState
from engine.model.signals import (
    Check,
    Code,
    Features,
    GateChecks,
    Limit,
    Opinion,
    Proposal,
    Regime,
    RegimeState,
    Ruling,
    Side,
    Sides,
    Size,
    SizeChecks,
    Verdict,
    VetoChecks,
    Vote,
    Votes,
)
from engine.model.view import Running

HOUR_MS = 3_600_000
NAMESPACE = "paper:test"


def a_ruling(symbol: str = "ETHUSDT", hour: int = 1, refused: tuple[Code, ...] = (Code.ADX_LOW,)) -> Ruling:
    """A ruling on the bar that closed after `hour` hours, with some features still warming up."""
    checks = [Check(Code(at) not in refused, 21.4, 25.0) for at in range(len(Code))]
    return Ruling(
        symbol=symbol,
        bar=Bar((hour - 1) * HOUR_MS, 100.0, 101.5, 99.0, 100.25, 1_234.5),
        close_time_ms=hour * HOUR_MS,
        features=Features._make([*(0.1 * at for at in range(22)), math.nan, 4, 5]),
        regime=RegimeState(Regime.BULL_TREND, 7),
        votes=Votes(*[Vote(1, 0.5)] * 7),
        opinion=Opinion(0.5, Proposal.PROPOSE_LONG, 0.75),
        gate=GateChecks(*checks[:18]),
        size=Size(17, Limit.RISK, 17, 40, 1_000, 3.75, 170.0, 17.0, 6.4),
        size_checks=SizeChecks(*checks[18:21]),
        veto=VetoChecks(*checks[21:]),
        verdict=Verdict.REFUSED if refused else Verdict.ENTERED,
        intent_id=f"intent{hour}",
    )


def an_entry(symbol: str = "ETHUSDT", state: IntentState = IntentState.SENT) -> EntryIntent:
    """An entry that may exist at the exchange."""
    return EntryIntent(
        intent_id="intent1",
        cause=f"bar:{HOUR_MS}:1",
        client_id="abEintent1000",
        symbol=symbol,
        side=Side.LONG,
        quantity=Decimal("0.170"),
        expected_price=100.25,
        atr=2.5,
        leverage=10,
        state=state,
        signed_ms=5,
        deadline_ms=3_005,
        not_found=0,
        asked_ms=0,
        executed=Decimal(0),
        final=None,
        ruling=a_ruling(symbol),
    )


def a_desk(symbol: str = "ETHUSDT", last_bar_ms: int = 0, entry: EntryIntent | None = None) -> SavedDesk:
    """A symbol's memory."""
    return SavedDesk(symbol, Sides.BOTH, entry=entry, last_bar_ms=last_bar_ms)


def a_state(*desks: SavedDesk, namespace: str = NAMESPACE, wallet: str = "1000.00") -> SavedState:
    """A whole memory."""
    account = SavedAccount(running=Running.RUNNING, mode=DecisionMode.AUTO, wallet=Decimal(wallet))
    overrides = (Override("adx_minimum", 20.0, 25.0, "7", 1),)
    return SavedState(namespace, account, {desk.symbol: desk for desk in desks}, overrides)


def a_trade(number: int = 1, exit_hour: int = 5) -> Trade:
    """A closed trade."""
    return Trade(
        intent_id=f"intent{number}",
        number=number,
        symbol="ETHUSDT",
        side=Side.LONG,
        entry_time_ms=HOUR_MS,
        entry_price=Decimal("100.25"),
        quantity=Decimal("0.170"),
        first_stop=Decimal("96.50"),
        exit_time_ms=exit_hour * HOUR_MS,
        exit_price=Decimal("104.10"),
        reason=ExitReason.TAKE_PROFIT,
        gross=Decimal("0.6545"),
        fees=Decimal("0.01736975"),
        funding=Decimal("-0.0017"),
    )
