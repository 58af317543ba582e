"""Cards of one trade, from proposal to exit, each in the same order: what, size, protection, target, why, when.

Line 1 is what the lock screen shows: environment, verb, side, symbol, price and the one number that matters.
"""

import math
from collections.abc import Sequence
from decimal import Decimal

from engine.model.orders import ExitPlan, ExitReason, Trade
from engine.model.proposals import ProposalEnd, Proposed
from engine.model.signals import Proposal, Refusal, Ruling, Side
from engine.params import TradingParams
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, fold, lines, moment, row
from handlers.ui.names import ARROW, PROPOSAL_END, REASON, REASON_ICON, SIDE, base_asset
from handlers.ui.positions import badge, distance
from handlers.ui.refusals import refusal
from handlers.ui.screen import Screen, arranged
from handlers.ui.why import details, reason_in_short


def proposal(texts: Texts, card: Proposed, params: TradingParams, token: str, now_ms: int, note: Html | None = None) -> Screen:
    """An entry that waits for the owner's yes. Without a token it has no buttons that act."""
    n, atr = texts.numbers, card.ruling.features.atr
    head = f"{ARROW[card.side]} {texts.label(SIDE[card.side])} {card.symbol} {n.price(card.price)}"
    left = n.duration(max(0, card.deadline_ms - now_ms))
    until = moment(card.deadline_ms, texts.label("in {span}", span=left), "r")
    text = lines(
        row(texts.tag, bold(texts.say("Enter? {what}", what=head)), texts.say("risk {money}", money=n.money(card.risk_amount))),
        note,
        row(
            f"{n.short(card.quantity)} {base_asset(card.symbol)} = {n.money(card.notional)}",
            texts.say("{leverage}× isolated, margin {margin}", leverage=card.leverage, margin=n.money(card.margin)),
        ),
        texts.say("Stop {price} ({distance})", price=n.price(card.stop), distance=distance(texts, card.price, card.stop, atr)),
        _target(texts, card.target, _multiple(card.price, card.stop, card.target), None),
        reason_in_short(texts, card.ruling, int(card.side)),
        texts.say("Worst case at the stop: {money} and costs", money=n.gain(-card.risk_amount)),
        texts.say("Expires {when}, at {time} UTC", when=until, time=n.clock_seconds(card.deadline_ms)),
        fold(*details(texts, card.ruling, params)),
    )
    if not token:
        return Screen(text, arranged([keys.tell(texts, marked("❓ Why"), View.WHY, card.symbol)]))
    return Screen(text, keys.on_card(texts, token, card.symbol, n.money(card.notional)))


def receipt(
    texts: Texts,
    symbol: str,
    end: ProposalEnd,
    ruling: Ruling | None,
    refusals: Sequence[Refusal],
    time_ms: int,
    note: Html | None = None,
    *,
    who: str = "",
) -> Screen:
    """What a card becomes once it is answered or over: no button of it acts any more. `who` answered it, if anybody."""
    n = texts.numbers
    what = symbol
    if ruling is not None:
        side = Side(int(ruling.opinion.proposal)) if ruling.opinion.proposal != Proposal.NEUTRAL else None
        words = f"{ARROW[side]} {texts.label(SIDE[side])} " if side is not None else ""
        what = f"{words}{symbol} {n.price(ruling.bar.close)}"
    size = texts.say("Size {notional}, risk {risk}", **_money(texts, ruling)) if ruling is not None else None
    text = lines(
        row(texts.tag, bold(what), texts.label(PROPOSAL_END[end])),
        note,
        texts.say("It was answered by {who}.", who=who) if who else None,
        *(f"⛔ {refusal(texts, refused)}" for refused in refusals),
        size,
        _afterwards(texts, end),
        texts.at(time_ms),
    )
    return Screen(text, arranged([keys.tell(texts, marked("❓ Why"), View.WHY, symbol)]))


def entry(
    texts: Texts,
    trade: Trade,
    plan: ExitPlan,
    leverage: int,
    ruling: Ruling | None,
    params: TradingParams,
    stamp: int,
    is_covered: bool,
) -> Screen:
    """A position was opened. Before its stops were seen on the exchange, it says so."""
    n, price = texts.numbers, float(trade.entry_price)
    head = f"{ARROW[trade.side]} {texts.label(SIDE[trade.side])} {trade.symbol} {n.price(trade.entry_price)}"
    risk = abs(price - plan.stop) * float(trade.quantity)
    atr = ruling.features.atr if ruling is not None else math.nan
    notional = trade.entry_price * trade.quantity
    seen = 0.0 if is_covered else None
    text = lines(
        row(texts.tag, bold(head), texts.say("risk {money}", money=n.money(risk))),
        row(
            f"{n.short(trade.quantity)} {base_asset(trade.symbol)} = {n.money(notional)}",
            texts.say("{leverage}× isolated", leverage=leverage),
        ),
        texts.say(
            "Stop {price} ({distance}) {badge}",
            price=n.price(plan.stop),
            distance=distance(texts, price, plan.stop, atr),
            badge=badge(texts, seen) if is_covered else texts.label(marked("⏳ being placed")),
        ),
        _target(texts, plan.target, _multiple(plan.entry, plan.entry - plan.side * plan.risk_distance, plan.target), seen),
        _slipped(texts, trade, ruling),
        reason_in_short(texts, ruling, int(trade.side)) if ruling is not None else None,
        row(f"#T{trade.number}", texts.at(trade.entry_time_ms)),
        fold(*details(texts, ruling, params)) if ruling is not None else None,
    )
    return Screen(text, keys.on_position(texts, trade.intent_id, trade.symbol, stamp))


def reduced(texts: Texts, trade: Trade, closed: Decimal, remaining: Decimal) -> Screen:
    """A part of a position was closed."""
    n = texts.numbers
    head = texts.say("½ Closed a part: {side} {symbol}", side=texts.label(SIDE[trade.side]), symbol=trade.symbol)
    asset = base_asset(trade.symbol)
    text = lines(
        row(texts.tag, bold(head)),
        texts.say("{closed} closed, {left} {asset} left", closed=n.short(closed), left=n.short(remaining), asset=asset),
        texts.say("Result of the trade so far {net}", net=n.gain(trade.net)),
        f"#T{trade.number}",
    )
    return Screen(text, arranged([keys.tell(texts, marked("📍 Positions"), View.POSITIONS)]))


def exit_card(texts: Texts, trade: Trade, reason: ExitReason) -> Screen:
    """A position is flat: net result with everything it is made of."""
    n = texts.numbers
    head = f"{REASON_ICON[reason]} {texts.label(SIDE[trade.side])} {trade.symbol} {n.price(trade.exit_price)}"
    text = lines(
        row(texts.tag, bold(head), bold(n.gain(trade.net)), n.multiple(trade.result_in_r)),
        texts.say(
            "{reason}, after {span}",
            reason=_sentence(texts.label(REASON[reason])),
            span=n.duration(trade.exit_time_ms - trade.entry_time_ms),
        ),
        parts_of_net(texts, trade.gross, trade.fees, trade.funding),
        texts.say(
            "{quantity} {asset}: {entry} → {exit}",
            quantity=n.short(trade.quantity),
            asset=base_asset(trade.symbol),
            entry=n.price(trade.entry_price),
            exit=n.price(trade.exit_price),
        ),
        row(f"#T{trade.number}", texts.at(trade.exit_time_ms)),
    )
    buttons = [keys.tell(texts, marked("💰 P&L"), View.PNL), keys.tell(texts, marked("❓ Why"), View.WHY, trade.symbol)]
    return Screen(text, arranged(buttons))


def parts_of_net(texts: Texts, gross: Decimal, fees: Decimal, funding: Decimal) -> Html:
    """Price, fees and funding kept apart."""
    n = texts.numbers
    return texts.say(
        "Price {gross} · fees {fees} · funding {funding}", gross=n.gain(gross), fees=n.gain(-fees), funding=n.gain(funding)
    )


def _target(texts: Texts, target: float, r: float, seen: float | None) -> Html:
    shown = texts.say("Target {price} ({r})", price=texts.numbers.price(target), r=texts.numbers.multiple(r))
    return shown if seen is None else row(shown, badge(texts, seen), gap=" ")


def _multiple(entry_price: float, stop: float, target: float) -> float:
    risked = abs(entry_price - stop)
    return abs(target - entry_price) / risked if risked else math.nan


def _slipped(texts: Texts, trade: Trade, ruling: Ruling | None) -> Html | None:
    """How much worse (or better) than the bar's close the entry was filled."""
    if ruling is None or not ruling.bar.close:
        return None
    worse = int(trade.side) * (float(trade.entry_price) / ruling.bar.close - 1)
    words = marked("Filled {percent} worse than the close") if worse > 0 else marked("Filled {percent} better than the close")
    return texts.say(words, percent=texts.numbers.percent(abs(worse), 3))


def _money(texts: Texts, ruling: Ruling) -> dict[str, str]:
    return {"notional": texts.numbers.money(ruling.size.notional), "risk": texts.numbers.money(ruling.size.risk_amount)}


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _afterwards(texts: Texts, end: ProposalEnd) -> Html:
    if end is ProposalEnd.TAKEN:
        return texts.say("The order is on its way; the result follows as a message of its own.")
    return texts.say("Nothing was sent, nothing is open from this card.")
