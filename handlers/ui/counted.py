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


class Counted(NamedTuple):
    """How often the last bars would have led to an entry at a threshold, everything else unchanged."""

    bars: int
    entries: int


def counted(rulings: Sequence[Ruling], threshold: float) -> Counted:
    """Count the bars on which nothing but the confidence stood, or stands, in the way."""
    entries = 0
    for ruling in rulings:
        others = [code for code in ruling.refusal_codes if code is not Code.CONFIDENCE_LOW]
        entries += not others and ruling.opinion.confidence >= threshold
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
