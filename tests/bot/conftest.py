"""What the tests of the process share: settings out of an environment that holds nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import Settings, load_settings

type Read = Callable[..., Settings]

TOKEN = "123456789:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Read settings from these variables alone; `env_file` is the text of a `.env`."""

    def from_variables(*, env_file: str = "", **variables: str) -> Settings:
        with monkeypatch.context() as patch:
            patch.setattr("os.environ", dict(variables))
            path = tmp_path / ".env"
            path.write_text(env_file)
            return load_settings(path)

    return from_variables
