"""The screen of a what-if: the changes, what they would have done, and the way to make them or to let them be."""

from collections.abc import Mapping, Sequence

from engine.model.past import WhatIf
from engine.params import TradingParams, read
from handlers.ui import keyboards as keys
from handlers.ui import tuning
from handlers.ui.language import Texts
from handlers.ui.markup import bold, code, fold, lines, row
from handlers.ui.past import Answer, figures, refusals
from handlers.ui.screen import Screen, arranged


def preview(
    texts: Texts, params: TradingParams, changes: Mapping[str, float], answers: Sequence[Answer] | None, token: str
) -> Screen:
    """Nothing is changed yet."""
    known = [answer for answer in answers or () if isinstance(answer, WhatIf)]
    text = lines(
        row(texts.tag, bold(texts.say("What if"))),
        *(tuning.change(texts, name, read(params, name), value) for name, value in changes.items()),
        "",
        figures(texts, answers),
        fold(texts.say("Bars that were stopped, old → new:"), refusals(texts, known[-1])) if known else None,
        texts.say("Nothing is changed yet."),
    )
    return Screen(text, arranged([keys.change(texts, token), keys.discard(texts)]))


def how_to(texts: Texts) -> Screen:
    """How a what-if is asked."""
    text = lines(
        row(texts.tag, bold(texts.say("What if"))),
        texts.say("What would other settings have done? Ask like this:"),
        code("/whatif activation_threshold=0.5"),
        code("/whatif stop_atr_multiplier=2 take_profit_multiplier=3"),
    )
    return Screen(text, arranged([keys.back(texts)]))


def as_it_is(texts: Texts) -> Screen:
    """A what-if about what holds already."""
    return Screen(texts.say("That is what holds already."), arranged([keys.back(texts)]))
