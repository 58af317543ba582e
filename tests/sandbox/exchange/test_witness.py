"""A witness at the venue's door: it sees every request, may keep it waiting, and may cut it before or after its effect."""

import aiohttp
import pytest

from sandbox.exchange.gate import Asked
from sandbox.exchange.venue import Venue
from tests.sandbox.exchange.builders import KEY, a_config, a_market

KEYS = "/fapi/v1/listenKey"


class Doorman:
    """Remembers what it saw, and lets through what it was told to."""

    def __init__(self, *, before: bool = True, after: bool = True) -> None:
        self.seen: list[tuple[str, str]] = []
        self._before = before
        self._after = after

    async def before(self, asked: Asked) -> bool:
        self.seen.append(("before", asked.path))
        return self._before

    async def after(self, asked: Asked) -> bool:
        self.seen.append(("after", asked.path))
        return self._after


async def _asked(witness: Doorman | None) -> tuple[int, int]:
    """Ask for a listen key once; give the answer's status and how many requests the venue carried out."""
    venue = Venue(a_config(), a_market())
    roots = await venue.start()
    venue.show_requests(witness)
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{roots.rest}{KEYS}", headers={"X-MBX-APIKEY": KEY}) as answer,
        ):
            status = answer.status
    except aiohttp.ClientError:
        status = 0
    finally:
        await venue.close()
    return status, sum(venue.exchange.ledger.requests.values())


async def test_a_request_is_shown_before_and_after_it_is_carried_out() -> None:
    witness = Doorman()

    assert await _asked(witness) == (200, 1)
    assert witness.seen == [("before", KEYS), ("after", KEYS)]


@pytest.mark.parametrize(("before", "after", "carried_out"), [(False, True, 0), (True, False, 1)])
async def test_a_request_is_cut_before_its_effect_or_after_it(before: bool, after: bool, carried_out: int) -> None:
    status, done = await _asked(Doorman(before=before, after=after))

    assert status == 0
    assert done == carried_out


async def test_without_a_witness_requests_are_answered_as_ever() -> None:
    assert await _asked(None) == (200, 1)
