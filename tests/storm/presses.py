"""Buttons pressed 2 to 20 times at once by owners and strangers, in time and too late: a confirm acts once, a stale one never.

`presses(count, first_seed)` is what `python -m tests.storm --presses N` calls (I6, I7).
"""

import asyncio
import logging
import multiprocessing
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from engine.model.commands import DecisionMode, SetMode
from engine.model.messages import ReplyCode
from engine.model.orders import Role
from handlers.consent import WAIT_S
from handlers.ui.callbacks import Agree, Card, Choice, ChooseMode, Hold, OnPosition
from tests.engine.trader.world import SYMBOL
from tests.storm.fuzz_mutations import shrunk
from tests.storm.fuzz_updates import Watch
from tests.storm.presses_room import ADMINS, STRANGERS, PressRoom

type Presses = list[tuple[int, str]]

PROPOSAL_S: Final = 600
MOST_WORKERS: Final = 2
SMALL: Final = 100  # so few are not worth other processes
SHOWN: Final = 5


class Case(NamedTuple):
    """What is pressed, and how many effects it must have."""

    presses: Presses
    wanted: int


class Outcome(NamedTuple):
    """How a case ended: which kind it was, what was pressed, what was wrong with it."""

    kind: str
    presses: Presses
    fault: str


# --- cards ------------------------------------------------------------------------------------------------------------


async def card_in_time(room: PressRoom) -> Case:
    """An open card, pressed by those whom it was drawn for, by others, and by strangers."""
    card = await room.card()
    tokens = {admin: await room.token(card, admin) for admin in _some_admins(room)}
    return Case(_drawn(room, tokens), 1)


async def card_expired(room: PressRoom) -> Case:
    """The card's time is over."""
    case = await card_in_time(room)
    room.house.clock.now += PROPOSAL_S * 1_000
    return case._replace(wanted=0)


async def card_restarted(room: PressRoom) -> Case:
    """The process that drew it is gone."""
    case = await card_in_time(room)
    await room.restart()
    return case._replace(wanted=0)


async def card_superseded(room: PressRoom) -> Case:
    """Another bar closed, and there may be another card."""
    case = await card_in_time(room)
    await room.close_bar()
    return case._replace(wanted=0)


async def card_of_other_mode(room: PressRoom) -> Case:
    """Who decides was changed meanwhile."""
    case = await card_in_time(room)
    await room.control.ask(SetMode(room.chance.choice((DecisionMode.SIGNALS, DecisionMode.AUTO)), room.control.asked("7")))
    room.control.granted.clear()
    return case._replace(wanted=0)


async def card_of_other_money(room: PressRoom) -> Case:
    """The process trades other money now."""
    case = await card_in_time(room)
    room.namespace = "testnet"
    await room.restart()
    return case._replace(wanted=0)


async def card_taken(room: PressRoom) -> Case:
    """A position came of it already: another owner's buttons on the same card, and the spent ones again."""
    card = await room.card()
    tokens = {admin: await room.token(card, admin) for admin in ADMINS}
    await room.press_all([(ADMINS[0], Card(token=tokens[ADMINS[0]], choice=Choice.ENTER).pack())])
    assert room.control.granted[-1][1].code is ReplyCode.SENT
    room.control.granted.clear()
    return Case(_drawn(room, tokens), 0)


# --- positions and consent --------------------------------------------------------------------------------------------


async def close_pressed(room: PressRoom) -> Case:
    """A position's Close, or Half, on several phones."""
    intent, act = await room.position(), room.chance.choice((OnPosition.CLOSE, OnPosition.HALF))
    data = Hold(act=act, intent_id=intent, stamp=room.house.clock.now).pack()
    return Case(_by_all(room, data), 1)


async def close_of_old_position(room: PressRoom) -> Case:
    """A button of a position before this one."""
    await room.position()
    data = Hold(act=OnPosition.CLOSE, intent_id="a" * 16, stamp=room.house.clock.now).pack()
    return Case(_by_all(room, data), 0)


async def agreed(room: PressRoom) -> Case:
    """The second tap of what raises risk, by whoever asked for it and by others."""
    asker = room.chance.choice(ADMINS)
    await room.press_all([(asker, ChooseMode(mode=DecisionMode.AUTO).pack())])
    data = _newest_button(room, Agree.__prefix__)
    rest = _by_all(room, data)
    return Case([(asker, data), *rest], 1)


async def agreed_too_late(room: PressRoom) -> Case:
    """The same when its two minutes are over."""
    case = await agreed(room)
    room.house.clock.now += WAIT_S * 1_000
    return case._replace(wanted=0)


async def agreed_by_others(room: PressRoom) -> Case:
    """Only by those who did not ask."""
    case = await agreed(room)
    asker = case.presses[0][0]
    return Case([press for press in case.presses if press[0] != asker] or [(STRANGERS[0], case.presses[0][1])], 0)


KINDS: Final[tuple[Callable[[PressRoom], Awaitable[Case]], ...]] = (
    card_in_time,
    card_in_time,
    card_expired,
    card_restarted,
    card_superseded,
    card_of_other_mode,
    card_of_other_money,
    card_taken,
    close_pressed,
    close_of_old_position,
    agreed,
    agreed_too_late,
    agreed_by_others,
)


def _some_admins(room: PressRoom) -> list[int]:
    return room.chance.sample(ADMINS, room.chance.randint(1, len(ADMINS)))


def _drawn(room: PressRoom, tokens: dict[int, str]) -> Presses:
    """Taps on a card; the first one is by whom it was drawn for."""
    chance, first = room.chance, next(iter(tokens))
    choice = chance.choice((*Choice, None))  # one choice by all, or each as they like

    def data(token: str) -> str:
        return Card(token=token, choice=choice or chance.choice(list(Choice))).pack()

    some = [(first, data(tokens[first]))]
    people = (*tokens, *tokens, *STRANGERS)
    for _ in range(chance.randint(1, 19)):
        who = chance.choice(people)
        token = tokens.get(who, tokens[first]) if chance.random() < 0.8 else chance.choice(list(tokens.values()))
        some.append((who, data(token)))
    return some


def _by_all(room: PressRoom, data: str) -> Presses:
    people = _some_admins(room)
    return [(people[0], data), *((room.chance.choice((*people, *STRANGERS)), data) for _ in range(room.chance.randint(1, 19)))]


def _newest_button(room: PressRoom, prefix: str) -> str:
    keyboards = [getattr(getattr(one, "reply_markup", None), "inline_keyboard", []) for one in room.recorder.requests]
    found = [button.callback_data for rows in keyboards for row in rows for button in row]
    return str([data for data in found if data and data.startswith(f"{prefix}:")][-1])


# --- running them -----------------------------------------------------------------------------------------------------


async def pressed(seed: int, only: Sequence[int] | None = None, extra: Sequence[tuple[int, str]] = ()) -> Outcome:
    """One case from its seed; `only` presses some of what it would press (tokens are other ones each time), by number."""
    room, log, watch = PressRoom(seed), logging.getLogger("handlers.trouble"), Watch()
    kept = log.level, log.propagate
    log.addHandler(watch)
    log.setLevel(logging.ERROR)
    log.propagate = False
    kind = KINDS[seed % len(KINDS)]
    try:
        await room.start()
        case = await kind(room)
        presses = [*(case.presses if only is None else (case.presses[number] for number in only)), *extra]
        sent, exits = len(room.house.broker.sent), _exits(room)
        asked = len(room.recorder.requests)
        await room.press_all(presses)
        return Outcome(kind.__name__, presses, _fault(room, case.wanted, sent, exits, watch, asked))
    finally:
        log.removeHandler(watch)
        log.setLevel(kept[0])
        log.propagate = kept[1]
        await room.end()


def _exits(room: PressRoom) -> int:
    return sum(order.role is Role.EXIT for order in room.house.broker.placed)


def _fault(room: PressRoom, wanted: int, sent: int, exits: int, watch: Watch, asked: int) -> str:
    """What is wrong with the effects, or ""."""
    effects = room.effects()
    orders = len(room.house.broker.sent) - sent + _exits(room) - exits
    spoken = [getattr(one, "chat_id", 0) for one in room.recorder.requests[asked:]]
    if watch.faults:
        return watch.faults[0]
    if len(effects) != wanted:
        return f"{len(effects)} effects instead of {wanted}: {effects}"
    if orders > wanted:
        return f"{orders} orders instead of at most {wanted}"
    if set(spoken) & set(STRANGERS):
        return "a stranger was answered"
    return "" if room.control.view().desks.get(SYMBOL) is not None else "the desk is gone"


def one_case(seed: int) -> Outcome:
    """One case; a fault is told with its seed and with as few presses as bring it back."""
    kind, done, fault = asyncio.run(pressed(seed))
    if not fault:
        return Outcome(kind, done, "")
    numbers = shrunk([*range(len(done))], lambda some: bool(asyncio.run(pressed(seed, some)).fault), 60)
    fewer = [done[number] for number in numbers]
    return Outcome(kind, fewer, f"seed {seed}, {kind}: {fault}\n  its fewest presses, numbers {numbers}: {fewer}")


def presses(count: int, first_seed: int) -> int:
    """Try so many cases. Exit code 1 where anything was wrong."""
    began, seeds = time.monotonic(), range(first_seed, first_seed + count)
    if count <= SMALL:
        outcomes = [one_case(seed) for seed in seeds]
    else:
        with multiprocessing.get_context("spawn").Pool(MOST_WORKERS) as pool:
            outcomes = pool.map(one_case, seeds, chunksize=20)
    faults = [outcome.fault for outcome in outcomes if outcome.fault]
    for fault in faults[:SHOWN]:
        print(fault, flush=True)
    taps = sum(len(outcome.presses) for outcome in outcomes)
    kinds = sorted(Counter(outcome.kind for outcome in outcomes).items())
    words = ", ".join(f"{number:,} {name}" for name, number in kinds)
    took_s = time.monotonic() - began
    print(
        f"presses: {count:,} from seed {first_seed} in {took_s:.0f} s, {taps:,} taps: {words}; faults: {len(faults)}",
        flush=True,
    )
    return int(bool(faults))
