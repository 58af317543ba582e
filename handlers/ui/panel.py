"""The main panel: one glance, lines of at most 34 characters, and always the line that says why nothing happens."""

import textwrap
from collections.abc import Iterator
from typing import Final

from engine.model.signals import Proposal, Regime, Ruling, Sides, Verdict
from engine.model.view import DeskView, EngineView, Running
from engine.params import TradingParams
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import Go, View
from handlers.ui.language import GREY, Texts, marked
from handlers.ui.markup import Html, bold, clipped, lines, plain, safe
from handlers.ui.names import MODE, PROPOSAL, REGIME, REGIME_ICON, RUNNING, SIDE, SIDES, STAGE
from handlers.ui.refusals import refusal, weightiest
from handlers.ui.screen import Button, Screen, arranged

WIDTH: Final = 34
STALE_MS: Final = 10_000
FULL_DESKS: Final = 2  # so many symbols are drawn in full; more are one line each
MOST_DESKS: Final = 12


def panel(texts: Texts, view: EngineView, params: TradingParams, now_ms: int) -> Screen:
    """The panel as of now (wire time)."""
    stale = is_stale(view, now_ms)
    head = _fit(f"{_tag(texts, stale)} · {texts.label(RUNNING[view.running])} · {texts.label(MODE[view.mode])}")
    parts: list[str | None] = [bold(head), *(_fit(line) for line in _alarms(texts, view, now_ms, stale))]
    for desk in _shown(view):
        parts += ["", *_desk(texts, view, desk, params, now_ms)]
    parts += ["", *(_fit(line) for line in _money(texts, view, params))]
    parts.append(_fit(texts.label(marked("updated {time}"), time=texts.numbers.clock_seconds(now_ms))))
    return Screen(lines(*parts), _buttons(texts, view, params))


def is_stale(view: EngineView, now_ms: int) -> bool:
    """Whether the newest prices are too old to look live."""
    return any(now_ms - desk.last_frame_ms > STALE_MS for desk in view.desks.values()) or not view.desks


def why_line(texts: Texts, view: EngineView, desk: DeskView) -> str:
    """Why nothing happens on a symbol, or what does: the product in one line."""
    ruling = desk.ruling
    if view.is_halted:
        return texts.label(marked("the engine has halted"))
    if view.latch is not None:
        return texts.label(marked("the latch blocks entries: /latch"))
    if desk.position is not None:
        return texts.label(marked("in a position"))
    if view.running is not Running.RUNNING:
        return texts.label(marked("trading is paused or stopped"))
    if ruling is None:
        return texts.label(
            marked("warming up: {seen} of {needed} bars"),
            seen=texts.numbers.fixed(desk.bars, 0),
            needed=texts.numbers.fixed(desk.warmup_bars, 0),
        )
    return verdict_line(texts, ruling)


def verdict_line(texts: Texts, ruling: Ruling) -> str:
    """What became of a bar, in one line."""
    if ruling.verdict is not Verdict.REFUSED or not ruling.refusals:
        return texts.label(marked("entry proposed")) if ruling.verdict is Verdict.PROPOSED else texts.label(marked("entry"))
    first = plain(refusal(texts, weightiest(ruling.refusals)))
    others = len(ruling.refusals) - 1
    return first + (f" (+{others})" if others else "")


def _tag(texts: Texts, stale: bool) -> str:
    return f"{GREY} {texts.environment}" if stale else texts.tag


def _shown(view: EngineView) -> list[DeskView]:
    return list(view.desks.values())[:MOST_DESKS]


def _alarms(texts: Texts, view: EngineView, now_ms: int, stale: bool) -> Iterator[str]:
    if view.is_halted:
        yield texts.label(marked("⛔ Engine halted, stops stay"))
    if view.latch is not None:
        yield texts.label(marked("🔒 Latched: no entries"))
    if not view.is_ready:
        yield texts.label(marked("⏳ Comparing with the exchange"))
    elif stale:
        yield texts.label(marked("⚠ No fresh prices, entries held"))
    if view.unlisted:
        yield texts.label(marked("⚠ Not listed: {symbols}"), symbols=", ".join(view.unlisted))


def _desk(texts: Texts, view: EngineView, desk: DeskView, params: TradingParams, now_ms: int) -> Iterator[str]:
    if len(view.desks) > FULL_DESKS:
        price = texts.numbers.price(desk.last)
        yield _fit(f"{REGIME_ICON[desk.regime.regime]} {desk.symbol} {price} {texts.label(STAGE[desk.stage])}")
        yield _fit("  " + (_held(texts, desk) or why_line(texts, view, desk)))
        return
    age = texts.numbers.duration(max(0, now_ms - desk.last_frame_ms)) if desk.last_frame_ms else texts.label(marked("none"))
    yield bold(_fit(f"{desk.symbol}  {texts.numbers.price(desk.last)}"))
    yield _fit(texts.label(marked("Feed  {age} ago"), age=age))
    yield _fit(_regime(texts, desk))
    yield _fit(texts.label(marked("Sides  {sides}"), sides=texts.label(SIDES[desk.sides])) + _fights(desk))
    if desk.ruling is not None:
        yield _fit(_signal(texts, desk.ruling, params))
    yield from _wrapped(texts.label(marked("Why  {reason}"), reason=why_line(texts, view, desk)))
    held = _held(texts, desk)
    yield _fit(held if held else texts.label(marked("Position  {stage}"), stage=_flat(texts, desk)))


def _regime(texts: Texts, desk: DeskView) -> str:
    name = texts.label(REGIME[desk.regime.regime])
    return texts.label(
        marked("Regime  {icon} {name}, {age} bars"), icon=REGIME_ICON[desk.regime.regime], name=name, age=desk.regime.age
    )


def _fights(desk: DeskView) -> str:
    """A mark where the regime can only give entries on a side that is not allowed."""
    against = {Regime.BULL_TREND: Sides.SHORT, Regime.BEAR_TREND: Sides.LONG}
    return " ⚠" if against.get(desk.regime.regime) is desk.sides else ""


def _signal(texts: Texts, ruling: Ruling, params: TradingParams) -> str:
    n = texts.numbers
    arrow = "↓" if ruling.features.adx < ruling.features.adx_before else "↑"
    sure = f"{n.fixed(ruling.opinion.confidence, 2)}/{n.fixed(params.activation_threshold, 2)}"
    name = texts.label(PROPOSAL[Proposal(ruling.opinion.proposal)])
    return texts.label(
        marked("Signal  {name} {sure}  ADX {adx}"), name=name, sure=sure, adx=f"{n.fixed(ruling.features.adx, 0)}{arrow}"
    )


def _flat(texts: Texts, desk: DeskView) -> str:
    return texts.label(marked("none")) if desk.stage == "neutral" else texts.label(STAGE[desk.stage])


def _held(texts: Texts, desk: DeskView) -> str:
    if desk.position is None:
        return ""
    position = desk.position
    guard = "🛡" if position.stop_on_exchange is not None else "⚠"
    asset = texts.numbers.short(position.quantity)
    return f"{guard} {texts.label(SIDE[position.trade.side])} {asset}  {texts.numbers.gain(position.unrealised)}"


def _money(texts: Texts, view: EngineView, params: TradingParams) -> Iterator[str]:
    n = texts.numbers
    drawdown = float(1 - view.equity / view.peak_equity) if view.peak_equity else 0.0
    yield texts.label(marked("Today  {net}  fees {fees}"), net=n.gain(view.net_today), fees=n.money(view.fees_today))
    yield texts.label(marked("Funding  {funding}"), funding=n.gain(view.funding_today))
    yield texts.label(marked("Equity  {equity}"), equity=n.money(view.equity))
    yield texts.label(
        marked("Drawdown  {seen} of {limit}"), seen=n.percent(max(0.0, drawdown)), limit=n.percent(params.max_drawdown, 0)
    )


def _buttons(texts: Texts, view: EngineView, params: TradingParams) -> tuple[tuple[Button, ...], ...]:
    positions = sum(desk.position is not None for desk in view.desks.values())
    start = view.running is not Running.RUNNING
    threshold = texts.numbers.fixed(params.activation_threshold, 2)
    return arranged(
        [keys.run(texts)] if start else [],
        [None if start else keys.pause(texts), _sides_button(texts, view)],
        [
            Button(texts.label(marked("🎚 Threshold {value}"), value=threshold), Go(view=View.THRESHOLD).pack()),
            keys.go(texts, marked("❓ Why no trade"), View.WHY),
        ],
        [
            Button(texts.label(marked("📍 Positions {count}"), count=positions), Go(view=View.POSITIONS).pack()),
            keys.go(texts, marked("💰 P&L"), View.PNL),
        ],
        [keys.go(texts, marked("⚙ Settings"), View.SETTINGS), keys.refresh(View.PANEL)],
        [Button(texts.label(marked("🛑 Panic")), Go(view=View.PANIC).pack(), "danger")],
    )


def _sides_button(texts: Texts, view: EngineView) -> Button:
    found = {desk.sides for desk in view.desks.values()}
    name = texts.label(SIDES[found.pop()]) if len(found) == 1 else texts.label(marked("mixed"))
    return Button(texts.label(marked("🧭 {sides}"), sides=name), Go(view=View.SIDES).pack())


def _fit(text: str) -> Html:
    return safe(clipped(text, WIDTH))


def _wrapped(text: str) -> list[Html]:
    wrapped = textwrap.wrap(text, WIDTH, subsequent_indent="  ", max_lines=2, placeholder=" …")
    return [safe(line) for line in wrapped]
