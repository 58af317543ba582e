"""What the workshop's process does: it walks history, draws, and keeps what was read. Each function is one job.

Imported there only: numba, pyarrow and matplotlib never come into the process that trades.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backtest.bars import Span
from engine.backtest.gathered import histories
from engine.backtest.history import Candles
from engine.backtest.kept_bars import FundingRow, KeptBars
from engine.backtest.question import PastQuestion
from engine.control import Backtested
from engine.model.past import Calibration, Dial, Phase, Progress, WhatIf
from engine.params import TradingParams
from handlers.ui.language import Languages

if TYPE_CHECKING:
    from engine.backtest.kernel import Walker

type Told = Callable[[Progress], None]


def missing_bars(folder: Path, symbol: str, interval_ms: int, begin_ms: int, end_ms: int, *, told: Told) -> Sequence[Span]:
    """Which bars of a time are not kept."""
    return KeptBars(folder).missing(symbol, interval_ms, begin_ms, end_ms)


def keep_bars(folder: Path, candles: Candles, *, told: Told) -> None:
    """Keep what was read."""
    KeptBars(folder).keep(candles)


def kept_funding(folder: Path, symbol: str, *, told: Told) -> Span:
    """When the oldest and the newest payment that is kept were settled; 0 = none is."""
    times = KeptBars(folder).funding(symbol).time_ms
    return (int(times[0]), int(times[-1])) if len(times) else (0, 0)


def keep_funding(folder: Path, symbol: str, rows: Sequence[FundingRow], *, told: Told) -> None:
    """Keep what was settled."""
    KeptBars(folder).keep_funding(symbol, rows)


def what_if(question: PastQuestion, after: TradingParams, *, told: Told) -> WhatIf:
    """The question's settings against others. Raises `NotMeasured`."""
    from engine.backtest import what_if as comparing

    return comparing.what_if(_walker(question, told), question.params, after, question.days)


def dial(question: PastQuestion, *, told: Told) -> Dial:
    """Every threshold. Raises `NotMeasured`."""
    from engine.backtest import what_if as comparing

    def step(done: int, total: int) -> None:
        told(Progress(Phase.WALKING, done, total))

    return comparing.dial(_walker(question, told), question.params, question.days, step)


def dial_picture(dial: Dial, now: float, wanted: float, label: str, language: str, *, told: Told) -> bytes:
    """The dial drawn."""
    from handlers.ui.dial_picture import drawn

    return drawn(Languages(label).texts(language), dial, now, wanted)


def backtest(question: PastQuestion, label: str, language: str, *, told: Told) -> Backtested:
    """One walk, summed up, drawn and written out. Raises `NotMeasured`."""
    from bot.backtest_books import as_csv_text
    from engine.backtest.endings import ended
    from engine.backtest.kernel import Walker
    from engine.backtest.report import reported
    from handlers.ui.backtest_cards import result_picture

    walker, params = _walker(question, told), question.params
    told(Progress(Phase.WALKING))
    run = walker.run(params)
    end = ended(run, walker.simulation, params, lambda terms: Walker(walker.histories, terms).run(params))
    report = reported(run, [one.candles for one in walker.histories], ended=end)
    told(Progress(Phase.DRAWING))
    picture = result_picture(Languages(label).texts(language), report)
    return Backtested(report, picture, as_csv_text(run.trades).encode())


def calibrate(question: PastQuestion, *, told: Told) -> Calibration:
    """A search over settings. Raises `NotMeasured`."""
    from bot.past_calibrate import calibrated

    return calibrated(_walker(question, told), question, told)


def _walker(question: PastQuestion, told: Told) -> "Walker":
    """Raises `NotMeasured`."""
    told(Progress(Phase.PREPARING))
    from engine.backtest.kernel import Walker

    return Walker(histories(question), question.simulation())
