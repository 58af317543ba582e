"""The `download` command as people type it: what is wrong is one line and code 2, before anybody is asked."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands import app


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ETHUSDT", "--interval", "7h"), "unknown interval 7h; one of 1m, 3m, 5m"),
        (("ETHUSDT", "--from", "soon"), "--from is a day like 2024-01-31"),
        (("ETHUSDT", "--to", "2024-02-30"), "--to is a day like 2024-01-31"),
        (("ETHUSDT", "--from", "2024-02-02", "--to", "2024-02-01"), "--from 2024-02-02 is not before --to 2024-02-01"),
        ((), "Missing argument 'symbols'"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    words: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", {"DATA_FOLDER": str(tmp_path / "data")})

    done = CliRunner().invoke(app, ["download", *words])

    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_hand_that_stops_it_is_told_that_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def stopped(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", {"DATA_FOLDER": str(tmp_path / "data")})
    monkeypatch.setattr("bot.downloading.download", stopped)
    monkeypatch.setattr("stamina.instrumentation.set_on_retry_hooks", lambda hooks: None)

    done = CliRunner().invoke(app, ["download", "ETHUSDT"])

    assert done.exit_code == 130
    assert done.stderr == "Error: stopped; what was fetched is kept, the same command goes on\n"
