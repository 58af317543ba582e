"""Screens that only look: the last signals with what stopped them, and the health of feeds and books."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from engine.model.signals import Proposal, Ruling
from engine.model.view import DeskView, EngineView
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import View
from handlers.ui.language import Texts
from handlers.ui.markup import Html, bold, lines, row
from handlers.ui.names import PROPOSAL
from handlers.ui.panel import verdict_line
from handlers.ui.refusals import refusal_name
from handlers.ui.screen import Screen, arranged

MOST_SIGNALS: Final = 8
MOST_REFUSALS: Final = 6
MOST_SYMBOLS: Final = 12
STALE_MS: Final = 10_000


def signals(texts: Texts, symbol: str, rulings: Sequence[Ruling], symbols: Sequence[str]) -> Screen:
    """The newest proposals of a symbol, and a count of what stood in their way."""
    proposals = [ruling for ruling in rulings if ruling.opinion.proposal != Proposal.NEUTRAL]
    stopped = Counter(code for ruling in proposals for code in ruling.refusal_codes)
    free = sum(not ruling.refusals for ruling in proposals)
    funnel = texts.say(
        "{bars} bars → {signals} signals → {free} without objection",
        bars=texts.numbers.fixed(len(rulings), 0),
        signals=texts.numbers.fixed(len(proposals), 0),
        free=texts.numbers.fixed(free, 0),
    )
    text = lines(
        row(texts.tag, bold(texts.say("Signals {symbol}", symbol=symbol))),
        funnel,
        *(
            texts.say("{count} × {reason}", count=texts.numbers.fixed(count, 0), reason=refusal_name(texts, code))
            for code, count in stopped.most_common(MOST_REFUSALS)
        ),
        "",
        *(_signal(texts, ruling) for ruling in proposals[:MOST_SIGNALS]),
    )
    others = [keys.go(texts, name, View.SIGNALS, name) for name in symbols[:MOST_SYMBOLS] if name != symbol]
    pairs = [others[at : at + 2] for at in range(0, len(others), 2)]
    return Screen(text, arranged(*pairs, [keys.back(texts), keys.refresh(View.SIGNALS, symbol)]))


def health(texts: Texts, view: EngineView, now_ms: int) -> Screen:
    """Whether what the bot sees is fresh, and whether its books were compared."""
    n = texts.numbers
    synced = n.duration(max(0, now_ms - view.synced_ms)) if view.synced_ms else "–"
    text = lines(
        row(texts.tag, bold(texts.say("Health"))),
        texts.say("⛔ The engine has halted; stops stay on the exchange.") if view.is_halted else None,
        texts.say("✅ Compared with the exchange {ago} ago", ago=synced)
        if view.is_ready
        else texts.say("⏳ Not yet compared with the exchange"),
        texts.say("Something is on its way to the exchange") if view.is_busy else texts.say("Nothing is on its way"),
        texts.say("Market time {time}", time=texts.on(view.time_ms)),
        texts.say("Wallet {wallet}, free {free}", wallet=n.money(view.wallet), free=n.money(view.available)),
        "",
        *(line for desk in list(view.desks.values())[:MOST_SYMBOLS] for line in _desk(texts, desk, now_ms)),
    )
    return Screen(text, arranged([keys.back(texts), keys.refresh(View.HEALTH)]))


def _signal(texts: Texts, ruling: Ruling) -> Html:
    name = texts.label(PROPOSAL[Proposal(ruling.opinion.proposal)])
    sure = texts.numbers.fixed(ruling.opinion.confidence, 2)
    return lines(row(texts.on(ruling.close_time_ms), f"{name} {sure}"), "  " + verdict_line(texts, ruling))


def _desk(texts: Texts, desk: DeskView, now_ms: int) -> tuple[Html, ...]:
    n = texts.numbers
    age = now_ms - desk.last_frame_ms
    fresh = desk.last_frame_ms > 0 and age <= STALE_MS
    ago = n.duration(max(0, age)) if desk.last_frame_ms else "–"
    return (
        row(("✅ " if fresh else "⚠ ") + desk.symbol, texts.say("prices {ago} ago", ago=ago)),
        texts.say(
            "  {bars} of {needed} warm-up bars, newest {time}",
            bars=desk.bars,
            needed=desk.warmup_bars,
            time=texts.on(desk.last_bar_ms),
        ),
        texts.say("  {repaired} fetched later, {rejected} refused", repaired=desk.bars_repaired, rejected=desk.bars_rejected),
    )
