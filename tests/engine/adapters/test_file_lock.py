"""The lock is the kernel's: what stands in the file only names its holder."""

import os
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.file_lock import FileLock


def test_it_names_its_holder_and_nobody_before(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("123456789012345")

    lock = FileLock(tmp_path / "lock")
    lock.take()

    assert lock.holder() == f"process {os.getpid()}"
    lock.release()


def test_a_full_disk_keeps_nobody_from_taking_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    lock, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    assert lock.take()
    assert lock.is_held
    assert not other.take()
    lock.release()
    assert other.take()
    other.release()
