"""The exchange's side of a mode: on paper, what the engine reads of the rules is heard by the exchange that judges by them."""

from bot.venue import open_venue
from engine.adapters.paper_broker import PaperBroker
from tests.bot.conftest import Read
from tests.engine.adapters.fake_exchange import ManualClock
from tests.engine.adapters.paper_builders import MemoryStore


async def test_on_paper_the_engine_reads_its_rules_past_the_exchange_on_paper(read: Read) -> None:
    venue = await open_venue(read(MODE="paper"), MemoryStore(), ManualClock())
    await venue.close()

    assert isinstance(venue.broker, PaperBroker)
    assert venue.history is venue.broker.history


async def test_at_a_real_exchange_the_engine_reads_its_rules_directly(read: Read) -> None:
    keys = {"BINANCE_API_KEY": "k" * 64, "BINANCE_API_SECRET": "s" * 64}
    venue = await open_venue(read(MODE="testnet", **keys), MemoryStore(), ManualClock())
    await venue.close()

    assert venue.history is venue.rest
