"""Defects of the account and the engine around it: risk, books, latch, the owner's wishes, the loop, the journal, recovery."""

from typing import Final

from tests.storm.planted import Defect

TRADER: Final = "tests/engine/trader"
RISK: Final = "tests/engine/risk"
STATE: Final = "tests/engine/state"
RUNNER: Final = "tests/engine/test_runner.py"
OUTAGE: Final = "tests/engine/test_store_outage.py"

ENGINE: Final = (
    # --- risk ---------------------------------------------------------------------------------------------------------
    Defect(
        "the quantity is rounded up",
        "engine/model/grid.py",
        "return math.floor(lots * (1.0 + NOISE))",
        "return math.ceil(lots * (1.0 - NOISE))",
        ("tests/engine/model/test_grid.py", RISK + "/test_position_size.py"),
    ),
    Defect(
        "the cap on margin limits nothing",
        "engine/risk/position_size.py",
        "if margin_lots < lots:",
        "if margin_lots < 0:",
        (RISK + "/test_position_size.py",),
    ),
    Defect(
        "one position too many is entered",
        "engine/risk/pre_trade_veto.py",
        "now.open_positions < params.max_positions,",
        "now.open_positions <= params.max_positions,",
        (RISK + "/test_pre_trade_veto.py",),
    ),
    Defect(
        "an equity that is not known counts as no loss",
        "engine/risk/pre_trade_veto.py",
        "if before <= 0.0 or now >= before:",
        "if not (before > 0.0 and now < before):",
        (RISK + "/test_pre_trade_veto.py",),
    ),
    Defect(
        "old data is as good as new",
        "engine/risk/entry_gate.py",
        "Check(now.data_age_ms <= now.data_age_limit_ms,",
        "Check(now.data_age_ms >= 0,",
        (RISK + "/test_entry_gate.py",),
    ),
    # --- books and latch ----------------------------------------------------------------------------------------------
    Defect(
        "an execution that is told again later is booked twice",
        "engine/state/ledger.py",
        "return fill.trade_id in desk.recent_fills",
        "return fill.trade_id in desk.recent_fills[-1:]",
        (STATE + "/test_ledger.py", TRADER),
        "C6,C3",
    ),
    Defect(
        "what turns a position round is booked on both",
        "engine/state/ledger.py",
        "fee=fill.fee - first.fee, realised=ZERO)",
        "fee=fill.fee - first.fee)",
        (STATE + "/test_ledger.py",),
    ),
    Defect(
        "a funding payment that is told twice is booked twice",
        "engine/state/ledger.py",
        "if paid.payment_id in desk.recent_funding:",
        "if not paid.payment_id:",
        (STATE + "/test_ledger.py", TRADER),
    ),
    Defect(
        "a loss that the fees made does not count",
        "engine/state/day.py",
        "streaks.after(account.loss_streak, trade.net < 0)",
        "streaks.after(account.loss_streak, trade.gross < 0)",
        (STATE + "/test_day.py",),
    ),
    Defect(
        "the peak of the equity goes down with it",
        "engine/trader/books.py",
        "if equity > self.saved.peak_equity:",
        "if equity != self.saved.peak_equity:",
        (TRADER,),
    ),
    Defect(
        "more leverage than the setting is as good as the setting",
        "engine/desk/moment.py",
        "setup.is_isolated and setup.leverage <= leverage",
        "setup.is_isolated and setup.leverage >= 1",
        (TRADER,),
        "A34,B16",
    ),
    Defect(
        "a withdrawal counts as a drawdown",
        "engine/state/day.py",
        "peak = account.peak_equity + amount if account.peak_equity else account.peak_equity",
        "peak = account.peak_equity",
        (STATE + "/test_day.py", TRADER),
    ),
    Defect(
        "a wallet of zero is believed at once",
        "engine/trader/books.py",
        "is_odd = wallet <= 0 or",
        "is_odd = wallet < 0 or",
        (TRADER + "/test_exchange_side.py", TRADER),
    ),
    Defect(
        "a wallet that leaps up is believed at once",
        "engine/trader/books.py",
        "(self.was_read and wallet > (self.saved.wallet + self._won) * (1 + MOST_LEAP))",
        "False",
        (TRADER + "/test_hard_to_believe.py",),
    ),
    Defect(
        "a read that lags takes back what a balance told of a position",
        "engine/trader/books.py",
        "self._at_exchange = read | {symbol",
        "self._at_exchange = read or {symbol",
        (TRADER + "/test_hard_to_believe.py",),
    ),
    Defect(
        "an entry that had left waits for its answer after a start",
        "engine/trader/waking.py",
        "entry.state is IntentState.SENT:",
        "entry.state is IntentState.REJECTED:",
        (TRADER + "/test_waking.py",),
    ),
    Defect(
        "a trade in hedge mode is thought to be one-way",
        "engine/trader/access.py",
        "if not account.is_one_way:",
        "if not account.is_one_way and account.is_multi_assets:",
        (TRADER + "/test_exchange_side.py", TRADER),
    ),
    # --- the owner's wishes -------------------------------------------------------------------------------------------
    Defect(
        "panic sets no latch",
        "engine/trader/wishes.py",
        "outcome += trader.books.latched(LatchCause.PANIC, 0.0, 0.0, asked.time_ms)",
        "outcome += NOTHING",
        (TRADER + "/test_panicking.py",),
    ),
    Defect(
        "a panic is over before the exchange was asked",
        "engine/trader/panicking.py",
        "if not books.looked_ms or books.looked_ms < books.panic_from_ms or any(",
        "if any(",
        (TRADER + "/test_panicking.py",),
    ),
    Defect(
        "what an entry brings after stop and close is kept",
        "engine/trader/wishes.py",
        "desk.memory = replace(desk.memory, is_unwanted=True)",
        "desk.memory = replace(desk.memory, is_unwanted=False)",
        (TRADER + "/test_leaving.py", TRADER),
    ),
    Defect(
        "a question that was answered can be answered otherwise",
        "engine/trader/answering.py",
        "if hand.care is not Care.ASKED:",
        "if hand.care is CARE.get(wish.choice):",
        (TRADER + "/test_outside.py",),
    ),
    # --- the journal --------------------------------------------------------------------------------------------------
    Defect(
        "journal after send",
        "engine/entering.py",
        "if not await self._journal():",
        "await self._send(signed)\n            if not await self._journal():",
        (RUNNER, OUTAGE),
    ),
    Defect(
        "an entry is sent although the journal was not confirmed",
        "engine/entering.py",
        "if not await self._journal():",
        "if await self._journal() is None:",
        ("tests/engine/test_entering.py", RUNNER),
    ),
    Defect(
        "an entry is sent although the owner stopped while it was journalled",
        "engine/entering.py",
        "return signed if self._may(order) else None",
        "return signed",
        ("tests/engine/test_entering.py", RUNNER, OUTAGE),
    ),
    Defect(
        "an entry that was decided long ago is sent",
        "engine/entering.py",
        "if not self._may(order) or now - decided_ms > DECIDED_WITHIN_MS:",
        "if not self._may(order):",
        ("tests/engine/test_entering.py", RUNNER, OUTAGE),
        "F4",
    ),
    Defect(
        "what a failed save took along is lost",
        "engine/owed.py",
        "self._batch = _joined(taken, self._batch)",
        "self._batch = _joined(self._batch, self._batch)",
        (OUTAGE, RUNNER),
    ),
    Defect(
        "entries go on without the store",
        "engine/owed.py",
        "self.store_is_up = False",
        "self.store_is_up = bool(detail)",
        (OUTAGE, RUNNER),
        "D2",
    ),
    Defect(
        "without the store nothing can be closed",
        "engine/hands.py",
        "SAFE_WITHOUT_STORE: Final = (StopTrading, PauseTrading, ClosePosition, Panic, DeclineEntry)",
        "SAFE_WITHOUT_STORE: Final = (StopTrading, PauseTrading, Panic, DeclineEntry)",
        (OUTAGE,),
    ),
    Defect(
        "a send that is cut off is told to nobody",
        "engine/requests.py",
        "except BaseException as error:",
        "except Exception as error:",
        ("tests/engine/test_requests.py", RUNNER),
    ),
    Defect(
        "of merged prices only the newest is kept, not the extremes",
        "engine/inbox.py",
        "return replace(event, window=PriceWindow(waiting.window.open, low, high))",
        "return event",
        ("tests/engine/test_inbox.py",),
    ),
    # --- recovery -----------------------------------------------------------------------------------------------------
    Defect(
        "a look at the account that failed counts as one at the start",
        "engine/recovery.py",
        "            if holds_account(news):\n",
        "            if news:\n",
        ("tests/engine/test_recovery.py", RUNNER),
        "A32,F1",
    ),
    Defect(
        "a memory that was lost beside stops of ours counts as a new account",
        "engine/runner.py",
        "if saved is None and self._found_ours and not self._owed.is_apart:",
        "if saved is None and not self._found_ours and self._owed.is_apart:",
        (RUNNER, OUTAGE),
        "D7",
    ),
)
