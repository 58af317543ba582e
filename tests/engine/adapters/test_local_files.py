"""The data folder's own memory: one user, a number that cannot go unnoticed backwards, a latch that damage cannot lift."""

import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from engine.adapters.local_files import BrakesFile, FolderInUse, InstanceLock, SequenceFile
from engine.model.notices import LatchCause
from engine.model.view import NO_BRAKES, Brakes, LatchView, PanicView, Running

LATCH = LatchView(LatchCause.DRAWDOWN, seen=0.112, needed=0.1, set_ms=1_795_000_000_000)
HELD = Brakes(LATCH, {"live": Running.PAUSED}, {"live": PanicView(1_795_000_000_001, is_over=False)})

HOLD_AND_WAIT = """
import sys
from pathlib import Path
from engine.adapters.local_files import InstanceLock
lock = InstanceLock(Path(sys.argv[1]))
lock.take()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_process_on_a_folder_learns_who_has_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_AND_WAIT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        with pytest.raises(FolderInUse, match=f"process {other.pid}"):
            InstanceLock(tmp_path).take()

        other.kill()


def test_the_folder_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_AND_WAIT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.kill()
        other.wait()

        lock = InstanceLock(tmp_path)
        lock.take()

        lock.release()


def test_a_released_folder_can_be_taken_again(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path)
    lock.take()
    lock.release()

    lock.take()

    lock.release()


def test_a_store_that_knows_less_than_the_folder_has_lost_its_tail(tmp_path: Path) -> None:
    SequenceFile(tmp_path).note(41)

    numbers = SequenceFile(tmp_path)

    assert numbers.read() == 41
    assert numbers.has_lost_tail(40)
    assert not numbers.has_lost_tail(41)
    assert not numbers.has_lost_tail(57)


def test_a_new_folder_misses_nothing(tmp_path: Path) -> None:
    assert not SequenceFile(tmp_path / "new").has_lost_tail(0)


@pytest.mark.parametrize("text", [b"", b"41", b"0000000000000000004x\n", b"\x00" * 21])
def test_a_damaged_number_counts_as_a_lost_tail(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "journal.seq").write_bytes(text)

    assert SequenceFile(tmp_path).has_lost_tail(10**9)


def test_a_lower_number_may_be_noted_once_the_loss_was_dealt_with(tmp_path: Path) -> None:
    numbers = SequenceFile(tmp_path)
    numbers.note(9_000)

    numbers.note(12)

    assert not numbers.has_lost_tail(12)


def test_what_holds_entries_back_comes_back_to_the_last_digit(tmp_path: Path) -> None:
    BrakesFile(tmp_path).write(HELD)

    assert BrakesFile(tmp_path).read() == HELD


def test_without_a_file_and_after_lifting_nothing_holds(tmp_path: Path) -> None:
    file = BrakesFile(tmp_path)
    assert file.read() == NO_BRAKES
    file.write(HELD)

    file.write(NO_BRAKES)

    assert file.read() == NO_BRAKES


@pytest.mark.parametrize("text", [b"", b"{", b"{}", b"null", b"[]", b'{"latch":null,"running":{"live":"idle"}}', b"\xff\xfe"])
def test_a_damaged_file_is_a_latch(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "brakes.json").write_bytes(text)

    latch = BrakesFile(tmp_path).read().latch

    assert latch is not None
    assert latch.cause is LatchCause.LOST_STATE
    assert latch.set_ms > 0


def test_any_letter_that_is_wrong_is_a_latch(tmp_path: Path) -> None:
    file, path = BrakesFile(tmp_path), tmp_path / "brakes.json"
    file.write(replace(HELD, latch=None))
    whole = path.read_bytes()

    for place, bit in product(range(len(whole)), range(8)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        assert file.read().latch is not None


def test_a_file_whose_writing_was_cut_off_leaves_the_old_one(tmp_path: Path) -> None:
    BrakesFile(tmp_path).write(HELD)
    (tmp_path / "brakes.json.new").write_bytes(b'{"cau')

    assert BrakesFile(tmp_path).read() == HELD


def test_what_the_folder_remembers_is_nobody_elses_to_read(tmp_path: Path) -> None:
    BrakesFile(tmp_path).write(HELD)
    SequenceFile(tmp_path).note(1)

    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("brakes.json", "journal.seq")]

    assert modes == [0o600, 0o600]
