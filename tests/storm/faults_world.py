"""Faults that somebody or something does at a moment: 2B, connections of 2C, the store of 2D, the process of 2F."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.model.commands import (
    ClosePosition,
    MoveStopToEntry,
    Panic,
    PauseTrading,
    ResetLatch,
    StartTrading,
    StopHow,
    StopTrading,
    Tune,
)
from tests.storm.exchange import StormExchange
from tests.storm.market import SYMBOLS
from tests.storm.weather import Act, Fault, StoreFate

if TYPE_CHECKING:
    from tests.storm.world import World


def _held(world: "World", chance: random.Random) -> str:
    held = [symbol for symbol in SYMBOLS if world.venue.lots(symbol)]
    return chance.choice(held) if held else ""


# --- 2B: what others do -----------------------------------------------------------------------------------------------


def _by_hand(factor: float) -> Act:
    """The owner trades `factor` times the position at the exchange: +0.5 adds, -0.5 reduces, -1 closes, -2 turns it."""

    def act(world: "World", chance: random.Random) -> bool:
        symbol = _held(world, chance)
        if not symbol:
            return False
        lots = world.venue.lots(symbol)
        amount = int(abs(lots) * abs(factor))
        side = (1 if lots > 0 else -1) * (1 if factor > 0 else -1)
        if amount:
            world.by_hand(symbol, side, amount)
        return amount > 0

    return act


def _stop_cancelled(world: "World", chance: random.Random) -> bool:
    symbol = _held(world, chance)
    is_done = bool(symbol) and world.venue.cancel_stop(symbol, chance.choice(("ab", "abT", "abC")))
    if is_done:
        world.stop_moves.lost(symbol)
    return is_done


def _foreign_stop(world: "World", chance: random.Random) -> bool:
    world.foreign(chance.choice(SYMBOLS))
    return True


def _forced(close: Callable[[StormExchange, str], None]) -> Act:
    """The exchange closes a position by force."""

    def act(world: "World", chance: random.Random) -> bool:
        symbol = _held(world, chance)
        if symbol:
            world.forced(symbol)
            close(world.venue, symbol)
        return bool(symbol)

    return act


def half_liquidated(venue: StormExchange, symbol: str) -> None:
    """A part goes first, and tells whoever is away of it only by its execution."""
    venue.liquidate(symbol, abs(venue.lots(symbol)) // 2)


def _refused_at_trigger(world: "World", chance: random.Random) -> bool:
    symbol = _held(world, chance)
    if not symbol or not world.venue.refuse_at_trigger(symbol):
        return False
    world.stop_moves.lost(symbol)
    return True


def _thin(world: "World", chance: random.Random) -> bool:
    world.venue.exchange.thin_fills += chance.randint(1, 3)
    return True


def _wick(world: "World", chance: random.Random) -> bool:
    world.venue.jump(chance.choice(SYMBOLS), chance.choice((-0.02, -0.008, 0.008, 0.02)))
    return True


def _leverage_changed(world: "World", chance: random.Random) -> bool:
    symbol = chance.choice(SYMBOLS)
    if world.venue.lots(symbol):
        return False
    world.leverage_by_hand(symbol, chance.choice((3, 10, 20)))
    return True


def _hedged(world: "World", chance: random.Random) -> bool:
    """Somebody switches to hedge mode, for a while; the exchange allows it only where nothing is open."""
    exchange = world.venue.exchange
    if exchange.orders.all_open() or exchange.algos.all_open() or any(world.venue.lots(symbol) for symbol in SYMBOLS):
        return False
    exchange.account.dual_side = True
    world.later(chance.uniform(2.0, 20.0), setattr, exchange.account, "dual_side", False)
    return True


def _tick_changed(world: "World", chance: random.Random) -> bool:
    world.venue.coarsen(chance.choice(SYMBOLS), chance.choice((2, 5)))
    return True


# --- 2C: connections --------------------------------------------------------------------------------------------------


def _cut(world: "World", chance: random.Random) -> bool:
    sockets = [socket for socket in world.machine.sockets if not socket.is_over]
    for socket in chance.sample(sockets, min(len(sockets), chance.randint(1, 3))):
        socket.cut()
    return bool(sockets)


def _key_expired(world: "World", _: random.Random) -> bool:
    ended = world.venue.hub.keys.end()
    if ended:
        world.venue.hub.end_key(ended)
    return bool(ended)


# --- 2D: the store ----------------------------------------------------------------------------------------------------


def _store_down(_: "World", __: random.Random) -> StoreFate:
    return StoreFate(0.001, is_done=False)


def _store_slow(_: "World", chance: random.Random) -> StoreFate:
    return StoreFate(chance.choice((0.05, 0.14, 0.2, 0.24)))


def _store_hangs(_: "World", chance: random.Random) -> StoreFate:
    return StoreFate(2.0, is_done=chance.random() < 0.5)


def _store_away_at_start(world: "World", _: random.Random) -> StoreFate | None:
    runner = world.machine.runner
    is_starting = runner is None or runner.phase in ("starting", "recovering") or runner.is_apart
    return StoreFate(0.001, is_done=False) if is_starting else None


def _tail_cut(world: "World", chance: random.Random) -> bool:
    """The machine loses power: the process, and the newest writes of the store."""
    world.machine.kill("power cut")
    world.disk.cut(chance.randint(1, 4))
    return True


def _wiped(world: "World", chance: random.Random) -> bool:
    world.machine.kill("killed while the store was wiped")
    world.disk.cut(len(world.disk.writes))
    return True


# --- 2E, 2F: the owner and the process --------------------------------------------------------------------------------


def _killed(world: "World", chance: random.Random) -> bool:
    world.kill_soon(chance.randint(0, 25))
    return True


def _terminated(world: "World", _: random.Random) -> bool:
    world.terminate()
    return True


def _paused(world: "World", chance: random.Random) -> bool:
    world.pause(chance.choice((0.5, 2.0, 4.0, 12.0, 40.0)))
    return True


def _clock_jumps(world: "World", chance: random.Random) -> bool:
    world.loop.set_wrong_by_s = chance.choice((-3_600.0, -4.0, 0.0, 4.0, 3_600.0))
    return True


def _wish(world: "World", chance: random.Random) -> bool:
    view = world.view()
    if view is None:
        return False
    held = [desk.position for desk in view.desks.values() if desk.position is not None]
    match chance.randrange(7):
        case 0 | 1 if held:
            world.wish(ClosePosition, intent_id=held[0].trade.intent_id, fraction=chance.choice((0.5, 1.0)))
        case 2 if held:
            world.wish(MoveStopToEntry, intent_id=held[0].trade.intent_id)
        case 3 if chance.random() < 0.4:
            world.wish(Panic)
            if chance.random() < 0.5:
                world.wish(Panic)
        case 4:
            world.wish(
                Tune, name="stop_atr_multiplier" if chance.random() < 0.5 else "ema_long", value=chance.choice((1.5, 2.5, 12.0))
            )
        case 5 if chance.random() < 0.4:
            world.wish(StopTrading, how=chance.choice(tuple(StopHow)))
        case 6 if chance.random() < 0.4:
            world.wish(PauseTrading)
        case _:
            world.wish(ResetLatch)
            world.wish(StartTrading)
    return True


def _kill_and_change(world: "World", chance: random.Random) -> bool:
    """The process dies, and before it is back somebody changes the position or a stop."""
    world.machine.kill("killed, and the world went on")
    return chance.choice((_stop_cancelled, _by_hand(-0.5), _by_hand(-1), _wick))(world, chance)


WORLD: Final = [
    Fault("B1", "liquidation", act=_forced(StormExchange.liquidate), excuse_s=2.0),
    Fault("B1b", "liquidation in part", act=_forced(half_liquidated), excuse_s=2.0),
    Fault("B2", "auto-deleveraging", act=_forced(StormExchange.deleverage), excuse_s=2.0),
    Fault("B4", "closed by hand", act=_by_hand(-1), excuse_s=2.5),
    Fault("B4b", "reduced by hand", act=_by_hand(-0.5), excuse_s=2.5),
    Fault("B5", "added by hand", act=_by_hand(0.5), excuse_s=2.5),
    Fault("B6", "turned by hand", act=_by_hand(-2), excuse_s=2.5),
    Fault("B7", "a stop of ours cancelled by hand", act=_stop_cancelled, excuse_s=2.5),
    Fault("B8", "a stop that is not ours", act=_foreign_stop, is_dry=True),
    Fault("B9", "a stop is refused at its trigger", act=_refused_at_trigger, excuse_s=2.5),
    Fault("B10", "a thin book: market orders end half filled", act=_thin, excuse_s=2.0),
    Fault("B15", "the tick size changes", act=_tick_changed, is_dry=True),
    Fault("B16", "leverage changed elsewhere", act=_leverage_changed, is_dry=True),
    Fault("A27", "hedge mode is switched on for a while", act=_hedged, is_dry=True),
    Fault("B20", "a wick", act=_wick, is_dry=True),
    Fault("C1", "connections are cut", act=_cut, excuse_s=3.0),
    Fault("C4", "no connection to a stream", act=_cut, length_s=(4.0, 20.0), excuse_s=3.0),
    Fault("C11", "the listen key expires", act=_key_expired, excuse_s=5.0),
    Fault("D1", "the store is away at a start", on_store=_store_away_at_start, odds=1.0, length_s=(8.0, 25.0), is_dry=True),
    Fault("D2", "the store is down", on_store=_store_down, odds=1.0, length_s=(2.0, 18.0), is_dry=True),
    Fault("D3", "the store is slow", on_store=_store_slow, odds=0.5, is_dry=True),
    Fault("D12", "the store hangs, with or without effect", on_store=_store_hangs, odds=0.3, length_s=(2.0, 15.0), is_dry=True),
    Fault("D6", "a power cut takes the newest writes", act=_tail_cut, excuse_s=0.0),
    Fault("D7", "the store is wiped", act=_wiped, excuse_s=0.0),
    Fault("F1", "kill -9 at one of the next points", act=_killed, excuse_s=0.0),
    Fault("F1b", "kill -9, and the world goes on", act=_kill_and_change, excuse_s=0.0),
    Fault("F2", "SIGTERM", act=_terminated, excuse_s=0.0),
    Fault("F4", "the process stands still", act=_paused, excuse_s=0.0),
    Fault("F5", "the machine's clock jumps", act=_clock_jumps, is_dry=True),
    Fault("G5", "the owner wishes something", act=_wish, is_dry=True),
    Fault("G5b", "the owner wishes something else", act=_wish, is_dry=True),
]
