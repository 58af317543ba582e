"""Which of the judged settings entered nothing any more: told, because steps without a trade look like calm."""

from dataclasses import replace
from decimal import Decimal

from engine.backtest.calibrate.endings import ending, endings
from engine.backtest.calibrate.verdict import Result, result
from engine.backtest.history import Costs, Simulation
from engine.backtest.kernel import Walker
from engine.model.orders import ExitReason
from engine.model.past import EndCause
from tests import builders
from tests.engine.backtest.calibrate.parts import a_plan, an_hourly_history, noise
from tests.markets import made_up
from tests.past import UNLIMITED

PARAMS = builders.params(activation_threshold=0.3, risk_per_trade=0.02, **UNLIMITED)
PLAN = replace(a_plan(batches=5), present=PARAMS)
TERMS = Simulation(warmup_bars=250, costs=Costs(taker_ppm=4_000))  # fees eat a small wallet
HISTORY = an_hourly_history(1, 2_600)


def a_result() -> Result:
    """One that chose row 23 at every step."""
    all_ = noise(1)
    all_.net_r[23] += 1.2
    return result(all_, [draw.values for draw in PLAN.draws()], PLAN.folds)


def test_a_small_wallet_ran_dry_under_the_present_setting() -> None:
    found = endings(Walker([HISTORY], replace(TERMS, wallet=Decimal(8))), PLAN, a_result())

    assert found.present is not None
    assert found.present.cause is EndCause.RAN_DRY


def test_a_wallet_that_suffices_ends_nothing() -> None:
    assert endings(Walker([HISTORY], TERMS), PLAN, a_result()) == (None, None)


def test_a_chosen_setting_is_told_apart_from_the_present_one() -> None:
    walker = Walker([HISTORY], replace(TERMS, wallet=Decimal(4)))

    found = endings(walker, PLAN, a_result())._asdict()

    assert {name: end.cause for name, end in found.items()} == dict.fromkeys(("present", "chosen"), EndCause.RAN_DRY)
    assert endings(walker, PLAN, a_result()._replace(row=0, judged=())).chosen is None


def test_a_liquidation_ends_the_entries_also_where_the_latch_of_the_drawdown_is_lifted() -> None:
    walker = Walker([made_up(7, 900)], Simulation(warmup_bars=250))
    params = PARAMS._replace(activation_threshold=0.2, leverage=50, max_atr_fraction=0.2, stop_atr_multiplier=0.5)

    found = ending(walker, params)

    forced = [one.trade for one in walker.run(params).trades if one.trade.reason is ExitReason.LIQUIDATED]
    assert found is not None
    assert (found.cause, found.time_ms) == (EndCause.LIQUIDATION, forced[0].exit_time_ms)
