"""Trading on paper with a symbol that the exchange does not list: the rules of all are not read with every errand."""

from collections.abc import Sequence
from decimal import Decimal

from engine.adapters.paper_broker import RULES_AGAIN_MS, PaperBroker
from engine.model.events import AccountSynced, RulesLoaded
from engine.model.messages import SyncAccount
from tests.engine.adapters.fake_exchange import ManualClock
from tests.engine.adapters.paper_builders import RULES, SEEN_MS, START_MS, SYMBOL, FakeHistory, MemoryStore


class ShortHistory(FakeHistory):
    """Leaves out what is not listed; counts how often it is asked."""

    asked = 0

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        self.asked += 1
        return (RulesLoaded(RULES, START_MS, SEEN_MS),)


async def test_the_rules_are_read_again_after_a_while_only() -> None:
    history, clock = ShortHistory(), ManualClock()
    broker = PaperBroker(
        history,
        symbols=(SYMBOL, "GONEUSDT"),
        interval="1h",
        clock=clock,
        wallet=Decimal(10_000),
        books=MemoryStore(),
        market_ms=lambda: START_MS,
    )

    for passed_ms in (0, 1_000, RULES_AGAIN_MS):
        clock.time_ms += passed_ms
        (event,) = await broker.run(SyncAccount())
        assert isinstance(event, AccountSynced)

    assert history.asked == 2
