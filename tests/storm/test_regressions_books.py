"""Weather that once left the books, a silence or a stop wrong, made by hand so that it stays what it was."""

import random
from dataclasses import replace

from engine.model.commands import Tune
from tests.storm.catalogue import FAULTS
from tests.storm.weather import Act, Ask, Blow, Fault, Treatment
from tests.storm.world import World

MUTE = replace(FAULTS["C3"], odds=1.0)


def acts(fault: str, act: Act) -> Fault:
    """A fault of the catalogue that does something else."""
    return replace(FAULTS[fault], act=act)


def test_a_silence_that_was_asked_for_before_the_clock_was_measured_ends_when_it_was_to_end() -> None:
    """The machine's clock was an hour ahead, and the silence lasted an hour."""

    def killed_and_set(world: World, _: random.Random) -> bool:
        world.loop.set_wrong_by_s = 3_600.0
        world.machine.kill("killed, and the clock was set")
        return True

    def too_many(_: World, ask: Ask, __: random.Random) -> Treatment | None:
        body = b'{"code":-1003,"msg":"Too many requests."}'
        is_early = ask.path == "/fapi/v1/leverageBracket"
        return Treatment(forged=(429, body), headers={"Retry-After": "2"}) if is_early else None

    refused = replace(FAULTS["A7"], odds=1.0, on_request=too_many)
    world = World(4, lambda _: [Blow(acts("F5", killed_and_set), 20.0, 20.1), Blow(refused, 20.0, 22.5)], storm_s=30.0)

    assert not world.run().violations


def test_a_position_that_was_turned_twice_while_the_stream_was_mute_is_in_the_books_as_it_was_traded() -> None:
    turned = FAULTS["B6"]
    world = World(4, lambda _: [Blow(MUTE, 20.0, 45.0), Blow(turned, 31.1, 31.2), Blow(turned, 31.4, 31.5)], storm_s=46.0)

    ended = world.run()

    assert ended.hits["B6"] == 2
    assert not ended.violations


def test_stops_that_rest_on_a_flat_symbol_go_although_nobody_answers_for_their_cancels_at_first() -> None:
    """After a start without a memory nothing else remembers them."""

    def wiped_and_closed(world: World, _: random.Random) -> bool:
        world.machine.kill("killed while the store was wiped")
        world.disk.cut(len(world.disk.writes))
        held = [symbol for symbol in world.venue.market.symbols if world.venue.lots(symbol)]
        for symbol in held:
            lots = world.venue.lots(symbol)
            world.by_hand(symbol, -1 if lots > 0 else 1, abs(lots))
        return bool(held)

    def uncancelled(_: World, ask: Ask, __: random.Random) -> Treatment | None:
        return Treatment(forged=(503, b"Service Unavailable.")) if ask.method == "DELETE" else None

    refused = replace(FAULTS["A4"], odds=1.0, on_request=uncancelled)
    world = World(4, lambda _: [Blow(acts("D7", wiped_and_closed), 20.0, 20.1), Blow(refused, 20.0, 30.0)], storm_s=46.0)

    ended = world.run()

    assert ended.hits["D7"] == 1
    assert ended.hits["A4"]
    assert not ended.violations


def test_an_entry_whose_stop_is_tuned_while_it_is_on_its_way_risks_what_it_was_sized_for() -> None:
    class Tuned(World):
        """Its owner asks for stops far away when the first entry leaves."""

        is_tuned = False

        def sent(self, name: str) -> None:
            super().sent(name)
            if not self.is_tuned:
                self.is_tuned = True
                self.wish(Tune, name="stop_atr_multiplier", value=2.5)

    late = replace(FAULTS["A6b"], odds=1.0, on_request=lambda _, ask, __: Treatment(delay_s=0.5) if ask.is_entry else None)
    world = Tuned(4, lambda _: [Blow(late, 5.0, 25.0)], storm_s=30.0)

    ended = world.run()

    assert world.is_tuned
    assert ended.fills
    assert not ended.violations
