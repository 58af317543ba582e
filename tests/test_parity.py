"""Every craft function runs interpreted and compiled, and both give the same to the bit: one definition, two speeds.

Compiled as history compiles it: with its registration, its flags, its inlining. Walks, recorded bars and random settings
go through both. A function that no comparison reaches fails the last test.
"""

import inspect
import random
import struct
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import IntEnum
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

import numpy as np
import pytest
from numba.extending import register_jitable

from engine.backtest import compiled as registration
from engine.backtest.compiled import compiled
from engine.desk import ruling
from engine.execution import exits, fills
from engine.features import pipeline, regime
from engine.market import bars, feed_health
from engine.model.market import Bar, LotRules, PriceWindow
from engine.model.orders import ExitPlan
from engine.model.signals import Features, Regime, RegimeState
from engine.params import TradingParams
from engine.risk import position_size
from engine.state import latch, streak
from tests import builders
from tests.chances import random_params, random_situation

LIVE_TOO: Final = (bars, feed_health)  # numbers only as well, but history has no use for them
CRAFTS: Final = (*registration.CRAFTS, latch, *LIVE_TOO)
LIVE_ONLY: Final = {"ruling", "strictest", "set_by", "is_of_panic"}  # of records with names; never asked of history
ENTRANCES: Final = (
    pipeline.start,
    pipeline.step,
    regime.classify,
    regime.advance,
    ruling.judge,
    ruling.is_entry,
    position_size.bracket_for,
    position_size.liquidation_price,
    exits.first_plan,
    exits.touched,
    exits.trailed,
    exits.overdue,
    exits.opposed,
    exits.locked_in_r,
    exits.moved_to_entry,
    bars.sound,
    bars.place,
    feed_health.frame_age_ms,
    feed_health.is_bar_due,
    feed_health.bar_age_ms,
    feed_health.staleness,
    feed_health.is_stale,
    feed_health.is_grey,
    latch.drawn_down,
    fills.is_reckonable,
    fills.most_lots,
    fills.worse_ticks,
    fills.quoted,
    fills.spread_in_bps,
    fills.worth,
    fills.gain,
    fills.fee,
    fills.funding,
    fills.margin,
    fills.forced_ticks,
    fills.forced_fee,
    streak.after,
    streak.locked_until,
)
NAN: Final = float("nan")


class Both:
    """A craft function in both forms. Calling it runs both, compares, and gives the interpreted answer."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.compiled = compiled(function)

    def __call__(self, *given: Any) -> Any:
        interpreted, machine = self.function(*given), self.compiled(*given)
        assert bits(interpreted) == bits(machine), (self.function.__name__, given, interpreted, machine)
        return interpreted


def bits(value: Any) -> object:
    """A value in a form whose equality is equality to the bit; every NaN is the same NaN, an enum is its number."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, tuple):
        return tuple(bits(part) for part in value)
    if isinstance(value, float):
        return "nan" if value != value else struct.pack("d", value)
    if isinstance(value, IntEnum | bool):
        return int(value)
    assert isinstance(value, int), value
    return value


def functions_of(module: ModuleType) -> Iterator[Callable[..., Any]]:
    for name, member in vars(module).items():
        if inspect.isfunction(member) and member.__module__ == module.__name__ and name not in LIVE_ONLY:
            yield member


class Forms:
    """All entrances in both forms, by name."""

    def __init__(self) -> None:
        for module in LIVE_TOO:
            for function in functions_of(module):
                register_jitable(function)
        self._forms = {entrance.__name__: Both(entrance) for entrance in ENTRANCES}

    def __getattr__(self, name: str) -> Both:
        return self._forms[name]


@pytest.fixture(scope="module")
def forms() -> Forms:
    return Forms()


def features_along(forms: Forms, taken: list[Bar], params: TradingParams) -> Iterator[tuple[Features, RegimeState]]:
    """Step both forms over bars, each with a state of its own, and compare after every bar."""
    now, machine = forms.start.function(params), forms.start.compiled(params)
    kind = RegimeState(Regime.RANGE, 0)
    for bar in taken:
        number = bar.open_time_ms // builders.HOUR_MS
        now, seen = forms.step.function(now, bar, number, params)
        machine, seen_compiled = forms.step.compiled(machine, bar, number, params)
        assert bits(seen) == bits(seen_compiled), (bar, seen, seen_compiled)
        assert bits(now) == bits(machine), bar
        kind = forms.advance(kind, forms.classify(seen, params))
        yield seen, kind


def judged_along(forms: Forms, taken: list[Bar], params: TradingParams, chance: random.Random | None) -> int:
    """Judge every bar both ways, in a random or in a clear moment, and count the entries."""
    lot, entries = builders.lot(), 0
    for seen, kind in features_along(forms, taken, params):
        now = builders.situation(price=seen.close) if chance is None else random_situation(chance, seen.close)
        entries += forms.is_entry(forms.judge(seen, kind, now, lot, builders.BRACKETS, params))
    return entries


def held_along(forms: Forms, count: int, seed: int) -> set[int]:
    """Hold positions along walks until they are touched, both ways, and tell which touches there were."""
    chance, lot, kinds = random.Random(seed), builders.lot(), set()
    for bar in builders.walk(count, seed):
        side, params = chance.choice((-1, 1)), random_params(chance)
        plan = planned(forms, side, bar.open, chance, lot, params)
        for later in builders.walk(30, chance.randint(0, 999), price=bar.open):
            touch = forms.touched(plan, PriceWindow(later.open, later.low, later.high))
            kinds.add(touch.kind)
            if touch.kind:
                break
            plan = forms.trailed(plan, later.close, chance.choice((NAN, 0.0, 15.0, 40.0)), lot, params)
            forms.overdue(plan, later.open_time_ms, params)
            forms.opposed(side, chance.choice(tuple(Regime)), params)
            forms.locked_in_r(plan)
            forms.moved_to_entry(plan, lot)
    return kinds


def planned(forms: Forms, side: int, price: float, chance: random.Random, lot: LotRules, params: TradingParams) -> ExitPlan:
    """A plan with the liquidation price of some quantity."""
    quantity = chance.choice((0.0, 0.001, 3.3, 4_000.0))
    bracket = forms.bracket_for(price * quantity, builders.BRACKETS)
    liquidation = forms.liquidation_price(side, price, quantity, params.leverage, bracket)
    plan: ExitPlan = forms.first_plan(side, price, chance.uniform(0.5, 60.0), liquidation, lot, builders.START_MS, params)
    return plan


def aged(forms: Forms, count: int) -> None:
    """Ask for soundness, places, ages and drawdowns of odd values, both ways."""
    chance, hour = random.Random(0), builders.HOUR_MS
    odd = (NAN, float("inf"), -1.0, 0.0, 1_995.0, 2_005.0, 3_000.0)
    for _ in range(count):
        forms.sound(builders.a_bar(**{chance.choice(Bar._fields[1:]): chance.choice(odd)}), hour)
        forms.place(chance.choice((0, hour, 2 * hour)), chance.choice((hour, 2 * hour, 5 * hour)), hour)
        frame, late = chance.randint(0, 12_000), chance.randint(0, 12_000)
        forms.is_stale(forms.staleness(frame, late))
        forms.is_grey(frame)
        forms.frame_age_ms(chance.randint(0, 9_000), chance.choice((0, 5_000)))
        forms.bar_age_ms(chance.randint(0, 9_000), chance.choice((0, 5_000)))
        forms.is_bar_due(frame, late, 5_000)
        forms.drawn_down(chance.choice((90.0, 89.9, NAN)), chance.choice((0.0, 100.0)), 0.1)


def paid(forms: Forms, count: int) -> None:
    """Fill orders on every grid and side, both ways, with fees, funding, margin, forced ends and what losses lead to."""
    chance = random.Random(2)
    for number in range(count):
        tick, step = chance.choice(("0.01", "0.1", "0.0001")), chance.choice(("0.001", "1"))
        lot = builders.lot(tick_size=Decimal(tick), step_size=Decimal(step))
        side, leverage = chance.choice((-1, 1)), chance.choice((1, 10, 50))
        price, lots = round(chance.uniform(0.02, 3_000.0), 4), chance.randint(1, 5_000)
        forms.is_reckonable(price * chance.choice((1.0, 1e12)), lot)
        forms.most_lots(price, lot)
        ticks = forms.worse_ticks(price, side, chance.choice((0.0, 0.0001, 0.01)), lot)
        later = forms.worse_ticks(price * chance.uniform(0.8, 1.2), -side, 0.0001, lot)
        forms.spread_in_bps(forms.quoted(price, -1, 0.0001), forms.quoted(price, 1, 0.0001))
        forms.worth(ticks, lots, lot)
        forms.fee(ticks, lots, chance.choice((0, 200, 500)), lot)
        forms.funding(side, ticks, lots, chance.randint(-300_000, 300_000), lot)
        left = forms.margin(ticks, lots, leverage, lot) + forms.gain(side, ticks, later, lots, lot)
        forms.forced_fee(forms.forced_ticks(side, ticks, leverage, price * 0.9, lot), lots, 12_500, left, lot)
        forms.locked_until(number, chance.choice((0.5, 12.0)))
        forms.after(number % 5, number % 3 > 0)


@compiled
def seen_in_a_loop(state: Any, taken: Any, number: int, params: TradingParams) -> list[Features]:
    """What `track` does: step through bars in a compiled loop, where `step` is inlined."""
    found = []
    for at in range(len(taken)):
        bar = Bar(int(taken[at, 0]), taken[at, 1], taken[at, 2], taken[at, 3], taken[at, 4], taken[at, 5])
        state, features = pipeline.step(state, bar, number + at, params)
        found.append(features)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_features_regime_and_judgement_are_the_same_over_a_walk_under_any_settings(forms: Forms, seed: int) -> None:
    chance = random.Random(seed)

    judged_along(forms, builders.walk(400, seed), random_params(chance), chance)


def test_recorded_bars_are_the_same_in_both_forms_and_some_of_them_are_entries(forms: Forms) -> None:
    bars = builders.recorded("BTCUSDT-1h", 2_000, start=20_000)

    entries = judged_along(forms, bars, builders.params(activation_threshold=0.4), None)

    assert entries > 10


def test_exits_are_the_same_from_entry_to_the_last_touch(forms: Forms) -> None:
    kinds = held_along(forms, 500, seed=0)

    assert kinds == {0, 1, 2}


def test_soundness_places_ages_and_drawdown_are_the_same(forms: Forms) -> None:
    aged(forms, 300)


def test_prices_and_money_of_fills_are_the_same(forms: Forms) -> None:
    paid(forms, 400)


@pytest.mark.parametrize("seed", range(3))
def test_every_feature_is_the_same_in_a_compiled_loop_in_which_the_step_is_inlined(seed: int) -> None:
    params, taken = random_params(random.Random(seed)), builders.walk(600, seed)

    number = taken[0].open_time_ms // builders.HOUR_MS
    seen = seen_in_a_loop(pipeline.start(params), np.array(taken, np.float64), number, params)

    assert [bits(one) for one in seen] == [bits(one) for one in builders.looked_at(taken, params)]


def test_no_craft_function_is_left_out_of_the_comparison(forms: Forms) -> None:
    reached: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            reached.add(frame.f_code)

    sys.setprofile(note)
    try:
        judged_along(forms, builders.walk(150, 1), random_params(random.Random(1)), random.Random(1))
        held_along(forms, 30, 1)
        aged(forms, 20)
        paid(forms, 20)
    finally:
        sys.setprofile(None)

    crafts = [function for module in CRAFTS for function in functions_of(module)]
    assert [function.__qualname__ for function in crafts if function.__code__ not in reached] == []
