"""The equity curve is kept as it was noted, oldest first."""

from decimal import Decimal

from engine.adapters.redis_equity import EquityCurve, EquitySnapshot
from engine.adapters.redis_link import RedisLink


async def test_snapshots_come_back_to_the_last_digit_and_oldest_first(link: RedisLink) -> None:
    curve = EquityCurve(link)
    taken = [EquitySnapshot(hour, Decimal("10000.12345678") + hour, Decimal("9999.00000001")) for hour in range(3)]

    for snapshot in taken:
        await curve.note(snapshot)

    assert list(await curve.snapshots()) == taken


async def test_a_store_without_snapshots_has_an_empty_curve(link: RedisLink) -> None:
    assert await EquityCurve(link).snapshots() == ()
