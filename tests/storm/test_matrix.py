"""A third of the crash matrix, another one every day: killed at named points, the engine loses nothing and doubles nothing."""

from datetime import UTC, datetime

import pytest

from tests.storm.matrix import cases, run_cases

PARTS = 3


@pytest.mark.timeout(300)  # of a machine that does other things as well
def test_a_process_that_dies_at_a_named_point_is_followed_by_one_that_puts_everything_right() -> None:
    part = datetime.now(UTC).timetuple().tm_yday % PARTS
    chosen = cases()[part::PARTS]
    print(f"part {part + 1} of {PARTS}: {len(chosen)} cells")

    failed = [f"{case}: {ended.violations}" for case, ended in run_cases(chosen) if ended.violations]

    assert not failed, "\n".join(failed[:5])


def test_the_matrix_kills_before_and_after_thirty_awaits_or_more() -> None:
    points = {case.point for case in cases()}

    assert len({point.rpartition(":")[0] for point in points}) >= 30
    assert len(points) >= 60
