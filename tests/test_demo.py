"""The whole product, run as its owner would run it: exchange, chat, trader and owner on this machine, until the report."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

OPTIONS = ("--auto", "--warmup", "1000", "--speed", "max", "--seed", "7", "--port", "0")


def run_demo(folder: Path, bars: int, *more: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report = folder / "report.json"
    words = (*OPTIONS, "--bars", str(bars), "--set", "activation_threshold=0.4", "--report", str(report), *more)
    done = subprocess.run(
        (sys.executable, "-m", "bot", "demo", *words), capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done, json.loads(report.read_text())


@pytest.mark.timeout(120)
def test_the_demo_trades_and_both_books_agree(tmp_path: Path) -> None:
    done, report = run_demo(tmp_path, 150)

    assert report["bars"] == 150
    assert report["rulings"] == 150
    assert len(report["trades"]) >= 1
    assert report["books_equal"] is True
    assert report["uncovered_ms_max"] <= 2_000
    assert report["telegram"]["errors"] == 0
    assert report["telegram"]["callbacks"] >= len(report["trades"])
    assert "Traceback" not in done.stdout + done.stderr


def undisturbed(folder: Path, *more: str) -> dict[str, Any]:
    """A run in which the store answered all the time. Where the machine's disk hung entries were held, and rightly so."""
    folder.mkdir()
    for _ in range(3):
        _, report = run_demo(folder, 60, *more)
        if "STORE_DOWN" not in report["refusals"]:
            return report
    raise AssertionError("the store was away in three runs of three")


@pytest.mark.timeout(240)
def test_the_same_trades_come_out_when_the_product_is_killed_meanwhile(tmp_path: Path) -> None:
    calm = undisturbed(tmp_path / "calm")

    killed = undisturbed(tmp_path / "killed", "--kill-at", "20,40")

    assert killed["run"]["killed_at_bars"] == [20, 40]
    assert killed["books_equal"] is True
    assert killed["trades"] == calm["trades"] != []
