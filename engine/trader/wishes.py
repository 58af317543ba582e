"""What the owner asks for, granted or refused. Lowering risk is always granted; the second factor was checked before."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from engine.desk import care
from engine.desk.contract import set_up
from engine.desk.deciding import refused
from engine.desk.desk import Desk
from engine.execution.exits import moved_to_entry
from engine.model.commands import (
    AllowSides,
    AnswerOutside,
    ApproveEntry,
    ClosePosition,
    Command,
    DeclineEntry,
    LockSymbol,
    MoveStopToEntry,
    Panic,
    PauseTrading,
    ResetLatch,
    SetMode,
    StartTrading,
    StopHow,
    StopTrading,
    Tune,
    TuneAll,
)
from engine.model.messages import NOTHING, Outcome, Reply, ReplyCode, SyncAccount
from engine.model.notices import LatchCause
from engine.model.orders import ExitReason
from engine.model.proposals import ProposalEnd
from engine.model.saved import Override, SavedDesk
from engine.model.signals import Sides
from engine.model.view import Running
from engine.params import BY_NAME, BadParam, conflict, read, tuned
from engine.trader.answering import answered, over
from engine.trader.beginning import unlisted

if TYPE_CHECKING:
    from engine.trader.trader import Trader

SIDES_AT_START: Final = Sides.BOTH
DONE: Final = Outcome(reply=Reply(ReplyCode.DONE), changed=True)
ALREADY: Final = Outcome(reply=Reply(ReplyCode.ALREADY))
OVERRIDES_KEPT: Final = 500  # and one per name, however old


def granted(trader: Trader, wish: Command) -> Outcome:
    """Do what is asked, or say why not."""
    match wish:
        case StartTrading():
            return _run(trader)
        case PauseTrading():
            return _set_running(trader, Running.PAUSED, wish.asked.time_ms)
        case StopTrading():
            return _stopped(trader, wish)
        case AllowSides():
            return _allowed(trader, wish)
        case SetMode():
            return _mode_set(trader, wish)
        case Tune():
            return _tuned(trader, wish)
        case TuneAll():
            return _tuned_together(trader, wish)
        case ApproveEntry():
            return _approved(trader, wish)
        case DeclineEntry():
            return _declined(trader, wish)
        case ClosePosition():
            return _closed(trader, wish)
        case MoveStopToEntry():
            return _stop_to_entry(trader, wish)
        case AnswerOutside():
            return answered(trader, wish)
        case LockSymbol():
            return _locked(trader, wish)
        case Panic():
            return _panic(trader, wish)
        case ResetLatch():
            return _unlatched(trader, wish)


def _run(trader: Trader) -> Outcome:
    if trader.books.saved.running is Running.RUNNING and not trader.is_guarded:
        return ALREADY
    trader.is_guarded = False
    trader.books.saved = replace(trader.books.saved, running=Running.RUNNING)
    latched = trader.books.saved.latch is not None
    return Outcome(reply=Reply(ReplyCode.DONE, {"latched": int(latched)}), changed=True)


def _set_running(trader: Trader, running: Running, time_ms: int) -> Outcome:
    if trader.books.saved.running is running:
        return ALREADY
    trader.books.saved = replace(trader.books.saved, running=running)
    return _cards_ended(trader, time_ms) + DONE


def _cards_ended(trader: Trader, time_ms: int) -> Outcome:
    outcome = NOTHING
    for desk in trader.desks.values():
        outcome += desk.end_proposal(ProposalEnd.SUPERSEDED, "", time_ms)
    return outcome


def _stopped(trader: Trader, wish: StopTrading) -> Outcome:
    asked = wish.asked
    if wish.how is StopHow.KEEP:
        return _set_running(trader, Running.STOPPED, asked.time_ms)
    outcome = _cards_ended(trader, asked.time_ms)
    trader.books.saved = replace(trader.books.saved, running=Running.STOPPED)
    for desk in trader.desks.values():
        if desk.memory.entry is not None:
            desk.memory = replace(desk.memory, is_unwanted=True)
        if desk.memory.holding is not None and not care.is_left_alone(desk.memory):
            outcome += desk.leave(ExitReason.MANUAL, desk.memory.holding.quantity, asked.who, asked.seen_ms)
    return outcome + DONE


def _allowed(trader: Trader, wish: AllowSides) -> Outcome:
    chosen = [trader.desks[wish.symbol]] if wish.symbol in trader.desks else list(trader.desks.values())
    if wish.symbol and wish.symbol not in trader.desks:
        return refused(ReplyCode.UNKNOWN_SYMBOL, {"symbol": wish.symbol})
    for symbol in unlisted(trader.setup, trader.desks) if not wish.symbol else ():  # it holds for them when they are listed
        trader.memories[symbol] = replace(trader.memories.get(symbol) or SavedDesk(symbol, wish.sides), sides=wish.sides)
    if all(desk.memory.sides is wish.sides for desk in chosen):
        return ALREADY
    for desk in chosen:
        desk.memory = replace(desk.memory, sides=wish.sides)
    held = sum(desk.memory.holding is not None for desk in chosen)
    return Outcome(reply=Reply(ReplyCode.DONE, {"positions": held}), changed=True)


def _mode_set(trader: Trader, wish: SetMode) -> Outcome:
    if trader.books.saved.mode is wish.mode:
        return ALREADY
    trader.books.saved = replace(trader.books.saved, mode=wish.mode)
    return _cards_ended(trader, wish.asked.time_ms) + DONE


def _tuned(trader: Trader, wish: Tune) -> Outcome:
    outcome = _tuned_together(trader, TuneAll(((wish.name, wish.value),), wish.asked))
    if outcome.reply is None or outcome.reply.code is not ReplyCode.DONE:
        return outcome
    changed = trader.overrides[-1]
    return replace(outcome, reply=Reply(ReplyCode.DONE, {"before": changed.before, "after": changed.value}))


def _tuned_together(trader: Trader, wish: TuneAll) -> Outcome:
    """What contradicts each other half-way may agree in the end, so that only the end is looked at."""
    params, changed = trader.params, list[Override]()
    for name, value in wish.changes:
        tunable = BY_NAME.get(name)
        if tunable is None:
            return refused(ReplyCode.UNKNOWN_NAME, {"name": name})
        try:
            params = tuned(params, name, value)
        except BadParam:
            return refused(ReplyCode.OUT_OF_RANGE, {"name": name, "low": tunable.low, "high": tunable.high})
        before, after = read(trader.params, name), read(params, name)
        if before != after:
            changed.append(Override(name, after, before, wish.asked.who, wish.asked.time_ms))
    problem = conflict(params)
    if problem:
        return refused(ReplyCode.OUT_OF_RANGE, {"name": wish.changes[-1][0], "problem": problem})
    if not changed:
        return ALREADY
    trader.overrides = _kept((*trader.overrides, *changed))
    trader.retune(params)
    outcome = Outcome(reply=Reply(ReplyCode.DONE), changed=True)
    for desk in trader.desks.values():
        outcome += set_up(desk)
    return outcome + _cards_ended(trader, wish.asked.time_ms)  # they were drawn up under settings that hold no longer


def _kept(overrides: tuple[Override, ...]) -> tuple[Override, ...]:
    """The newest of them, and the newest of each name: that one is what holds after a restart."""
    newest = {override.name: number for number, override in enumerate(overrides)}
    cut = len(overrides) - OVERRIDES_KEPT
    return tuple(one for number, one in enumerate(overrides) if number >= cut or newest[one.name] == number)


def _desk_of_card(trader: Trader, intent: str) -> Desk | None:
    cards = ((desk, desk.memory.proposal) for desk in trader.desks.values())
    return next((desk for desk, card in cards if card is not None and card.intent_id == intent), None)


def _desk_of_position(trader: Trader, intent: str) -> Desk | None:
    held = ((desk, desk.memory.holding) for desk in trader.desks.values())
    return next(
        (desk for desk, holding in held if holding and holding.trade.intent_id == intent and not holding.flat_seen_ms), None
    )


def _approved(trader: Trader, wish: ApproveEntry) -> Outcome:
    desk = _desk_of_card(trader, wish.intent_id)
    if desk is None:
        return over(trader, ReplyCode.NO_SUCH_PROPOSAL, wish.intent_id)
    asked = wish.asked
    return desk.approved(wish.fraction, trader.account_now(desk), asked.time_ms, asked.seen_ms, asked.who)


def _declined(trader: Trader, wish: DeclineEntry) -> Outcome:
    desk = _desk_of_card(trader, wish.intent_id)
    if desk is None:
        return over(trader, ReplyCode.NO_SUCH_PROPOSAL, wish.intent_id)
    return desk.end_proposal(ProposalEnd.DECLINED, wish.asked.who, wish.asked.time_ms) + DONE


def _closed(trader: Trader, wish: ClosePosition) -> Outcome:
    desk = _desk_of_position(trader, wish.intent_id)
    if desk is None or desk.memory.holding is None:
        return refused(ReplyCode.NO_SUCH_POSITION)
    held = desk.memory.holding.quantity
    quantity = held if wish.fraction >= 1 else held * Decimal(repr(wish.fraction))
    if quantity < held:  # the whole is closed until flat, also where a coarser step divides it no longer
        quantity -= quantity % desk.terms.rules.step_size
    if quantity <= 0:
        return refused(ReplyCode.TOO_SMALL, {"needed": float(desk.terms.rules.step_size)})
    step = desk.leave(ExitReason.MANUAL, quantity, wish.asked.who, wish.asked.seen_ms)
    return step + (Outcome(reply=Reply(ReplyCode.SENT)) if step.orders else ALREADY)


def _stop_to_entry(trader: Trader, wish: MoveStopToEntry) -> Outcome:
    desk = _desk_of_position(trader, wish.intent_id)
    if desk is None or desk.memory.holding is None:
        return refused(ReplyCode.NO_SUCH_POSITION)
    if care.is_left_alone(desk.memory):
        return refused(ReplyCode.NOT_OURS)
    holding = desk.memory.holding
    plan = moved_to_entry(holding.plan, desk.terms.lot)
    price = desk.sight.middle(plan.entry)
    if plan == holding.plan or plan.side * (price - plan.stop) <= 0:
        return refused(ReplyCode.WOULD_LOOSEN, {"stop": holding.plan.stop, "entry": plan.entry, "price": price})
    desk.memory = replace(desk.memory, holding=replace(holding, plan=plan))
    return Outcome(reply=Reply(ReplyCode.SENT), changed=True)


def _locked(trader: Trader, wish: LockSymbol) -> Outcome:
    desk = trader.desks.get(wish.symbol)
    if desk is None:
        return refused(ReplyCode.UNKNOWN_SYMBOL, {"symbol": wish.symbol})
    desk.memory = replace(desk.memory, locked_until_ms=wish.until_ms)
    return DONE


def _panic(trader: Trader, wish: Panic) -> Outcome:
    """Block, then flatten; verified, swept and reported by what follows every event. A second panic changes nothing."""
    if trader.books.saved.is_panicking:
        return ALREADY
    asked = wish.asked
    outcome = _cards_ended(trader, asked.time_ms)
    outcome += trader.books.latched(LatchCause.PANIC, 0.0, 0.0, asked.time_ms)
    trader.books.begin_panic(asked.seen_ms)
    trader.books.panic_from_ms = asked.seen_ms
    return outcome + Outcome(errands=(SyncAccount(),), reply=Reply(ReplyCode.SENT), changed=True)


def _unlatched(trader: Trader, wish: ResetLatch) -> Outcome:
    latch = trader.books.saved.latch
    if latch is None:
        return ALREADY
    if latch.set_ms != wish.set_ms:  # what the owner was asked about is not what holds now
        return refused(ReplyCode.NO_SUCH_QUESTION)
    if trader.books.saved.is_panicking:
        return refused(ReplyCode.NOT_READY)
    return trader.books.unlatched(trader.desks.values(), wish.asked.who, wish.asked.time_ms) + DONE
