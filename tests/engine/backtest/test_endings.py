"""What ended a run's entries: told by what happened, and a wallet too small is told from a market with nothing to enter."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.backtest.endings import ended, latched
from engine.backtest.history import Costs, Simulation
from engine.backtest.kernel import Walker
from engine.backtest.result import Run
from engine.model.market import DAY_MS
from engine.model.orders import ExitReason
from engine.model.past import EndCause, EntriesEnded
from engine.model.signals import Code
from engine.params import TradingParams
from tests import builders
from tests.engine.backtest.calibrate.parts import an_hourly_history
from tests.engine.backtest.runs import a_closed, a_run
from tests.past import UNLIMITED

PARAMS = builders.params(activation_threshold=0.3, risk_per_trade=0.02, **UNLIMITED)
TERMS = Simulation(warmup_bars=250, costs=Costs(taker_ppm=4_000))  # fees eat a small wallet
DEAR = {Code.BELOW_MINIMUM: 200}


class Market:
    """A walk that remembers under which terms it was asked again."""

    def __init__(self, entered: int) -> None:
        self.asked: list[Simulation] = []
        self._entered = entered

    def __call__(self, terms: Simulation) -> Run:
        self.asked.append(terms)
        return a_run([], entered=self._entered)


def of_a_wallet(money: int, params: TradingParams = PARAMS) -> tuple[Run, EntriesEnded | None]:
    history, terms = an_hourly_history(1, 2_600), replace(TERMS, wallet=Decimal(money))
    run = Walker([history], terms).run(params)
    return run, ended(run, terms, params, lambda other: Walker([history], other).run(params))


def test_a_wallet_that_fees_ate_ended_the_entries_with_its_last_trade() -> None:
    run, found = of_a_wallet(8)

    last_ms = max(one.trade.exit_time_ms for one in run.trades)
    assert found == EntriesEnded(EndCause.RAN_DRY, last_ms)
    assert run.end_ms - last_ms > 30 * DAY_MS
    assert run.wallet_after < 5


def test_a_wallet_that_never_reached_the_smallest_order_ended_them_at_the_beginning() -> None:
    run, found = of_a_wallet(4)

    assert not run.trades
    assert found == EntriesEnded(EndCause.RAN_DRY, run.begin_ms)


def test_a_wallet_that_suffices_ended_nothing() -> None:
    assert of_a_wallet(10_000)[1] is None


def test_a_market_with_nothing_to_enter_is_not_the_wallets_fault() -> None:
    market = Market(entered=0)

    assert ended(a_run([1.0] * 5, funnel=DEAR), TERMS, PARAMS, market) is None
    assert len(market.asked) == 1


def test_money_is_asked_for_only_after_every_pause_of_the_account_is_over() -> None:
    market, run = Market(entered=1), a_run([-1.0] * 5, funnel=DEAR)
    last_ms = run.trades[-1].trade.exit_time_ms

    ended(run, TERMS, PARAMS._replace(loss_streak_lock_hours=72.0), market)
    ended(run, TERMS, PARAMS._replace(loss_streak_lock_hours=1.0), market)

    assert [terms.from_ms - last_ms for terms in market.asked] == [3 * DAY_MS, DAY_MS]
    assert {terms.costs for terms in market.asked} == {TERMS.costs}


@pytest.mark.parametrize(
    "run",
    [
        a_run([1.0] * 5),  # every size was large enough
        a_run([1.0] * 120, funnel=DEAR),  # it traded to the last day
    ],
)
def test_where_the_wallet_cannot_have_been_the_cause_nothing_is_walked_again(run: Run) -> None:
    market = Market(entered=1)

    assert ended(run, TERMS, PARAMS, market) is None
    assert not market.asked


def test_a_latch_is_named_by_what_set_it() -> None:
    forced = a_closed(3, -1.0, reason=ExitReason.LIQUIDATED)
    at_ms = forced.trade.exit_time_ms

    assert latched(a_run(trades=[forced], latched_ms=at_ms)) == EntriesEnded(EndCause.LIQUIDATION, at_ms)
    assert latched(a_run(trades=[forced], latched_ms=at_ms - 1)) == EntriesEnded(EndCause.DRAWDOWN, at_ms - 1)
    assert latched(a_run(trades=[forced])) is None
    assert ended(a_run(trades=[forced], latched_ms=at_ms, funnel=DEAR), TERMS, PARAMS, Market(1)) == latched(
        a_run(trades=[forced], latched_ms=at_ms)
    )
