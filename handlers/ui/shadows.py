"""The shadow's screens: what it does otherwise, how both compare, and the ways to promote or to end it."""

from typing import Final

from engine.model.past import Finding
from engine.model.shadow import ShadowCompared, ShadowComparison, ShadowPlan, SideFigures
from handlers.ui import keyboards as keys
from handlers.ui import tunables
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.callbacks import Beside, ShadowDo, View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, code, lines, row
from handlers.ui.past import NO_INTERVAL, difference
from handlers.ui.screen import Button, Screen, arranged

FINDING: Final = {
    Finding.SAME: marked("Neither has closed a trade yet."),
    Finding.TOO_SMALL: marked("Too few trades to mean anything."),
    Finding.UNCLEAR: marked("No difference beyond chance."),
    Finding.BETTER: marked("The shadow did better; the future may differ."),
    Finding.WORSE: marked("The shadow did worse."),
}


def shadow(texts: Texts, plan: ShadowPlan, found: ShadowComparison | None, note: Html | None = None) -> Screen:
    """The shadow as of now."""
    text = lines(
        row(texts.tag, bold(texts.say("Shadow"))),
        note,
        texts.say("On paper since {moment}, it sends no orders:", moment=texts.on(plan.since_ms)),
        *_changes(texts, plan.changes),
        "",
        compared(texts, found) if found is not None else None,
    )
    return Screen(text, buttons(texts, plan.since_ms))


def weekly(texts: Texts, notice: ShadowCompared) -> Alert:
    """Told once a week."""
    found = notice.comparison
    text = lines(
        row(texts.tag, bold(texts.say("👥 Shadow: the week"))),
        *_changes(texts, found.changes),
        "",
        compared(texts, found),
    )
    return Alert(text, Loudness.REPORT, arranged([keys.tell(texts, marked("👥 Shadow"), View.SHADOW)]))


def compared(texts: Texts, found: ShadowComparison) -> Html:
    """Both beside each other."""
    return lines(
        texts.say("live: {figures}", figures=_figures(texts, found.live)),
        texts.say("shadow: {figures}", figures=_figures(texts, found.shadow)),
        difference(texts, found.low_r, found.high_r, found.level) if found.finding not in NO_INTERVAL else None,
        texts.say(FINDING[found.finding]),
        texts.say("🔒 The shadow's own latch ended its entries.") if found.is_latched else None,
    )


def buttons(texts: Texts, since_ms: int) -> tuple[tuple[Button, ...], ...]:
    """Promote, stop, look again. They name the shadow by its beginning."""

    def data(act: Beside) -> str:
        return ShadowDo(act=act, since_s=since_ms // 1_000).pack()

    promote = Button(texts.label(marked("⬆ Make these my settings…")), data(Beside.PROMOTE))
    stop = Button(texts.label(marked("⏹ End the shadow")), data(Beside.STOP))
    return arranged([promote], [stop, Button("🔄", data(Beside.SHOW))], [keys.back(texts)])


def none(texts: Texts, note: Html | None = None) -> Screen:
    """There is no shadow."""
    text = lines(
        row(texts.tag, bold(texts.say("Shadow"))),
        note,
        texts.say("Other settings trade on paper beside yours, over the same prices. Begin one like this:"),
        code("/shadow activation_threshold=0.5 stop_atr_multiplier=2"),
    )
    return Screen(text, arranged([keys.back(texts)]))


def is_real(texts: Texts) -> Html:
    """What the shadow tried are the live settings now."""
    return texts.say("👥 The shadow goes on, with the same settings as yours now. To end it: /shadow stop")


def _changes(texts: Texts, changes: tuple[tuple[str, float], ...]) -> list[Html]:
    return [
        texts.say("{title}: {value}", title=tunables.title(texts, name), value=bold(tunables.value(texts, name, value)))
        for name, value in changes
    ]


def _figures(texts: Texts, seen: SideFigures) -> Html:
    n = texts.numbers
    return row(
        texts.plural("{count} trade", "{count} trades", seen.trades),
        n.signed(seen.net_r, 1) + " R",
        n.gain(seen.net),
        texts.say("fall {drawdown}", drawdown=n.percent(seen.drawdown)),
    )
