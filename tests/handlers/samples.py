"""Ready-made views, rulings, trades and one of every notice, for tests of the conversation."""

from decimal import Decimal
from typing import Any, Final

from engine.model.commands import DecisionMode
from engine.model.daily_report import DailyReport
from engine.model.machine_notices import (
    AuditSealed,
    DecisionMissed,
    EngineHalted,
    EngineReady,
    FeedCameBack,
    FeedWentAway,
    ProcessTroubled,
    StoreCameBack,
    StoreWentAway,
    Trouble,
)
from engine.model.notices import (
    CoverMissing,
    CoverVerified,
    EntriesLocked,
    EntryFailed,
    EntryProposed,
    EntryProvedAbsent,
    EntryUnknown,
    ExitRefused,
    LatchCause,
    LatchLifted,
    LatchSet,
    Notice,
    OutsideChange,
    OutsideQuestion,
    PanicDone,
    PositionClosed,
    PositionOpened,
    PositionReduced,
    ProposalEnded,
    RegimeChanged,
    SignalSeen,
    StopMoved,
)
from engine.model.orders import ExitReason, Trade
from engine.model.proposals import ProposalEnd, Proposed
from engine.model.shadow import ShadowCompared
from engine.model.signals import (
    Check,
    Code,
    GateChecks,
    Limit,
    Opinion,
    Proposal,
    Refusal,
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
from engine.model.view import DeskView, EngineView, LatchView, PositionView, Running, Stage
from tests import builders
from tests.doubles import FakeEngine
from tests.handlers.past_samples import a_comparison

NOW_MS: Final = 1_700_000_000_000
MINUTE_MS: Final = 60_000
INTENT: Final = "abcdefghij234567"
QUESTION: Final = "zyxwvutsrq765432"
SYMBOL: Final = "ETHUSDT"


def a_ruling(*refused: Code, symbol: str = SYMBOL, confidence: float = 0.75, intent_id: str = INTENT) -> Ruling:
    """A bar that proposed a long, with these checks against it."""
    checks = [Check(Code(at) not in refused, 0.2, 0.7) for at in range(len(Code))]
    gate, size = len(GateChecks._fields), len(SizeChecks._fields)
    return Ruling(
        symbol=symbol,
        bar=builders.a_bar(),
        close_time_ms=NOW_MS,
        features=builders.features(),
        regime=RegimeState(Regime.BULL_TREND, 30),
        votes=Votes._make([*[Vote(1, 0.5)] * 5, Vote(-1, 0.4), Vote(0, 0.0)]),
        opinion=Opinion(0.66, Proposal.PROPOSE_LONG, confidence),
        gate=GateChecks(*checks[:gate]),
        size=Size(410, Limit.MARGIN_CAP, 612, 410, 2_000_000, 30.0, 822.05, 82.2, 12.3),
        size_checks=SizeChecks(*checks[gate : gate + size]),
        veto=VetoChecks(*checks[gate + size :]),
        verdict=Verdict.REFUSED if refused else Verdict.PROPOSED,
        intent_id=intent_id,
    )


def a_trade(
    net: str = "12.50", symbol: str = SYMBOL, reason: ExitReason | None = ExitReason.TAKE_PROFIT, number: int = 42
) -> Trade:
    """A long that was held for two hours; `net` after 0.50 of fees."""
    return Trade(
        intent_id=INTENT,
        number=number,
        symbol=symbol,
        side=Side.LONG,
        entry_time_ms=NOW_MS - 120 * MINUTE_MS,
        entry_price=Decimal("2000"),
        quantity=Decimal("0.41"),
        first_stop=Decimal("1970"),
        exit_time_ms=NOW_MS,
        exit_price=Decimal("2031.7"),
        reason=reason,
        gross=Decimal(net) + Decimal("0.50"),
        fees=Decimal("0.50"),
        funding=Decimal(0),
    )


def a_position(**parts: Any) -> PositionView:
    """A long with its stop seen at the exchange."""
    ordinary: dict[str, Any] = {
        "trade": a_trade(reason=None),
        "plan": builders.plan(),
        "quantity": Decimal("0.41"),
        "mark": 2_015.0,
        "unrealised": Decimal("6.15"),
        "liquidation_price": 1_810.0,
        "stop_on_exchange": 1_970.0,
        "stop_order_id": 77,
        "target_on_exchange": 2_060.0,
        "wide_stop_on_exchange": 1_940.0,
        "verified_ms": NOW_MS - 5_000,
        "closes_at_ms": NOW_MS + 3_600_000,
    }
    return PositionView(**{**ordinary, **parts})


def a_proposal(intent_id: str = INTENT) -> Proposed:
    """A card that stays open for another minute."""
    return Proposed(
        intent_id=intent_id,
        symbol=SYMBOL,
        side=Side.LONG,
        quantity=Decimal("0.41"),
        price=2_005.0,
        stop=1_975.0,
        target=2_065.0,
        risk_amount=12.3,
        margin=82.2,
        notional=822.05,
        leverage=10,
        deadline_ms=NOW_MS + MINUTE_MS,
        ruling=a_ruling(intent_id=intent_id),
    )


def a_desk(symbol: str = SYMBOL, **parts: Any) -> DeskView:
    """A symbol without a position whose last bar was refused."""
    ordinary: dict[str, Any] = {
        "symbol": symbol,
        "stage": Stage.NEUTRAL,
        "sides": Sides.BOTH,
        "bid": 2_004.9,
        "ask": 2_005.1,
        "last": 2_005.0,
        "mark": 2_005.0,
        "funding_rate": 0.0001,
        "next_funding_ms": NOW_MS + 3_600_000,
        "regime": RegimeState(Regime.BULL_TREND, 30),
        "ruling": a_ruling(Code.CONFIDENCE_LOW, symbol=symbol),
        "proposal": None,
        "position": None,
        "bars": 1_000,
        "warmup_bars": 1_000,
        "bars_rejected": 0,
        "bars_repaired": 2,
        "locked_until_ms": 0,
        "last_frame_ms": NOW_MS - 1_000,
        "last_bar_ms": NOW_MS,
    }
    return DeskView(**{**ordinary, **parts})


def a_view(*desks: DeskView, **parts: Any) -> EngineView:
    """A running engine in confirm mode."""
    ordinary: dict[str, Any] = {
        "running": Running.RUNNING,
        "mode": DecisionMode.CONFIRM,
        "is_halted": False,
        "is_guarded": False,
        "latch": None,
        "wallet": Decimal(1_000),
        "equity": Decimal(1_006),
        "available": Decimal(900),
        "peak_equity": Decimal(1_020),
        "day_start_equity": Decimal(1_000),
        "loss_streak": 0,
        "locked_until_ms": 0,
        "trades_today": 1,
        "net_today": Decimal("12.50"),
        "fees_today": Decimal("0.50"),
        "funding_today": Decimal(0),
        "desks": {desk.symbol: desk for desk in desks or (a_desk(),)},
        "time_ms": NOW_MS,
        "synced_ms": NOW_MS - 4_000,
        "is_ready": True,
        "is_busy": False,
    }
    return EngineView(**{**ordinary, **parts})


def an_engine(*desks: DeskView, **parts: Any) -> FakeEngine:
    """An engine that shows these symbols."""
    return FakeEngine(a_view(*desks, **parts), now_ms=NOW_MS)


def a_latch() -> LatchView:
    """Set by drawdown."""
    return LatchView(LatchCause.DRAWDOWN, 0.12, 0.10, NOW_MS)


def every_notice() -> tuple[Notice, ...]:
    """At least one of each kind."""
    trade, plan, side, t = a_trade(), builders.plan(), Side.LONG, NOW_MS
    refusals, asked_of = (Refusal(Code.ADX_LOW, 21.4, 25.0),), ("opened", "added", "reversed")
    return (
        EngineReady(was_restored=True, positions=1, is_trading=True, time_ms=t),
        EngineReady(was_restored=False, positions=0, is_trading=False, time_ms=t),
        EntryProposed(a_proposal(), t),
        *(ProposalEnded(INTENT, SYMBOL, end, "7", refusals, t) for end in ProposalEnd),
        SignalSeen(a_ruling(), t),
        PositionOpened(trade, plan, 10, 2_005.0, a_ruling(), t),
        PositionOpened(trade, plan, 10, 2_005.0, None, t),
        EntryFailed(INTENT, SYMBOL, side, -2019, "Margin is insufficient.", t),
        EntryFailed(INTENT, SYMBOL, side, -9999, "<b>odd & new", t),
        EntryUnknown(INTENT, SYMBOL, side, t),
        EntryProvedAbsent(INTENT, SYMBOL, t),
        CoverVerified(INTENT, SYMBOL, side, 1_970.0, 1_940.0, 2_060.0, 400, t),
        *(CoverMissing(INTENT, SYMBOL, side, True, why, t) for why in ("no answer", "naked", "refused", "fired", "touched")),
        CoverMissing(INTENT, SYMBOL, side, False, "", t),
        ExitRefused(INTENT, SYMBOL, side, True, True, -4131, "PERCENT_PRICE", t),
        ExitRefused(INTENT, SYMBOL, side, True, False, 0, "", t),
        ExitRefused(INTENT, SYMBOL, side, False, True, -9999, "<b>odd & new", t),
        ExitRefused(INTENT, SYMBOL, side, False, True, 0, "", t),
        StopMoved(INTENT, SYMBOL, side, 1_970.0, 1_990.0, -0.3, t),
        PositionReduced(trade, Decimal("0.2"), Decimal("0.21"), t),
        *(PositionClosed(a_trade(reason=reason), reason, t) for reason in ExitReason),
        RegimeChanged(SYMBOL, Regime.BULL_TREND, Regime.BEAR_TREND, 2_005.0, 27.0, True, t),
        FeedWentAway("market", "1006", t),
        FeedCameBack("market", 12_000, 3, t),
        StoreWentAway("the store did not answer within 250 ms", t),
        StoreCameBack(12_000, t),
        *(ProcessTroubled(trouble, 5, 600_000, t) for trouble in Trouble),
        AuditSealed(1_200, "0f" * 32, t),
        ShadowCompared(a_comparison(), t),
        DecisionMissed(SYMBOL, 2, t, t),
        *(LatchSet(cause, 0.12, 0.10, t) for cause in LatchCause),
        LatchLifted("7", t),
        EntriesLocked(Code.LOSS_STREAK, 4.0, 4.0, t + 3_600_000, t),
        EntriesLocked(Code.DAILY_LOSS, 0.06, 0.05, 0, t),
        OutsideChange(SYMBOL, "position_opened", "0.5", t),
        OutsideChange(SYMBOL, "something_new", "<x>", t),
        OutsideChange("", "key_refused", "", t),
        *(OutsideQuestion(QUESTION, INTENT, SYMBOL, what, side, Decimal("0.5"), Decimal(2_000), t) for what in asked_of),
        PanicDone(1, Decimal("-3.2"), t),
        PanicDone(0, Decimal("1.5"), t, ("ETHUSDT",)),
        EngineHalted("an impossible state", t),
        DailyReport("2026-11-25", 3, 2, Decimal(10), Decimal(1), Decimal(0), Decimal(1_009), 24, ((Code.ADX_LOW, 7),), t),
    )
