"""The exchange's public archive over HTTP: a file is whole and has its checksum, or it is not there.

What passes is tried again: a cut connection, a busy server, a body that its checksum does not fit.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from engine.adapters.archive_layout import CHECKSUM
from engine.adapters.binance_client import is_loopback

AT_ONCE: Final = 4
WAITS_S: Final = (0.5, 2.0, 5.0)  # before the second, third and last try
LONGEST_WAIT_S: Final = 60.0
TOTAL_S: Final = 300.0  # of a large file on a slow line
CONNECT_S: Final = 10.0
SILENCE_S: Final = 20.0
MOST_BYTES: Final = 1 << 28
DIGEST_DIGITS: Final = 64


class NotPublished(LookupError):
    """The archive does not have this file, or not yet."""


class ArchiveFailed(ConnectionError):
    """A file could not be had; one line. `is_away`: it is not about this file, the archive itself cannot be read."""

    def __init__(self, text: str, *, is_away: bool) -> None:
        super().__init__(text)
        self.is_away = is_away


class _Passing(Exception):
    """Another try may help, after a time that the server asked for."""

    def __init__(self, text: str, wait_s: float = 0.0, *, is_away: bool = True) -> None:
        super().__init__(text)
        self.wait_s = wait_s
        self.is_away = is_away


class Archive:
    """Reads files of the archive, a few at once. Built inside a running loop; `close` it."""

    def __init__(self, root: str, *, waits_s: Sequence[float] = WAITS_S) -> None:
        self._root = root.rstrip("/")
        self._waits_s = waits_s
        self._away: str | None = None
        self._room = asyncio.Semaphore(AT_ONCE)
        self._session = ClientSession(
            timeout=ClientTimeout(total=TOTAL_S, sock_connect=CONNECT_S, sock_read=SILENCE_S),
            trust_env=not is_loopback(root),
            headers={"Accept-Encoding": "identity"},  # a checksum stands over the bytes as they are kept
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def fetch(self, path: str) -> bytes:
        """A file whose checksum was compared. Raises `NotPublished` and `ArchiveFailed`.

        An archive that was away at the last try of one file is not asked for another.
        """
        async with self._room:  # also while it waits: not every file has to find out that the archive is away
            return await self._fetch(path)

    async def _fetch(self, path: str) -> bytes:
        failure: _Passing | None = None
        for wait_s in (0.0, *self._waits_s):
            if failure is not None:
                await asyncio.sleep(max(wait_s, failure.wait_s))
            if self._away is not None:
                raise ArchiveFailed(self._away, is_away=True)
            try:
                return await self._once(path)
            except _Passing as passing:
                failure = passing
        assert failure is not None, "the first try was made"
        if failure.is_away:
            self._away = str(failure)
            raise ArchiveFailed(self._away, is_away=True)
        raise ArchiveFailed(f"{path.rpartition('/')[2]}: {failure}", is_away=False)

    async def _once(self, path: str) -> bytes:
        wanted = (await self._get(path + CHECKSUM))[:DIGEST_DIGITS].decode("ascii", "replace").lower()
        body = await self._get(path)
        if hashlib.sha256(body).hexdigest() != wanted:
            raise _Passing("its checksum does not fit", is_away=False)
        return body

    async def _get(self, path: str) -> bytes:
        try:
            async with self._session.get(self._root + path, allow_redirects=False) as response:
                return await self._body(path, response)
        except TimeoutError:
            raise _Passing("the archive gave no answer in time") from None
        except (ClientError, OSError) as error:
            raise _Passing(f"the connection to the archive broke ({type(error).__name__})") from None

    async def _body(self, path: str, response: ClientResponse) -> bytes:
        if response.status == 404:
            raise NotPublished(path)
        if response.status == 429 or response.status >= 500:
            raise _Passing(f"the archive answers HTTP {response.status}", _retry_after_s(response))
        if response.status != 200:
            self._away = f"the archive answers HTTP {response.status}"
            raise ArchiveFailed(self._away, is_away=True)
        if (response.content_length or 0) > MOST_BYTES:
            raise ArchiveFailed(f"{path.rpartition('/')[2]}: larger than any file of the archive", is_away=False)
        return await response.read()


def _retry_after_s(response: ClientResponse) -> float:
    text = response.headers.get("Retry-After", "")
    return min(float(text), LONGEST_WAIT_S) if text.isdecimal() else 0.0
