"""The result of a search in words that fit a phone, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from engine.backtest.calibrate import space
from engine.backtest.calibrate.endings import Endings
from engine.backtest.calibrate.folds import BLOCKS_A_STEP
from engine.backtest.calibrate.forecast import Forecast
from engine.backtest.calibrate.plan import Plan
from engine.backtest.calibrate.redraw import Between
from engine.backtest.calibrate.verdict import Result, Verdict
from engine.backtest.calibrate.walk_forward import FEWEST_TRADES, Judged
from engine.model.market import DAY_MS, INTERVAL_MS
from engine.model.past import EndCause, EntriesEnded

SAID: Final = {
    Verdict.TOO_LITTLE: f"Too little to say anything: under {FEWEST_TRADES} trades out of sample. Keep the present setting.",
    Verdict.NO_BETTER: "No setting is better than the present one beyond chance. Keep the present setting.",
    Verdict.LOSES_LESS: (
        "No setting earns anything beyond chance. The chosen ones lost less than the present one, which is no reason to "
        "trade with them: not trading loses least."
    ),
    Verdict.UNPROVEN: (
        "The chosen settings did better here, but no better than chance, or the best of so many tries, explains. "
        "Keep the present setting."
    ),
    Verdict.BETTER: "The chosen settings did better than the present one, and earned, by more than chance explains.",
}
ENDED: Final = {
    EndCause.DRAWDOWN: "nothing was left",  # the latch of the drawdown is lifted: only all of it sets it
    EndCause.LIQUIDATION: "a liquidation set the latch",
    EndCause.RAN_DRY: "its wallet was too small for the smallest order (--wallet)",
}
SHOWN_VALUES: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A search and its result. `tried_before`: settings that other studies tried on the same candles."""

    plan: Plan
    result: Result
    endings: Endings
    symbols: tuple[str, ...]
    interval_ms: int
    draws: Sequence[space.Draw]
    tried_before: int
    told: Sequence[str]

    @property
    def step_days(self) -> int:
        """The length of a step."""
        return round(self.plan.folds.blocks.block_ms * BLOCKS_A_STEP / DAY_MS)

    def changes(self, row: int) -> dict[str, tuple[float, float]]:
        """What a row's setting changes in the present one."""
        return space.changes(self.plan.present, self.draws[row].values)


def as_text(found: Found) -> str:
    """The result, line by line."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Found) -> Iterator[str]:
    result, blocks = found.result, found.plan.folds.blocks
    end_ms = blocks.begin_of(blocks.size)
    yield f"{', '.join(found.symbols)} {interval(found.interval_ms)}, {day(blocks.begin_ms)} to {day(end_ms)}"
    before = f", after {found.tried_before:,} on the same candles before" if found.tried_before else ""
    yield f"{result.tried:,} settings tried{before} (as good as {result.independent:,.0f} independent ones)"
    yield ""
    yield SAID[result.verdict]
    yield from _ended(found.endings)
    yield ""
    yield f"Out of sample, steps of {found.step_days} days, net R (trades):"
    yield f"  {'from':<11}{'chosen':>14}{'present':>14}"
    for one in result.judged:
        yield _row(day(blocks.begin_of(one.step.next_from)), one)
    totals = (result.chosen_r, result.chosen_trades), (result.present_r, result.present_trades)
    yield f"  {'all':<11}" + "".join(f"{f'{net:+.1f} ({trades})':>14}" for net, trades in totals)
    yield f"Chosen less present, a step: {_between(result.difference)}"
    yield f"Chosen, a step: {_between(result.earned)}"
    yield ""
    yield from _trust(result)
    yield ""
    yield from _choice(found)
    yield from _next(found)


def _ended(endings: Endings) -> Iterator[str]:
    """What looks like calm and is not."""
    for whose, end in (("The present setting", endings.present), ("A chosen setting", endings.chosen)):
        if end is not None:
            yield f"{whose} entered nothing after {day(end.time_ms)}: {ENDED[end.cause]}. Later steps count nothing of it."


def _row(begin: str, one: Judged) -> str:
    chosen = f"{one.chosen_r.sum():+.1f} ({one.chosen_trades})"
    return f"  {begin:<11}{chosen:>14}{f'{one.present_r.sum():+.1f} ({one.present_trades})':>14}"


def _trust(result: Result) -> Iterator[str]:
    yield f"Deflated Sharpe ratio {result.deflated_sharpe:.2f} (0.95 is asked for)"
    yield f"Probability of overfitting {result.overfitting:.0%}"
    yield f"Ranks before and after agree {result.rank_correlation:+.2f} (1 = wholly, 0 = not at all)"
    yield f"Steps chose the same value {result.agreement:.0%} of the time"
    yield f"Forecasts that held: {result.covered} of {2 * len(result.judged)}"


def _choice(found: Found) -> Iterator[str]:
    changes = found.changes(found.result.row)
    if not changes:
        yield "Chosen on all of it: the present setting"
        return
    yield "Chosen on all of it, for the record:" if found.result.verdict is not Verdict.BETTER else "Chosen on all of it:"
    chosen = [dict(zip(_names(), found.draws[one.row].values, strict=True)) for one in found.result.judged]
    for name, (before, value) in changes.items():
        often = Counter(step[name] for step in chosen).most_common(SHOWN_VALUES)
        yield f"  {name} {before:g} -> {value:g} (steps: {', '.join(f'{one:g} x{count}' for one, count in often)})"
    if found.result.verdict is Verdict.BETTER:
        yield "Try it: autobot backtest ... --set " + " ".join(f"{name}={value:g}" for name, (_, value) in changes.items())


def _next(found: Found) -> Iterator[str]:
    yield f"The next {found.step_days} days, with a probability of 90 %:"
    for name, one in (("present", found.result.present_next), ("chosen", found.result.chosen_next)):
        yield f"  {name:<8}{_between(one.net_r)}, {one.trades.low:.0f} to {one.trades.high:.0f} trades"


def as_json(found: Found) -> dict[str, Any]:
    """The same, for machines."""
    result, blocks = found.result, found.plan.folds.blocks
    return {
        "symbols": list(found.symbols),
        "interval": interval(found.interval_ms),
        "begin_ms": blocks.begin_ms,
        "end_ms": blocks.begin_of(blocks.size),
        "step_days": found.step_days,
        "verdict": result.verdict.value,
        "said": SAID[result.verdict],
        "tried": result.tried,
        "tried_before": found.tried_before,
        "independent": result.independent,
        "deflated_sharpe": result.deflated_sharpe,
        "overfitting": result.overfitting,
        "rank_correlation": result.rank_correlation,
        "agreement": result.agreement,
        "steps": [_step(found, one) for one in result.judged],
        "chosen": {
            "net_r": result.chosen_r,
            "trades": result.chosen_trades,
            "a_step": list(result.earned),
            "ended": _end(found.endings.chosen),
        },
        "present": {
            "net_r": result.present_r,
            "trades": result.present_trades,
            "ended": _end(found.endings.present),
        },
        "difference_a_step": list(result.difference),
        "covered": result.covered,
        "forecasts": 2 * len(result.judged),
        "settings": _settings(found, result.row),
        "next": {"chosen": _forecast(result.chosen_next), "present": _forecast(result.present_next)},
        "told": list(found.told),
    }


def _step(found: Found, one: Judged) -> dict[str, Any]:
    blocks = found.plan.folds.blocks
    return {
        "past_begin_ms": blocks.begin_of(one.step.past_from),
        "past_end_ms": blocks.begin_of(one.step.past_to),
        "begin_ms": blocks.begin_of(one.step.next_from),
        "end_ms": blocks.begin_of(one.step.next_to),
        "settings": _settings(found, one.row),
        "past": {"net_r": one.past_r, "trades": one.past_trades},
        "chosen": {"net_r": float(one.chosen_r.sum()), "trades": one.chosen_trades, **_forecast(one.chosen_forecast)},
        "present": {"net_r": float(one.present_r.sum()), "trades": one.present_trades, **_forecast(one.present_forecast)},
        "rank_correlation": one.rank_correlation,
    }


def _settings(found: Found, row: int) -> dict[str, float]:
    return {name: value for name, (_, value) in found.changes(row).items()}


def _forecast(one: Forecast) -> dict[str, Any]:
    return {"expected_r": one.expected_r, "forecast_r": list(one.net_r), "forecast_trades": list(one.trades)}


def _end(end: EntriesEnded | None) -> dict[str, Any] | None:
    return None if end is None else {"cause": end.cause.value, "time_ms": end.time_ms}


def _names() -> list[str]:
    return [axis.name for axis in space.AXES]


def _between(one: Between) -> str:
    return f"{one.low:+.1f} to {one.high:+.1f} R"


def day(time_ms: int) -> str:
    """A date (UTC)."""
    return f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d}"


def interval(length_ms: int) -> str:
    """A bar's length by its name."""
    return next(name for name, one in INTERVAL_MS.items() if one == length_ms)
