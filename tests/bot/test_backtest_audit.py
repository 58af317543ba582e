"""A run audited: told step by step, on an exchange with the run's own money and costs."""

from decimal import Decimal

import pytest

from bot.backtest_audit import REJECTIONS, audited, paper
from engine.backtest.audit.indicators import burn_in
from engine.backtest.history import Costs, Simulation
from engine.backtest.kernel import Walker
from engine.backtest.result import Rejection
from tests import builders
from tests.markets import made_up
from tests.past import UNLIMITED

PARAMS = builders.params(activation_threshold=0.3, stable_bars=0, **UNLIMITED)
HISTORIES = (made_up(1, 900), made_up(2, 700, symbol="BTCUSDT", first=50))


def test_every_symbols_indicators_and_the_whole_account_are_compared() -> None:
    terms, told = Simulation(Decimal(5_000), Costs(700, 300, 0, 9_000), warmup_bars=250), list[str]()
    run = Walker(HISTORIES, terms).run(PARAMS)

    audit = audited(run, HISTORIES, terms, PARAMS, told.append)

    assert not audit.differs
    assert [(one.symbol, one.bars) for one in audit.indicators] == [("ETHUSDT", 900 - burn_in(PARAMS)), ("BTCUSDT", 0)]
    assert audit.trader.trades == audit.trader.replayed == len(run.trades) > 0
    assert ["pandas-ta" in told[0], "slow" in told[1], len(told)] == [True, True, 2]


@pytest.mark.parametrize(
    "other", [Simulation(Decimal(5_001), warmup_bars=250), Simulation(Decimal(5_000), Costs(taker_ppm=501), warmup_bars=250)]
)
def test_other_money_or_other_costs_than_the_runs_are_found(other: Simulation) -> None:
    terms = Simulation(Decimal(5_000), warmup_bars=250)
    run = Walker(HISTORIES, terms).run(PARAMS)

    audit = audited(run, HISTORIES, other, PARAMS, lambda _: None)

    assert audit.differs
    assert any(one.startswith("wallet: ") for one in audit.trader.differences)


def test_every_rejection_that_a_run_counts_has_its_number() -> None:
    assert set(REJECTIONS.values()) == set(Rejection)
    assert paper(HISTORIES, Simulation()).rejections is REJECTIONS
