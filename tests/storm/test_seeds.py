"""A thousand storms: faults of the catalogue over the whole engine, judged by the exchange's own books."""

import pytest

from tests.storm.catalogue import FAULTS
from tests.storm.seeds import Tally, report, run_seeds, told_failures

SEEDS = 1_000


@pytest.mark.timeout(600)  # of a machine that does other things as well
def test_no_invariant_is_violated_in_a_thousand_storms() -> None:
    tally = Tally()
    for ended in run_seeds(1, SEEDS):
        tally.add(ended)

    print(report(tally, ""))
    assert not tally.failed, "\n".join(told_failures(tally.failed[:3], ""))
    assert tally.seeds == SEEDS
    assert tally.fills > SEEDS, "the storms saw too few trades"
    assert tally.kills > SEEDS // 2, "the storms saw too few deaths"
    assert tally.stop_moves > SEEDS // 2, "the storms saw too few moves of a stop"
    assert set(tally.hits) == set(FAULTS), f"faults that never struck: {set(FAULTS) - set(tally.hits)}"
