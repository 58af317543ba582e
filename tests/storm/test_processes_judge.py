"""The judge of the storm of processes catches what it is there for, and excuses only what is promised."""

from collections.abc import Sequence

import pytest

from engine.execution.ids import client_id, intent_id
from engine.model.orders import Role
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.rest_algo import new_algo
from sandbox.exchange.rest_orders import new_order
from sandbox.market import Market
from tests.sandbox.exchange.builders import a_desk, a_market, params
from tests.storm.processes_draws import Blow, Meanwhile, Moment, Point
from tests.storm.processes_judge import Trouble, doubled, entries_after, grown, naked_too_long, orphans, troubles_of
from tests.storm.processes_watch import Hit, Stretch, TimedCover

NAMESPACE = "testnet-storm1"
SYMBOL = "ETHUSDT"


def an_entry_of(market: Market, bar: int = 0, side: int = 1) -> str:
    close_ms = market.start_ms + bar * market.interval_ms
    return client_id(Role.ENTRY, intent_id(NAMESPACE, SYMBOL, f"bar:{close_ms}:{side}"), 0)


def buy(desk: Desk, name: str, *, side: str = "BUY", quantity: str = "0.1") -> None:
    new_order(desk, params(symbol=SYMBOL, side=side, type="MARKET", quantity=quantity, newClientOrderId=name))


def stop(desk: Desk, name: str) -> None:
    wish = params(
        algoType="CONDITIONAL",
        symbol=SYMBOL,
        side="SELL",
        type="STOP_MARKET",
        quantity="0.1",
        triggerPrice="1000",
        reduceOnly="true",
        clientAlgoId=name,
    )
    new_algo(desk, wish)


def a_kill(at_s: float) -> Hit:
    """A kill -9 at a moment."""
    blow = Blow(1, Point.RANDOM, Moment.BEFORE, 0.0, 0.5, 0.0, Meanwhile.NOTHING, None, store_dies=False)
    return Hit(blow, at_s, 1, (SYMBOL,), (), at_point=True)


def judged(stretch: Stretch, troubles: Sequence[Trouble] = ()) -> list[str]:
    return naked_too_long([stretch], troubles, now_s=1_000.0)


def test_two_seconds_without_cover_are_allowed_while_all_runs_and_no_longer() -> None:
    assert not judged(Stretch(SYMBOL, 100.0, "entry", 101.9))
    assert judged(Stretch(SYMBOL, 100.0, "entry", 102.1))
    assert judged(Stretch(SYMBOL, 100.0, "entry", None))


def test_a_kill_allows_five_seconds_from_the_kill() -> None:
    kill = Trouble(101.0, 101.0, 5.0)

    assert not judged(Stretch(SYMBOL, 100.0, "entry", 105.9), [kill])
    assert judged(Stretch(SYMBOL, 100.0, "entry", 106.1), [kill])


def test_a_start_that_cannot_reach_the_venue_has_five_seconds_from_when_it_can() -> None:
    (fault, kill) = troubles_of([a_kill(101.0)], [(100.0, 104.5)])

    assert (kill.began_s, kill.ended_s, kill.grace_s) == (101.0, 104.5, 5.0)
    assert fault.grace_s == 2.0
    assert troubles_of([a_kill(106.0)], [(100.0, 104.5)])[1].ended_s == 106.0


def test_a_pause_allows_two_seconds_after_its_end() -> None:
    pause = Trouble(100.5, 140.0, 2.0)

    assert not judged(Stretch(SYMBOL, 100.0, "entry", 141.9), [pause])
    assert judged(Stretch(SYMBOL, 100.0, "entry", 142.1), [pause])


def test_what_comes_after_the_time_is_over_excuses_nothing() -> None:
    assert judged(Stretch(SYMBOL, 100.0, "entry", 104.0), [Trouble(103.0, 103.0, 5.0)])


def test_an_entry_that_was_sent_twice_is_a_double() -> None:
    market = a_market()
    desk = a_desk(market)
    name = an_entry_of(market)
    buy(desk, name)
    assert not doubled(desk.exchange, market, NAMESPACE)

    buy(desk, name)

    assert any("2 entries" in one for one in doubled(desk.exchange, market, NAMESPACE))


def test_two_sides_of_one_bar_are_a_double() -> None:
    market = a_market()
    desk = a_desk(market)
    buy(desk, an_entry_of(market, side=1))
    buy(desk, an_entry_of(market, side=-1), side="SELL")

    assert any("entries of bar" in one for one in doubled(desk.exchange, market, NAMESPACE))


def test_an_entry_without_a_bar_is_unexplained_and_one_of_an_old_bar_is_late() -> None:
    market = a_market(bars=60)
    desk = a_desk(market)
    buy(desk, client_id(Role.ENTRY, "a" * 16, 0))
    desk.exchange.clock.move_to(market.start_ms + 30 * market.interval_ms)
    buy(desk, an_entry_of(market, bar=0))

    found = doubled(desk.exchange, market, NAMESPACE)

    assert [one.split(":")[0] for one in found] == ["unexplained", "late"]


def test_an_exit_that_opens_a_position_is_seen() -> None:
    desk = a_desk()

    buy(desk, client_id(Role.EXIT, "a" * 16, 0))

    assert any("an exit grew" in one for one in grown(desk.exchange))


def test_a_stop_of_ours_on_a_flat_symbol_is_an_orphan_and_one_of_others_is_not() -> None:
    desk = a_desk()
    buy(desk, "by-hand")
    stop(desk, client_id(Role.TIGHT_STOP, "a" * 16, 1))
    stop(desk, "somebody-elses")
    assert not orphans(desk.exchange)

    buy(desk, "by-hand-too", side="SELL")

    assert [one.split()[1] for one in orphans(desk.exchange)] == [client_id(Role.TIGHT_STOP, "a" * 16, 1)]


@pytest.mark.parametrize(("ahead_ms", "count"), [(-1, 1), (60_000, 0)])
def test_an_entry_after_the_latch_is_seen(ahead_ms: int, count: int) -> None:
    market = a_market()
    desk = a_desk(market)
    now_ms = desk.exchange.wire.now_ms()
    buy(desk, an_entry_of(market))

    assert len(entries_after(desk.exchange, now_ms + ahead_ms)) == count


def test_the_cover_watch_knows_which_fill_left_a_position_bare() -> None:
    market = a_market()
    desk = a_desk(market)
    desk.exchange.cover = cover = TimedCover(desk.exchange)

    buy(desk, an_entry_of(market))
    assert [one.cause for one in cover.open.values()] == ["entry"]
    stop(desk, client_id(Role.TIGHT_STOP, "a" * 16, 1))

    assert not cover.open
    assert cover.stretches[0].ended_s is not None
