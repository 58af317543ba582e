"""A symbol's past under the settings that hold now, and the search for other ones: with progress, and a button to stop."""

import re
from typing import Final

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from engine.model.market import DAY_MS, INTERVAL_MS
from engine.model.past import CalibrationFinding
from handlers.chat import File, redraw, show
from handlers.long_jobs import Result, Told, begin
from handlers.owner import Owner
from handlers.reading import called, read_days, read_symbol
from handlers.ui import backtests as ui
from handlers.ui import calibration
from handlers.ui import long_jobs as jobs_ui
from handlers.ui.callbacks import Halt
from handlers.whatif import kept

USUAL_DAYS: Final = 90
SEARCHED_DAYS: Final = 365
MOST_DAYS: Final = 730
MOST_BARS: Final = 600_000  # that many are read from the exchange in a few minutes
SYMBOL: Final = re.compile(r"[A-Z0-9]{5,20}")


def router() -> Router:
    """The command, and the button that stops what takes long."""
    own = Router(name="backtests")
    own.message.register(backtest, called("backtest"))
    own.message.register(calibrate, called("calibrate"))
    own.callback_query.register(halted, Halt.filter())
    return own


async def backtest(message: Message, command: CommandObject, owner: Owner) -> None:
    """Walk a symbol's last days."""
    words = (command.args or "").split()
    if not words or len(words) > 2:
        await show(message, ui.how_to(owner.texts))
        return
    wanted = words[0].upper().replace("/", "")
    symbol = read_symbol(words[0], owner.engine.view().desks) or wanted
    days = read_days(words[1]) if len(words) > 1 else USUAL_DAYS
    most = most_days(owner.engine.interval)
    if not SYMBOL.fullmatch(symbol):
        await show(message, ui.no_symbol(owner.texts, words[0]))
    elif days is None or days > most:
        await show(message, ui.bad_days(owner.texts, words[1] if len(words) > 1 else "", most))
    else:
        await begin(
            message, ui.title(owner.texts, symbol, days), lambda job, told: _walked(job, symbol, days, told, owner), owner
        )


async def _walked(job: str, symbol: str, days: int, told: Told, owner: Owner) -> Result:
    found = await owner.engine.past.backtest(job, symbol, days, owner.texts.language, told)
    run = found.report.run
    trades = File(f"{symbol}-{_walked_time(run.end_ms - run.begin_ms)}-trades.csv", found.trades) if run.trades else None
    return Result(ui.result(owner.texts, found, days), trades)


def _walked_time(span_ms: int) -> str:
    """How long was walked, for a file's name: what was asked for may not be known."""
    return f"{span_ms // DAY_MS}d" if span_ms >= DAY_MS else f"{-(-span_ms // INTERVAL_MS['1h'])}h"


async def calibrate(message: Message, command: CommandObject, owner: Owner) -> None:
    """Search for other settings, and say what chance explains."""
    most, words = most_days(owner.engine.interval), (command.args or "").strip()
    days = read_days(words) if words else min(SEARCHED_DAYS, most)
    if days is None or days > most:
        await show(message, ui.bad_days(owner.texts, words, most))
        return

    async def searched(job: str, told: Told) -> Result:
        found = await owner.engine.past.calibrate(job, days, told)
        changes = {name: after for name, _, after in found.changes}
        is_better = found.finding is CalibrationFinding.BETTER
        return Result(calibration.result(owner.texts, found, await kept(changes, owner) if is_better and changes else ""))

    await begin(message, calibration.title(owner.texts, days), searched, owner)


async def halted(callback: CallbackQuery, callback_data: Halt, owner: Owner) -> None:
    """Stop it; what it became is drawn by whoever waits for it."""
    if await owner.engine.past.stop(callback_data.job):
        await callback.answer(owner.texts.label("Stopping…"))
        return
    await callback.answer()
    await redraw(callback, jobs_ui.over(owner.texts))


def most_days(interval: str) -> int:
    """How many days may be asked for at this interval."""
    return min(MOST_DAYS, MOST_BARS * INTERVAL_MS[interval] // DAY_MS)
