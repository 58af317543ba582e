"""The account's news: types in any order among each other, one type strictly in its own."""

import random

from sandbox.exchange.broadcast import interleaved

NEWS = [{"e": kind, "number": number} for number, kind in enumerate("ABACABBA")]


def test_events_of_one_type_keep_their_order() -> None:
    for seed in range(50):
        mixed = interleaved(NEWS, random.Random(seed))
        for kind in "ABC":
            numbers = [one["number"] for one in mixed if one["e"] == kind]
            assert numbers == [one["number"] for one in NEWS if one["e"] == kind]


def test_types_change_places() -> None:
    orders = {tuple(one["e"] for one in interleaved(NEWS, random.Random(seed))) for seed in range(50)}

    assert len(orders) > 10
