"""What the product is put into: more of a past than it warms up with, so that questions about it have an answer at once."""

from pathlib import Path

import pytest

from sandbox.market.intervals import DAY_MS
from sandbox.options import MarketOptions, read_market
from sandbox.world import PAST_DAYS, make_market, open_world, product_settings
from tests.sandbox.test_demo import options


def asked(*, interval: str, warmup: int) -> MarketOptions:
    return read_market(candles=(), symbols="", interval=interval, start="", bars=5, warmup=warmup, speed="max", seed=1)


@pytest.mark.parametrize("interval", ["1m", "1h", "1d"])
def test_a_made_up_market_has_months_behind_it_before_the_warm_up(interval: str) -> None:
    market = make_market(asked(interval=interval, warmup=50))

    warm_ms = market.start_ms - 50 * market.interval_ms
    assert (market.warmup, market.bars) == (50, 5)
    assert warm_ms - market.first_open_ms == PAST_DAYS * DAY_MS


async def test_the_product_warms_up_with_what_was_asked_for_and_not_with_all_that_is_known(tmp_path: Path) -> None:
    chosen = options(tmp_path)
    world = await open_world(chosen.market, port=0, language="en", follow_url="http://127.0.0.1:9/", wait_for_cards=False)

    settings = product_settings(world, chosen, tmp_path, 1)

    await world.close()
    assert int(settings["WARMUP_BARS"]) == chosen.market.warmup < world.market.known
