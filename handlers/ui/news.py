"""Alerts of the ordinary course: proposals, positions, stops, regimes, feeds, the engine's start."""

from typing import Final

from engine.control import EngineControl
from engine.model.machine_notices import DecisionMissed, EngineReady, FeedCameBack, FeedWentAway, StoreCameBack, StoreWentAway
from engine.model.notices import (
    CoverVerified,
    EntryProposed,
    PositionClosed,
    PositionOpened,
    PositionReduced,
    ProposalEnded,
    RegimeChanged,
    SignalSeen,
    StopMoved,
)
from engine.model.signals import Proposal, Regime, Ruling, Side, Sides
from engine.model.view import EngineView
from handlers.ui import cards
from handlers.ui import keyboards as keys
from handlers.ui.alerts import Alert, Loudness, card_name, feed_name, position_name, regime_name, stop_name
from handlers.ui.callbacks import View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, lines, row
from handlers.ui.names import ARROW, REGIME, REGIME_ICON, SIDE, SIDES
from handlers.ui.screen import arranged
from handlers.ui.steering import AGAINST
from handlers.ui.why import reason_in_short

RULINGS_KEPT: Final = 500
ROUTE: Final = {"public": marked("quotes"), "market": marked("prices and bars"), "private": marked("account news")}


def find_ruling(engine: EngineControl, symbol: str, intent_id: str) -> Ruling | None:
    """The ruling that an intent came from, while it is remembered."""
    return next((ruling for ruling in engine.rulings(symbol, RULINGS_KEPT) if ruling.intent_id == intent_id), None)


def entry_proposed(texts: Texts, notice: EntryProposed, engine: EngineControl, token: str) -> Alert:
    """The card. Delivered after its deadline it has no buttons that act, and says so."""
    card = notice.proposal
    late = texts.say("⌛ This card arrived too late to be taken.") if not token else None
    screen = cards.proposal(texts, card, engine.params(), token, engine.asked("").seen_ms, late)
    return Alert(screen.text, Loudness.ASK, screen.rows, name=card_name(card.intent_id))


def proposal_ended(texts: Texts, notice: ProposalEnded, engine: EngineControl) -> Alert:
    """The card becomes its receipt."""
    ruling = find_ruling(engine, notice.symbol, notice.intent_id)
    screen = cards.receipt(texts, notice.symbol, notice.end, ruling, notice.refusals, notice.time_ms, who=notice.who)
    name = card_name(notice.intent_id)
    return Alert(screen.text, Loudness.NOTICE, screen.rows, name=name, edits=name)


def signal_seen(texts: Texts, notice: SignalSeen) -> Alert:
    """Signals mode: told, not taken."""
    ruling, n = notice.ruling, texts.numbers
    side = Side(int(ruling.opinion.proposal)) if ruling.opinion.proposal != Proposal.NEUTRAL else Side.LONG
    head = f"{ARROW[side]} {texts.label(SIDE[side])} {ruling.symbol} {n.price(ruling.bar.close)}"
    text = lines(
        row(texts.tag, bold(texts.say("Signal {what}", what=head))),
        texts.say("Told only: the mode is signals, nothing was sent."),
        reason_in_short(texts, ruling, int(side)),
        texts.at(ruling.close_time_ms),
    )
    return Alert(text, Loudness.ASK, arranged([keys.tell(texts, marked("❓ Why"), View.WHY, ruling.symbol)]))


def position_opened(texts: Texts, notice: PositionOpened, engine: EngineControl) -> Alert:
    """An entry filled."""
    intent, stamp = notice.trade.intent_id, engine.asked("").seen_ms
    screen = cards.entry(
        texts, notice.trade, notice.plan, notice.leverage, notice.ruling, engine.params(), stamp, is_covered=False
    )
    return Alert(screen.text, Loudness.MONEY, screen.rows, name=position_name(intent), follows=card_name(intent))


def cover_verified(texts: Texts, notice: CoverVerified, engine: EngineControl) -> Alert:
    """The entry's message learns that its stops rest on the exchange; where the position is gone, a line of its own."""
    desk = engine.view().desks.get(notice.symbol)
    held = desk.position if desk is not None else None
    name = position_name(notice.intent_id)
    if held is not None and held.trade.intent_id == notice.intent_id:
        ruling, params = find_ruling(engine, notice.symbol, notice.intent_id), engine.params()
        stamp = engine.asked("").seen_ms
        screen = cards.entry(texts, held.trade, held.plan, int(params.leverage), ruling, params, stamp, is_covered=True)
        return Alert(screen.text, Loudness.NOTICE, screen.rows, name=name, edits=name)
    n = texts.numbers
    text = lines(
        row(texts.tag, bold(_about(texts, notice.symbol, notice.side))),
        texts.say(
            "🛡 Stop {stop} and target {target} rest on the exchange.", stop=n.price(notice.stop), target=n.price(notice.target)
        ),
    )
    return Alert(text, Loudness.NOTICE, follows=name)


def stop_moved(texts: Texts, notice: StopMoved) -> Alert:
    """The stop was trailed: one message per position, edited each time."""
    n = texts.numbers
    text = lines(
        row(texts.tag, bold(_about(texts, notice.symbol, notice.side))),
        texts.say(
            "🛡 Stop {before} → {after} ✅, at the stop {r} before costs",
            before=n.price(notice.before),
            after=n.price(notice.after),
            r=n.multiple(notice.locked_in_r),
        ),
        texts.at(notice.time_ms),
    )
    name = stop_name(notice.intent_id)
    return Alert(text, Loudness.NOTICE, name=name, edits=name, follows=position_name(notice.intent_id))


def position_reduced(texts: Texts, notice: PositionReduced) -> Alert:
    """A part was closed."""
    screen = cards.reduced(texts, notice.trade, notice.closed, notice.remaining)
    return Alert(screen.text, Loudness.MONEY, screen.rows, follows=position_name(notice.trade.intent_id))


def position_closed(texts: Texts, notice: PositionClosed) -> Alert:
    """The trade is over."""
    screen = cards.exit_card(texts, notice.trade, notice.reason)
    intent = notice.trade.intent_id
    return Alert(screen.text, Loudness.MONEY, screen.rows, follows=position_name(intent), outdates=stop_name(intent))


def regime_changed(texts: Texts, notice: RegimeChanged, view: EngineView) -> Alert:
    """The market turned; where the allowed side now fights it, the remedy is one tap away."""
    desk = view.desks.get(notice.symbol)
    text = lines(
        row(texts.tag, bold(notice.symbol), texts.numbers.price(notice.close)),
        texts.say(
            "{icon} Regime: {before} → {after}, ADX {adx}",
            icon=REGIME_ICON[notice.after],
            before=texts.label(REGIME[notice.before]),
            after=texts.label(REGIME[notice.after]),
            adx=texts.numbers.fixed(notice.adx, 1),
        ),
        texts.say("A position is open here; its exits decide.") if notice.has_position else None,
        _fights(texts, notice.after, desk.sides) if desk is not None else None,
    )
    sides = keys.tell(texts, marked("🧭 Sides"), View.SIDES, notice.symbol)
    rows = arranged([sides, keys.tell(texts, marked("❓ Why"), View.WHY, notice.symbol)])
    name = regime_name(notice.symbol, notice.time_ms)
    return Alert(text, Loudness.NOTICE, rows, name=name, edits=name)


def feed_went_away(texts: Texts, notice: FeedWentAway) -> Alert:
    """Something is no longer heard."""
    name = feed_name(notice.route)
    text = lines(
        row(texts.tag, bold(texts.say("📡 Connection lost: {what}", what=_route(texts, notice.route)))),
        texts.say("Entries are held, the stops rest on the exchange. Reconnecting by itself."),
        texts.say("({detail})", detail=notice.detail) if notice.detail else None,
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.NOTICE, name=name, edits=name)


def feed_came_back(texts: Texts, notice: FeedCameBack) -> Alert:
    """It is heard again: the message of its loss is edited."""
    name = feed_name(notice.route)
    repaired = texts.plural("{count} missed bar was fetched.", "{count} missed bars were fetched.", notice.repaired)
    text = lines(
        row(texts.tag, bold(texts.say("📡 Connection back: {what}", what=_route(texts, notice.route)))),
        texts.say("It was away for {span}.", span=texts.numbers.duration(notice.lost_ms)),
        repaired if notice.repaired else None,
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.NOTICE, name=name, edits=name)


def store_went_away(texts: Texts, notice: StoreWentAway) -> Alert:
    """Nothing can be written down: said past the store, from memory."""
    text = lines(
        row(texts.tag, bold(texts.say("🗄 The memory store is away"))),
        texts.say("Entries are held. Stops and exits go on; /stop, /close and /panic work."),
        texts.say("({detail})", detail=notice.detail) if notice.detail else None,
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.CRITICAL)


def store_came_back(texts: Texts, notice: StoreCameBack) -> Alert:
    """What was owed to it is written down."""
    text = lines(
        row(texts.tag, bold(texts.say("🗄 The memory store is back"))),
        texts.say("It was away for {span}.", span=texts.numbers.duration(notice.lost_ms)),
        texts.say("What it missed is saved; I go on by myself."),
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.NOTICE)


def decision_missed(texts: Texts, notice: DecisionMissed) -> Alert:
    """Bars closed while nobody was looking."""
    text = lines(
        row(texts.tag, bold(notice.symbol)),
        texts.plural(
            "{count} bar closed while I was not looking: it is in the books, but too old to decide on.",
            "{count} bars closed while I was not looking: they are in the books, but too old to decide on.",
            notice.bars,
        ),
        texts.say("The newest closed {time}.", time=texts.on(notice.last_close_ms)),
    )
    return Alert(text, Loudness.NOTICE)


def engine_ready(texts: Texts, notice: EngineReady) -> Alert:
    """The engine stands, new or come back."""
    came = texts.say("I am back, with everything I remembered.") if notice.was_restored else texts.say("I am ready.")
    trading = texts.say("▶ Trading is on.") if notice.is_trading else texts.say("⏹ Not trading: /run starts it.")
    held = texts.plural("{count} position is open.", "{count} positions are open.", notice.positions)
    text = lines(row(texts.tag, bold(came)), trading, held if notice.positions else texts.say("No position is open."))
    return Alert(text, Loudness.NOTICE, arranged([keys.tell(texts, marked("📟 Panel"), View.PANEL)]))


def _about(texts: Texts, symbol: str, side: Side) -> str:
    return f"{ARROW[side]} {texts.label(SIDE[side])} {symbol}"


def _route(texts: Texts, route: str) -> str:
    return texts.label(ROUTE[route]) if route in ROUTE else route


def _fights(texts: Texts, regime: Regime, allowed: Sides) -> Html | None:
    if AGAINST.get(regime) is not allowed:
        return None
    return texts.say("⚠ You allow {sides}: there will be no entry in this regime.", sides=texts.label(SIDES[allowed]))
