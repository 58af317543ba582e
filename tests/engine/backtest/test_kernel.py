"""What the compiled walk refuses before it begins, and that its books close. That it walks right is `test_parity_history`."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.backtest.bars import merged
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.kernel import BadHistory, Walker
from tests import builders
from tests.markets import made_up
from tests.past import UNLIMITED

PLAIN = made_up(5, 300)


def with_rules(**parts: Any) -> SymbolHistory:
    return replace(PLAIN, rules=replace(PLAIN.rules, **parts))


def with_prices(factor: float) -> SymbolHistory:
    candles = PLAIN.candles
    columns = {name: getattr(candles, name) * factor for name in ("open", "high", "low", "close")}
    return replace(PLAIN, candles=replace(candles, **columns))


def without(bar: int) -> SymbolHistory:
    candles = PLAIN.candles
    return replace(PLAIN, candles=merged(candles.part(0, bar), candles.part(bar + 1, len(candles))))


@pytest.mark.parametrize(
    ("histories", "says"),
    [
        ([], "no candles were given"),
        ([PLAIN, PLAIN], "a symbol was given twice: ETHUSDT, ETHUSDT"),
        ([PLAIN, made_up(6, 300, symbol="BTCUSDT", interval="15m")], "of one interval"),
        ([without(7)], "ETHUSDT: the candles have holes"),
        ([with_rules(tick_size=Decimal("1e-10"))], "ETHUSDT: .* too many digits"),
        ([with_prices(1e30)], "ETHUSDT: prices up to .* too many digits"),
    ],
)
def test_what_cannot_be_walked_exactly_is_refused_in_one_line(histories: list[SymbolHistory], says: str) -> None:
    with pytest.raises(BadHistory, match=says) as told:
        Walker(histories, Simulation())

    assert "\n" not in str(told.value)


def test_the_wallet_adds_up_also_with_a_position_that_history_ended_with() -> None:
    params = builders.params(activation_threshold=0.05, max_position_hours=48.0, **UNLIMITED)
    whole = Walker([PLAIN], Simulation(warmup_bars=60)).run(params)
    longest = max(whole.trades, key=lambda one: one.bars_held)
    bars = (longest.trade.exit_time_ms - int(PLAIN.candles.open_time_ms[0])) // PLAIN.candles.interval_ms

    run = Walker([replace(PLAIN, candles=PLAIN.candles.part(0, bars - 1))], Simulation(warmup_bars=60)).run(params)

    (left,) = run.left_open
    net = sum((one.trade.net for one in run.trades), Decimal(0))
    assert left.fees > 0
    assert left.funding != 0
    assert run.wallet_after == run.wallet_before + net - left.fees + left.funding
    assert float(run.wallet_after + left.unrealised) == pytest.approx(run.day_equity[-1])
