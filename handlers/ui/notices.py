"""Every notice of the engine as an alert: one function per notice, all in one `match`.

Each alert says in its first line which environment it is about. The form of bad news: what happened, what it means
for the money, what the bot did, what can be done.
"""

from typing import assert_never

from engine.control import EngineControl
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
from engine.model.shadow import ShadowCompared
from handlers.ui import news, outside, process, shadows, trouble
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.language import Texts
from handlers.ui.reports import daily


def alert(texts: Texts, notice: Notice, engine: EngineControl, token: str) -> Alert:
    """A notice for one reader. `token` is the proposal's, issued for this reader; "" for every other notice."""
    match notice:
        case EntryProposed() | ProposalEnded() | SignalSeen():
            return _of_proposal(texts, notice, engine, token)
        case PositionOpened() | CoverVerified() | StopMoved() | PositionReduced() | PositionClosed():
            return _of_position(texts, notice, engine)
        case EntryFailed() | EntryUnknown() | EntryProvedAbsent() | CoverMissing() | ExitRefused():
            return _of_trouble(texts, notice)
        case OutsideChange():
            return outside.outside_change(texts, notice)
        case OutsideQuestion():
            return outside.question(texts, notice)
        case LatchSet() | LatchLifted() | EntriesLocked() | PanicDone() | EngineHalted():
            return _of_limits(texts, notice)
        case EngineReady():
            return news.engine_ready(texts, notice)
        case RegimeChanged():
            return news.regime_changed(texts, notice, engine.view())
        case FeedWentAway():
            return news.feed_went_away(texts, notice)
        case FeedCameBack():
            return news.feed_came_back(texts, notice)
        case StoreWentAway():
            return news.store_went_away(texts, notice)
        case StoreCameBack():
            return news.store_came_back(texts, notice)
        case ProcessTroubled() | AuditSealed():
            return process.of_process(texts, notice)
        case ShadowCompared():
            return shadows.weekly(texts, notice)
        case DecisionMissed():
            return news.decision_missed(texts, notice)
        case DailyReport():
            return Alert(daily(texts, notice), Loudness.REPORT)
    assert_never(notice)


def _of_proposal(texts: Texts, notice: EntryProposed | ProposalEnded | SignalSeen, engine: EngineControl, token: str) -> Alert:
    match notice:
        case EntryProposed():
            return news.entry_proposed(texts, notice, engine, token)
        case ProposalEnded():
            return news.proposal_ended(texts, notice, engine)
        case SignalSeen():
            return news.signal_seen(texts, notice)
    assert_never(notice)


def _of_position(
    texts: Texts,
    notice: PositionOpened | CoverVerified | StopMoved | PositionReduced | PositionClosed,
    engine: EngineControl,
) -> Alert:
    match notice:
        case PositionOpened():
            return news.position_opened(texts, notice, engine)
        case CoverVerified():
            return news.cover_verified(texts, notice, engine)
        case StopMoved():
            return news.stop_moved(texts, notice)
        case PositionReduced():
            return news.position_reduced(texts, notice)
        case PositionClosed():
            return news.position_closed(texts, notice)
    assert_never(notice)


def _of_trouble(texts: Texts, notice: EntryFailed | EntryUnknown | EntryProvedAbsent | CoverMissing | ExitRefused) -> Alert:
    match notice:
        case EntryFailed():
            return trouble.entry_failed(texts, notice)
        case EntryUnknown():
            return trouble.entry_unknown(texts, notice)
        case EntryProvedAbsent():
            return trouble.entry_proved_absent(texts, notice)
        case CoverMissing():
            return trouble.cover_missing(texts, notice)
        case ExitRefused():
            return trouble.exit_refused(texts, notice)
    assert_never(notice)


def _of_limits(texts: Texts, notice: LatchSet | LatchLifted | EntriesLocked | PanicDone | EngineHalted) -> Alert:
    match notice:
        case LatchSet():
            return trouble.latch_set(texts, notice)
        case LatchLifted():
            return trouble.latch_lifted(texts, notice)
        case EntriesLocked():
            return trouble.entries_locked(texts, notice)
        case PanicDone():
            return trouble.panic_done(texts, notice)
        case EngineHalted():
            return trouble.engine_halted(texts, notice)
    assert_never(notice)
