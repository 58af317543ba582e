"""Open positions: one card each, with the exchange's own stop as it was last seen there."""

import math
from collections.abc import Iterator
from typing import Final

from engine.model.view import Care, DeskView, EngineView, PositionView
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import CloseAll, Hold, OnPosition, View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, lines, row
from handlers.ui.names import ARROW, SIDE, base_asset
from handlers.ui.outside import care
from handlers.ui.screen import Button, Screen, arranged

MOST_ROWS: Final = 10


def positions(texts: Texts, view: EngineView, now_ms: int, note: Html | None = None) -> Screen:
    """All open positions; a single one as its card."""
    held = [(desk, desk.position) for desk in view.desks.values() if desk.position is not None]
    if not held:
        text = lines(row(texts.tag, bold(texts.say("Positions"))), note, texts.say("None is open."))
        return Screen(text, arranged([keys.back(texts), keys.refresh(View.POSITIONS)]))
    if len(held) == 1:
        return card(texts, *held[0], now_ms, note)
    shown = held[:MOST_ROWS]
    parts = [row(headline(texts, desk, position), badge(texts, position.stop_on_exchange)) for desk, position in shown]
    buttons = [
        Button(f"{ARROW[position.trade.side]} {desk.symbol}", _data(position, OnPosition.CARD, now_ms))
        for desk, position in shown
    ]
    pairs = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    text = lines(row(texts.tag, bold(texts.say("Positions"))), note, "", *parts)
    close = Button(texts.label(marked("✖ Close all…")), CloseAll(percent=100, until_s=0).pack(), "danger")
    return Screen(text, arranged(*pairs, [close], [keys.back(texts), keys.refresh(View.POSITIONS)]))


def to_close(view: EngineView) -> list[PositionView]:
    """What closing everything closes, short of a panic: not what the owner said to leave alone."""
    held = (desk.position for desk in view.desks.values())
    return [position for position in held if position is not None and not position.is_left_alone]


def close_all(texts: Texts, view: EngineView, now_ms: int) -> Screen:
    """The second tap of closing everything: elsewhere, and for a short while only."""
    held = len(to_close(view))
    text = lines(
        row(texts.tag, bold(texts.say("Close all positions"))),
        texts.plural("{count} position is closed at market.", "{count} positions are closed at market.", held),
        texts.say("The button works for {seconds} s.", seconds=keys.SECOND_TAP_S),
    )
    label = marked("✖ Yes, close all LIVE") if texts.is_live else marked("✖ Yes, close all")
    until_s = now_ms // 1_000 + keys.SECOND_TAP_S
    yes = Button(texts.label(label), CloseAll(percent=100, until_s=until_s).pack(), "danger")
    return Screen(text, arranged([yes], [keys.back(texts, View.POSITIONS)]))


def card(texts: Texts, desk: DeskView, position: PositionView, now_ms: int, note: Html | None = None) -> Screen:
    """One position: result, size, protection, target, times."""
    n, trade = texts.numbers, position.trade
    notional = float(position.quantity) * position.mark
    text = lines(
        headline(texts, desk, position),
        note,
        care(texts, position),
        row(f"{n.short(position.quantity)} {base_asset(desk.symbol)} = {n.money(notional)}", _marked(texts, position)),
        *(_left_alone(texts, position) if position.is_left_alone else _planned(texts, desk, position, now_ms)),
        f"#T{trade.number}",
    )
    rows = keys.on_position(texts, trade.intent_id, desk.symbol, now_ms)
    if position.care is Care.ASKED:
        rows = (*arranged(list(keys.on_question(texts, position.question_id))), *rows)
    return Screen(text, (*rows, *arranged([keys.back(texts), Button("🔄", _data(position, OnPosition.CARD, now_ms))])))


def _planned(texts: Texts, desk: DeskView, position: PositionView, now_ms: int) -> Iterator[Html]:
    """Stop, target and times of a position that is ours, or covered as if it were."""
    n, trade, plan = texts.numbers, position.trade, position.plan
    yield from _stop(texts, desk, position, now_ms)
    yield texts.say(
        "Target {price} ({r}) {badge}",
        price=n.price(plan.target),
        r=n.multiple(plan.side * (plan.target - plan.entry) / plan.risk_distance) if plan.risk_distance else "–",
        badge=badge(texts, position.target_on_exchange),
    )
    yield from _liquidated_at(texts, position)
    yield texts.say(
        "Since {time}, at most until {end}", time=texts.on(trade.entry_time_ms), end=texts.on(position.closes_at_ms)
    )


def _left_alone(texts: Texts, position: PositionView) -> Iterator[Html]:
    """What still guards a position that is none of ours, and nothing of a plan that nobody follows."""
    wide = position.wide_stop_on_exchange
    if wide is not None:
        yield texts.say("Wide stop {price} {badge}", price=texts.numbers.price(wide), badge=badge(texts, wide))
    yield from _liquidated_at(texts, position)


def _liquidated_at(texts: Texts, position: PositionView) -> Iterator[Html]:
    if position.liquidation_price:
        yield texts.say("Liquidation {price}", price=texts.numbers.price(position.liquidation_price))


def gone(texts: Texts, note: Html) -> Screen:
    """A position that is no longer open."""
    return Screen(lines(texts.tag, note), arranged([keys.go(texts, marked("📍 Positions"), View.POSITIONS)]))


def headline(texts: Texts, desk: DeskView, position: PositionView) -> Html:
    """Side, symbol, entry, result in money and in R."""
    n, plan = texts.numbers, position.plan
    r = plan.side * (position.mark - plan.entry) / plan.risk_distance if plan.risk_distance else math.nan
    words = f"{ARROW[plan.side]} {texts.label(SIDE[position.trade.side])} {desk.symbol} {n.price(plan.entry)}"
    return row(texts.tag, bold(words), f"{n.gain(position.unrealised)} ({n.multiple(r)})")


def badge(texts: Texts, on_exchange: float | None) -> str:
    """Whether an order was seen resting on the exchange."""
    return texts.label(marked("✅ on exchange")) if on_exchange is not None else texts.label(marked("⚠ not verified"))


def distance(texts: Texts, from_price: float, to_price: float, atr: float) -> str:
    """How far a level is, in percent and ATR."""
    if not from_price:
        return "–"
    percent = texts.numbers.signed_percent(to_price / from_price - 1)
    if not atr > 0:
        return percent
    return texts.label(
        marked("{percent}, {atr} ATR"), percent=percent, atr=texts.numbers.fixed(abs(to_price - from_price) / atr, 1)
    )


def _stop(texts: Texts, desk: DeskView, position: PositionView, now_ms: int) -> Iterator[Html]:
    n, plan = texts.numbers, position.plan
    atr = desk.ruling.features.atr if desk.ruling is not None else math.nan
    shown = plan.stop if position.stop_on_exchange is None else position.stop_on_exchange
    yield texts.say(
        "Stop {price} ({distance}) {badge}",
        price=n.price(shown),
        distance=distance(texts, position.mark, shown, atr),
        badge=badge(texts, position.stop_on_exchange),
    )
    if position.stop_on_exchange is not None and position.verified_ms:
        ago = n.duration(max(0, now_ms - position.verified_ms))
        yield texts.say("  order {order}, looked at {ago} ago", order=position.stop_order_id, ago=ago)
    if position.wide_stop_on_exchange is not None:
        yield texts.say("  second stop {price}", price=n.price(position.wide_stop_on_exchange))
    kept = float(position.quantity) * plan.side * (shown - plan.entry)
    yield texts.say("  at the stop {money} before costs", money=n.gain(kept))


def _marked(texts: Texts, position: PositionView) -> Html:
    return texts.say("now {price}", price=texts.numbers.price(position.mark))


def _data(position: PositionView, act: OnPosition, stamp: int) -> str:
    return Hold(act=act, intent_id=position.trade.intent_id, stamp=stamp).pack()
