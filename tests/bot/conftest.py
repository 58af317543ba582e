"""What the tests of the process share: settings out of an environment that holds nothing else, and a real store."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bot.settings import Settings, load_settings
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from tests.engine.adapters.redis_servers import a_server, emptied

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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with a_server(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
async def link(server: EmbeddedServer) -> AsyncIterator[RedisLink]:
    """A connection to an empty store."""
    await emptied(server)
    link = RedisLink(server.url)
    yield link
    await link.close()
