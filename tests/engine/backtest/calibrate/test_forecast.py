"""What may come next: as wide as it has to be, and wary of a lead that was chosen because it was one."""

import numpy as np
import pytest

from engine.backtest.calibrate import forecast as forecasting
from engine.backtest.calibrate.folds import BLOCKS_A_STEP
from engine.backtest.calibrate.forecast import expected, forecast
from engine.backtest.calibrate.redraw import Between, mean_between, widening
from engine.backtest.calibrate.walk_forward import choose, part
from tests.engine.backtest.calibrate.parts import noise


def test_in_a_market_that_stays_as_it_is_nine_of_ten_quarters_lie_within_even_what_was_not_widened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forecasting, "CHANGE", 1.0)
    held = []
    for seed in range(120):
        all_ = noise(seed, weeks=65)
        past, next_ = part(all_, 0, 52), all_.net_r[:, 52 : 52 + BLOCKS_A_STEP].sum(axis=1)
        held += [next_[row] in forecast(past, row).net_r for row in (0, choose(past))]

    assert 0.87 <= np.mean(held) <= 0.98


def test_of_the_best_of_many_worthless_settings_next_to_nothing_is_expected() -> None:
    raw, shrunk = [], []
    for seed in range(60):
        past = noise(seed, weeks=52)
        row = int(past.net_r.mean(axis=1).argmax())
        raw.append(past.net_r[row].mean() - past.net_r.mean())
        shrunk.append(expected(past.net_r, row) - past.net_r.mean())

    assert np.mean(shrunk) < 0.25 * np.mean(raw)


def test_a_lead_that_is_real_is_expected_to_stay() -> None:
    past = noise(1, weeks=104)
    past.net_r[:20] += 2.0

    assert expected(past.net_r, 5) == pytest.approx(past.net_r[5].mean(), abs=0.2)


def test_the_present_setting_was_not_chosen_and_is_expected_to_go_on_as_it_did() -> None:
    past = noise(2)

    assert expected(past.net_r, 0) == past.net_r[0].mean()
    assert forecast(past, 0).expected_r == pytest.approx(BLOCKS_A_STEP * past.net_r[0].mean())


def test_a_forecast_is_the_same_each_time_and_says_how_many_trades() -> None:
    past = noise(3)

    assert forecast(past, 4) == forecast(past, 4)
    low, high = forecast(past, 4).trades
    assert 0 <= low < BLOCKS_A_STEP * past.trades[4].mean() < high


def test_a_setting_that_never_traded_is_expected_to_do_nothing() -> None:
    past = noise(4)
    past.net_r[0], past.trades[0] = 0.0, 0

    assert forecast(past, 0).net_r == Between(0.0, 0.0)
    assert forecast(past, 0).trades == Between(0.0, 0.0)


def test_an_interval_holds_the_true_mean_nine_times_out_of_ten() -> None:
    random = np.random.default_rng(5)

    held = [0.0 in mean_between(random.standard_normal(39), np.random.default_rng(1)) for _ in range(150)]

    assert 0.85 <= np.mean(held) <= 0.99


def test_fewer_runs_of_history_make_an_interval_wider() -> None:
    widths = [widening(blocks) for blocks in (8, 26, 52, 260)]

    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(1.0, abs=0.03)
