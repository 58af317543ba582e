"""The picture of the Trader that panels, cards and reports read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from engine.desk import care
from engine.desk.desk import Desk
from engine.execution import cover
from engine.model.market import HOUR_MS
from engine.model.orders import Role
from engine.model.saved import Holding
from engine.model.view import DeskView, EngineView, PositionView, Stage
from engine.state import ledger
from engine.trader.beginning import unlisted

if TYPE_CHECKING:
    from engine.trader.trader import Trader


def view(trader: Trader) -> EngineView:
    """Everything, as it is between two events."""
    saved, desks = trader.books.saved, trader.desks.values()
    return EngineView(
        running=saved.running,
        mode=saved.mode,
        is_halted=trader.is_halted,
        is_guarded=trader.is_guarded,
        latch=saved.latch,
        wallet=saved.wallet,
        equity=trader.books.equity(desks),
        available=trader.books.available,
        peak_equity=saved.peak_equity,
        day_start_equity=saved.day_start_equity,
        loss_streak=saved.loss_streak,
        locked_until_ms=saved.locked_until_ms,
        trades_today=saved.day_trades,
        net_today=saved.day_net,
        fees_today=saved.day_fees,
        funding_today=saved.day_funding,
        desks={symbol: desk_view(trader, desk) for symbol, desk in trader.desks.items()},
        time_ms=trader.time_ms,
        synced_ms=trader.synced_ms,
        is_ready=trader.is_ready,
        is_busy=trader.is_busy,
        unlisted=unlisted(trader.setup, trader.desks) if trader.is_ready else (),
    )


def holds_anything(trader: Trader) -> bool:
    """Whether a position is in the books, or was seen at the exchange."""
    desks = trader.desks.values()
    return any(desk.memory.holding or (desk.seen_position and desk.seen_position.quantity) for desk in desks)


def desk_view(trader: Trader, desk: Desk) -> DeskView:
    """One symbol."""
    sight, memory = desk.sight, desk.memory
    return DeskView(
        symbol=desk.terms.symbol,
        stage=stage(desk),
        sides=memory.sides,
        bid=sight.bid,
        ask=sight.ask,
        last=sight.last if sight.last == sight.last else _last_close(desk),
        mark=sight.mark,
        funding_rate=sight.funding_rate,
        next_funding_ms=sight.next_funding_ms,
        regime=desk.bars.regime,
        ruling=desk.rulings[0] if desk.rulings else None,
        proposal=memory.proposal,
        position=position_view(trader, desk, memory.holding) if memory.holding is not None else None,
        bars=desk.bars.count,
        warmup_bars=desk.terms.warmup_bars,
        bars_rejected=desk.bars.rejected,
        bars_repaired=desk.bars.repaired,
        locked_until_ms=memory.locked_until_ms,
        last_frame_ms=sight.frame_ms,
        last_bar_ms=desk.bars.last_close_ms,
    )


def _last_close(desk: Desk) -> float:
    return desk.bars.bars[-1].close if desk.bars.bars else float("nan")


def stage(desk: Desk) -> Stage:
    """Where a symbol stands."""
    memory = desk.memory
    if memory.holding is not None:
        closing = memory.holding.flat_seen_ms or (memory.exit is not None and memory.exit.is_whole)
        return Stage.CLOSING if closing else Stage.OPEN
    if memory.entry is not None:
        return Stage.ENTERING
    return Stage.PROPOSED if memory.proposal is not None else Stage.NEUTRAL


def position_view(trader: Trader, desk: Desk, holding: Holding) -> PositionView:
    """An open position, with the stops as they were seen at the exchange."""
    mark = desk.sight.price(float(holding.trade.entry_price))
    stop = _seen(desk, Role.TIGHT_STOP)
    wide, target = _seen(desk, Role.WIDE_STOP), _seen(desk, Role.TARGET)
    seen = desk.seen_position
    hand = care.hand_of(desk.memory)
    limit_ms = round(trader.params.max_position_hours * HOUR_MS)
    return PositionView(
        trade=holding.trade,
        plan=holding.plan,
        quantity=holding.quantity,
        mark=mark,
        unrealised=ledger.unrealised(holding, mark) if holding.quantity else Decimal(0),
        liquidation_price=float(seen.liquidation_price) if seen is not None else 0.0,
        stop_on_exchange=stop[0] if stop else None,
        stop_order_id=stop[1] if stop else 0,
        target_on_exchange=target[0] if target else None,
        wide_stop_on_exchange=wide[0] if wide else None,
        verified_ms=trader.synced_ms if cover.is_covered(desk.memory, holding.quantity) else 0,
        closes_at_ms=holding.plan.opened_ms + limit_ms,
        question_id=hand.question_id if hand is not None else "",
        care=hand.care if hand is not None else None,
    )


def _seen(desk: Desk, role: Role) -> tuple[float, int] | None:
    """The trigger price and number of a stop that rests at the exchange."""
    resting = [stop for stop in desk.memory.stops if stop.role is role and stop.is_seen and not stop.is_cancelling]
    return (float(resting[-1].trigger_price), resting[-1].algo_id) if resting else None
