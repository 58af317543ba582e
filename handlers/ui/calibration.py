"""What a search over settings came to, in a chat: the verdict first, and the figures that it stands on."""

from typing import Final

from engine.model.past import Calibration, CalibrationFinding, EndCause, EntriesEnded
from handlers.ui import keyboards as keys
from handlers.ui import tuning
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, code, fold, lines, row
from handlers.ui.past import difference
from handlers.ui.screen import Screen, arranged

FINDING: Final = {
    CalibrationFinding.TOO_LITTLE: marked("Too few trades to say anything. Keep your settings."),
    CalibrationFinding.NO_BETTER: marked("No setting is better than yours beyond chance. Keep your settings."),
    CalibrationFinding.LOSES_LESS: marked(
        "No setting earns anything beyond chance. The chosen ones only lost less: not trading loses least."
    ),
    CalibrationFinding.UNPROVEN: marked(
        "The chosen settings did better here, but no better than chance, or the best of so many tries, explains. "
        "Keep your settings."
    ),
    CalibrationFinding.BETTER: marked("The chosen settings did better than yours, and earned, by more than chance explains."),
}
ENDED: Final = {
    EndCause.DRAWDOWN: marked("nothing was left"),  # the latch of the drawdown is lifted: only all of it sets it
    EndCause.LIQUIDATION: marked("a liquidation set the latch"),
    EndCause.RAN_DRY: marked("the wallet was too small for the smallest order"),
}
LEVEL: Final = 0.90
MOST_CHANGES: Final = 12


def title(texts: Texts, days: int) -> Html:
    """What is searched."""
    return texts.plural("Calibration, {count} day", "Calibration, {count} days", days)


def result(texts: Texts, found: Calibration, token: str) -> Screen:
    """The verdict. With a `token` the chosen settings can be made the present ones; a shadow is the better first step."""
    n = texts.numbers
    text = lines(
        row(texts.tag, bold(texts.say("Calibration"))),
        row(", ".join(found.symbols), f"{n.date(found.begin_ms)} – {n.date(found.end_ms)}"),
        bold(texts.say(FINDING[found.finding])),
        _ended(texts, marked("⚠️ yours entered nothing after {day}: {why}."), found.present_ended),
        _ended(texts, marked("⚠️ a chosen one entered nothing after {day}: {why}."), found.chosen_ended),
        "",
        texts.say(
            "{tried} settings tried, judged on {steps} steps of {days} days that they were not chosen on:",
            tried=n.fixed(found.tried, 0),
            steps=n.fixed(found.steps, 0),
            days=n.fixed(found.step_days, 0),
        ),
        texts.say("yours: {figures}", figures=_side(texts, found.present_trades, found.present_r)),
        texts.say("chosen: {figures}", figures=_side(texts, found.chosen_trades, found.chosen_r)),
        texts.say("a step: {difference}", difference=difference(texts, found.low_r, found.high_r, LEVEL)),
        texts.say(
            "Sharpe after all tries {sharpe} (0.95 is asked for), overfitting {overfitting}",
            sharpe=n.fixed(found.deflated_sharpe, 2),
            overfitting=n.percent(found.overfitting, 0),
        ),
        _chosen(texts, found),
    )
    return Screen(text, arranged([keys.change(texts, token)] if token else [], [keys.back(texts)]))


def _ended(texts: Texts, words: str, end: EntriesEnded | None) -> Html | None:
    """Steps without a trade are not calm where entries had ended for good."""
    if end is None:
        return None
    return texts.say(words, day=texts.numbers.date(end.time_ms), why=texts.label(ENDED[end.cause]))


def _chosen(texts: Texts, found: Calibration) -> Html | None:
    if not found.changes:
        return None
    changes = found.changes[:MOST_CHANGES]
    shadow = "/shadow " + " ".join(f"{name}={after:g}" for name, _, after in changes)
    return fold(
        texts.say("Chosen on all of it, for the record:"),
        *(tuning.change(texts, name, before, after) for name, before, after in changes),
        texts.say("Try it on paper first:"),
        code(shadow),
    )


def _side(texts: Texts, trades: int, net_r: float) -> Html:
    return row(texts.plural("{count} trade", "{count} trades", trades), texts.numbers.signed(net_r, 1) + " R")
