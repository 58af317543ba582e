"""The exchange as it is set up: what is older than the warm-up can be asked for and changes neither rules nor prices."""

from sandbox.exchange.config import VenueConfig
from sandbox.exchange.exchange import Exchange, open_exchange
from sandbox.market import Market, generate
from tests.sandbox.exchange.builders import a_client, a_venue


def opened(market: Market) -> Exchange:
    return open_exchange(VenueConfig(api_key="key", api_secret="secret"), market)


def test_an_older_past_changes_neither_the_rules_nor_the_price_that_the_run_begins_with() -> None:
    symbols = ("ETHUSDT", "NEWUSDT")
    short = opened(generate(symbols, "1m", bars=5, warmup=10, seed=1))

    long = opened(generate(symbols, "1m", bars=5, warmup=10, seed=1, past=2_000))

    assert long.contracts == short.contracts
    assert [long.boards[one].last for one in symbols] == [short.boards[one].last for one in symbols]
    assert [long.bars[one].newest_ms() for one in symbols] == [short.bars[one].newest_ms() for one in symbols]
    assert [long.bars[one].closed for one in symbols] == [2_010, 2_010]


async def test_bars_from_long_before_the_warm_up_are_given_and_the_run_begins_where_it_would() -> None:
    market = generate(("ETHUSDT",), "1m", bars=3, warmup=5, seed=1, past=2_000)

    async with a_venue(market) as (venue, roots), a_client(roots) as client:
        venue.hold()
        oldest = await client.futures_klines(symbol="ETHUSDT", interval="1m", startTime=market.first_open_ms, limit=1)
        newest = await client.futures_klines(symbol="ETHUSDT", interval="1m", limit=1)

    row = market.rows[0][0]
    assert [oldest[0][0], *map(float, oldest[0][1:5])] == [row.open_time_ms, row.open, row.high, row.low, row.close]
    assert newest[0][0] == market.start_ms - 60_000
