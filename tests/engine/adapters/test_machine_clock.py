"""The machine's clock as the engine sees it."""

import time

import pytest

from engine.adapters.machine_clock import MachineClock


def test_it_tells_the_time_of_the_calendar() -> None:
    assert abs(MachineClock().now_ms() - time.time() * 1_000) < 1_000


def test_somebody_who_sets_the_clock_back_or_forward_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = MachineClock()
    before, real = clock.now_ms(), time.time

    monkeypatch.setattr(time, "time", lambda: real() - 3_600)
    assert 0 <= clock.now_ms() - before < 60_000

    monkeypatch.setattr(time, "time", lambda: real() + 3_600)
    assert 0 <= clock.now_ms() - before < 60_000
