"""The veto shown at work: every limit blocks by itself, with the owner's own values, and one that guards nothing is told."""

from bot.doctor_veto import veto
from engine.model.signals import VetoChecks
from tests.bot.conftest import Read

LIMITS = [name.upper() for name in VetoChecks._fields]


def test_every_limit_blocks_an_order_that_all_others_let_through(read: Read) -> None:
    said: list[str] = []

    code = veto(read(), said.append)

    assert code == 0
    assert [line.split(":")[0] for line in said[1:]] == [f"✅ {name}" for name in LIMITS]
    assert said[0] == "✅ a made-up order that nothing stands against passes the veto"


def test_the_limits_shown_are_the_owners_own(read: Read) -> None:
    said: list[str] = []

    veto(read(MAX_POSITIONS="7", MAX_DRAWDOWN="0.25", MAX_SPREAD_BPS="0"), said.append)

    assert any("TOO_MANY_POSITIONS: blocked, 7 of 7" in line for line in said), said
    assert any("DRAWDOWN: blocked" in line and "25" in line for line in said), said
    assert all(line.startswith("✅") for line in said), said


def test_a_limit_that_was_set_so_far_out_that_it_guards_nothing_is_told(read: Read) -> None:
    said: list[str] = []

    code = veto(read(MAX_DAILY_LOSS="1", FUNDING_WINDOW_MINUTES="0"), said.append)

    doubts = [line for line in said if line.startswith("⚠️")]
    assert code == 0
    assert ["FUNDING_WINDOW_MINUTES" in doubts[0], "MAX_DAILY_LOSS" in doubts[1]] == [True, True], said
