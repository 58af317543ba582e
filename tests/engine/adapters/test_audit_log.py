"""The audit chain: it goes on over restarts, and shows every change, loss and swap of its lines."""

import os
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.audit_log import AuditLog, Head


def a_log(folder: Path, lines: int = 3) -> AuditLog:
    log = AuditLog(folder)
    for number in range(lines):
        log.append("tune", "user 7", {"name": "max_drawdown", "value": 0.1 + number, "before": None}, 1_000 + number)
    return log


def test_a_chain_holds_over_restarts(tmp_path: Path) -> None:
    a_log(tmp_path)

    log = a_log(tmp_path)

    verdict = log.verify()
    assert verdict.is_whole
    assert (verdict.entries, verdict.head) == (6, log.head)
    assert [entry.facts["value"] for entry in log.entries()] == [0.1, 1.1, 2.1] * 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"value":1.1', b'"value":9.9'),
        (b'"who":"user 7","facts":{"name":"max_drawdown","value":1.1', b'"who":"user 8","facts":{'),
    ],
)
def test_a_changed_line_is_found(tmp_path: Path, old: bytes, new: bytes) -> None:
    a_log(tmp_path)
    path = tmp_path / "audit.jsonl"
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))

    verdict = AuditLog(tmp_path).verify()

    assert verdict.entries == 1
    assert verdict.fault.startswith("line 2:")


@pytest.mark.parametrize("order", [(0, 2), (1, 0, 2), (1, 2), (0, 1, 1, 2)])
def test_a_missing_swapped_or_doubled_line_is_found(tmp_path: Path, order: tuple[int, ...]) -> None:
    a_log(tmp_path)
    path = tmp_path / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[at] for at in order))

    assert not AuditLog(tmp_path).verify().is_whole


def test_a_tail_that_was_cut_off_shows_against_the_head_that_was_told(tmp_path: Path) -> None:
    told = a_log(tmp_path).head
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

    log = AuditLog(tmp_path)

    assert log.verify().is_whole
    assert not log.verify(told).is_whole


def test_a_head_that_was_told_earlier_is_found_in_a_longer_chain(tmp_path: Path) -> None:
    told = a_log(tmp_path).head

    assert a_log(tmp_path).verify(told).is_whole


@pytest.mark.parametrize("key", [None, "no key at all", "", "ab" * 16, "ab" * 33], ids=str)
def test_a_lost_or_damaged_key_makes_the_old_lines_false(tmp_path: Path, key: str | None) -> None:
    a_log(tmp_path)
    (tmp_path / "audit.key").unlink()
    if key is not None:
        (tmp_path / "audit.key").write_text(key)

    assert AuditLog(tmp_path).verify().fault.startswith("line 1: was changed, or the key was")


def test_a_damaged_key_is_put_aside_and_told_and_the_new_one_is_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "audit.key").write_text("ab" * 16)

    a_log(tmp_path)

    assert "the audit's key is damaged and put aside as audit.key.damaged" in caplog.text
    assert (tmp_path / "audit.key.damaged").read_text() == "ab" * 16
    assert len(bytes.fromhex((tmp_path / "audit.key").read_text())) == 32
    assert AuditLog(tmp_path).verify().is_whole


@pytest.mark.parametrize("fails", ["fsync", "write"])
def test_a_line_that_was_refused_leaves_no_trace_and_the_chain_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    log = a_log(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, fails, full)
        with pytest.raises(OSError, match="No space left"):
            log.append("tune", "user 7", {}, 4_000)

    log.append("latch_lifted", "user 7", {}, 5_000)

    verdict = AuditLog(tmp_path).verify(log.head)
    assert (verdict.entries, verdict.fault) == (4, "")


def test_a_line_of_which_the_disk_took_only_a_part_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = os.write
    log = a_log(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, line: written(file, line[:9]))
        with pytest.raises(OSError, match="only a part"):
            log.append("tune", "user 7", {}, 4_000)

    log.append("latch_lifted", "user 7", {}, 5_000)

    assert AuditLog(tmp_path).verify().is_whole


def test_a_line_that_a_crash_cut_short_goes_and_the_chain_goes_on(tmp_path: Path) -> None:
    before = a_log(tmp_path).head
    with (tmp_path / "audit.jsonl").open("ab") as log:
        log.write(b'{"seq":4,"prev":"')

    log_again = AuditLog(tmp_path)

    assert log_again.head == before
    log_again.append("latch_lifted", "user 7", {}, 5_000)
    assert log_again.verify().is_whole


def test_an_empty_log_is_whole(tmp_path: Path) -> None:
    verdict = AuditLog(tmp_path).verify()

    assert verdict.is_whole
    assert verdict.head == Head(0, "0" * 64)


def test_key_and_log_are_nobody_elses_to_read(tmp_path: Path) -> None:
    a_log(tmp_path, lines=1)

    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("audit.key", "audit.jsonl")]

    assert modes == [0o600, 0o600]
