"""The shadow: it trades other settings on paper, survives a restart, and can reach no exchange."""

import gc
from decimal import Decimal
from types import FunctionType, ModuleType

from bot.shadow_memory import ShadowMemory, remembered
from tests.bot.shadow_world import BARS, PLAN, a_shadow, walk, walking
from tests.engine.runner_parts import SetClock
from tests.engine.trader.rising import WARMUP
from tests.engine.trader.world import SYMBOL


async def test_it_trades_on_paper_whatever_the_live_mode_is() -> None:
    clock, memory = SetClock(), ShadowMemory(PLAN)
    async with walking(a_shadow(clock, memory)) as shadow:
        await walk(shadow, WARMUP, 200, clock)

    assert memory.closed
    assert all(trade.exit_time_ms and trade.fees > 0 for trade in memory.closed)
    wallet = Decimal(memory.books["wallet"]) if memory.books else Decimal(0)
    held = memory.state.desks[SYMBOL].holding if memory.state else None
    booked = sum((trade.net for trade in memory.closed), Decimal(0))
    if held is None:
        assert wallet == PLAN.wallet + booked


async def test_a_restart_goes_on_with_the_same_position_and_books() -> None:
    clock, memory = SetClock(), ShadowMemory(PLAN)
    async with walking(a_shadow(clock, memory)) as shadow:
        number = WARMUP
        while shadow.runner.trader.desks[SYMBOL].memory.holding is None:
            await walk(shadow, number, number + 1, clock)
            number += 1
        held = shadow.runner.trader.desks[SYMBOL].memory.holding
    again = remembered(memory.texts())
    assert again is not None

    async with walking(a_shadow(clock, again, BARS[: number + 2])) as second:
        after = second.runner.trader.desks[SYMBOL].memory.holding
        assert held is not None
        assert after is not None
        assert after.trade.intent_id == held.trade.intent_id
        assert after.quantity == held.quantity
        assert second.runner.trader.books.saved.latch is None
        await walk(second, number + 2, 200, clock)

    assert again.closed


def reachable(root: object) -> list[object]:
    """Everything that an object leads to, but for modules, classes and code."""
    seen, waiting, found = {id(root)}, [root], list[object]()
    while waiting:
        one = waiting.pop()
        found.append(one)
        for other in gc.get_referents(one):
            inside = (other.__closure__ or ()) if isinstance(other, FunctionType) else (other,)
            for part in inside:
                if id(part) not in seen and not isinstance(part, ModuleType | type):
                    seen.add(id(part))
                    waiting.append(part)
    return found


async def test_nothing_that_it_is_made_of_leads_to_an_exchange_or_to_the_live_engine() -> None:
    clock, memory = SetClock(), ShadowMemory(PLAN)
    async with walking(a_shadow(clock, memory)) as shadow:
        await walk(shadow, WARMUP, WARMUP + 3, clock)
        kinds = {f"{type(one).__module__}.{type(one).__qualname__}" for one in reachable(shadow)}

    assert any("PaperExchange" in kind for kind in kinds), "the search sees what is there"
    forbidden = ("binance_client", "binance_rest", "binance_broker", "binance_user_stream", "aiohttp", "redis", "httpx")
    assert not [kind for kind in kinds if any(word in kind for word in forbidden)]
