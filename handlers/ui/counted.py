"""What the remembered bars would have given at other thresholds: at hand at once, where history is still being walked."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.control import EngineControl
from engine.model.signals import Code, Ruling
from handlers.ui.language import Texts
from handlers.ui.markup import Html, code, row

THRESHOLD: Final = "activation_threshold"
BINS: Final = 20
BARS: Final = " ▁▂▃▄▅▆▇█"
RULINGS: Final = 500
# The owner's and the account's state on that day: it says nothing about a threshold, and stands on every bar of a stopped bot.
# A position that was open is no such state but what the settings led to: no second entry would have followed.
STATE: Final = frozenset(
    {
        *(Code.PAUSED, Code.HALTED, Code.LATCHED, Code.SYMBOL_LOCKED, Code.STALE_DATA, Code.NOT_READY),
        *(Code.BELOW_MINIMUM, Code.DRAWDOWN, Code.MARGIN_SHORT, Code.DAILY_LOSS, Code.LOSS_STREAK),
        *(Code.TAKEN_OUTSIDE, Code.EXCHANGE_REFUSES, Code.STORE_DOWN, Code.GUARDED, Code.EXCHANGE_SILENT),
    }
)


class Counted(NamedTuple):
    """How often the last bars would have led to an entry at a threshold, had the bot been free to enter."""

    bars: int
    entries: int


def counted(rulings: Sequence[Ruling], threshold: float) -> Counted:
    """Count the bars on which neither the market nor another setting stood in the way."""
    passed = STATE | {Code.CONFIDENCE_LOW}
    entries = sum(ruling.opinion.confidence >= threshold and passed.issuperset(ruling.refusal_codes) for ruling in rulings)
    return Counted(len(rulings), entries)


def rulings_of_all(engine: EngineControl) -> Sequence[Ruling]:
    """The remembered rulings of all symbols."""
    return [ruling for symbol in engine.view().desks for ruling in engine.rulings(symbol, RULINGS)]


def step(texts: Texts, rulings: Sequence[Ruling], value: float, now: float) -> Html:
    """A threshold with its count; the one that holds is marked."""
    found = counted(rulings, value)
    words = texts.plural("{count} entry", "{count} entries", found.entries)
    mark = " ◂" if value == now else ""
    return row(texts.numbers.fixed(value, 2), Html(words + mark), gap=": ")


def histogram(signals: Sequence[Ruling], wanted: float) -> tuple[Html, ...]:
    """Past confidences in steps of 0.05, and where the line lies."""
    if not signals:
        return ()
    bins = [0] * BINS
    for ruling in signals:
        bins[min(BINS - 1, int(ruling.opinion.confidence * BINS + 1e-9))] += 1
    top = max(bins)
    drawn = "".join(BARS[-(-count * (len(BARS) - 1) // top)] for count in bins)
    at = min(BINS - 1, int(wanted * BINS + 1e-9))
    return code(f"0 {drawn} 1"), code("  " + "·" * at + "▲" + "·" * (BINS - 1 - at))
