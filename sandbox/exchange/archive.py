"""The public archive of the venue's own market: a zip for each month and day that is over, a checksum beside it (reference 10).

Newer files of the real one have a header row and older ones none: here every second one has it. Faults are set by whoever
runs the venue: `{"kind": "cut", "times": 2, "part": "2023-07"}` works on the next files whose path holds that part.
"""

import asyncio
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from sandbox.exchange.contracts import Contract
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.funding import FUNDING_INTERVAL_MS, funding_rate
from sandbox.exchange.history import Bars
from sandbox.market.intervals import INTERVAL_MS

PREFIX: Final = "/data/futures/um/"
BARS_PATH: Final = re.compile(
    r"(?P<every>monthly|daily)/klines/(?P<symbol>[^/]+)/(?P<interval>[^/]+)/(?P=symbol)-(?P=interval)-(?P<label>[\d-]+)\.zip"
)
FUNDING_PATH: Final = re.compile(
    r"(?P<every>monthly)/fundingRate/(?P<symbol>[^/]+)/(?P=symbol)-fundingRate-(?P<label>[\d-]+)\.zip"
)
BAR_HEADER: Final = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)
FUNDING_HEADER: Final = "calc_time,funding_interval_hours,last_funding_rate"
FUNDING_JITTER_MS: Final = 7
CHECKSUM: Final = ".CHECKSUM"
FILE_DATE: Final = (2020, 1, 1, 0, 0, 0)
KINDS: Final = ("404", "429", "503", "cut", "drop", "hang", "wrong_checksum")
MOST_FILES_KEPT: Final = 256


@dataclass(slots=True)
class ArchiveFault:
    """A fault that works on the next `times` requests whose path holds `part`."""

    kind: str
    part: str = ""
    times: int = 1
    retry_after_s: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a fault of the archive is one of {', '.join(KINDS)}, not {self.kind}")


@dataclass(slots=True)
class Archive:
    """The archive. `asked` are the paths of all requests, in order."""

    exchange: Exchange
    faults: list[ArchiveFault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _files: dict[str, bytes] = field(default_factory=dict)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, or play a fault."""
        self.asked.append(request.path)
        fault = self._fault(request.path)
        if fault is not None and fault.kind == "hang":
            await asyncio.sleep(3_600)
        if fault is not None and fault.kind in ("404", "429", "503"):
            headers = {"Retry-After": str(fault.retry_after_s)} if fault.retry_after_s else {}
            return web.Response(status=int(fault.kind), headers=headers)
        if fault is not None and fault.kind == "drop":
            _abort(request)
        name = request.path.removesuffix(CHECKSUM)
        content = self.file(name)
        if content is None or request.method != "GET":
            return web.Response(status=404, text="<Code>NoSuchKey</Code>", content_type="application/xml")
        if request.path.endswith(CHECKSUM):
            digest = "0" * 64 if fault is not None and fault.kind == "wrong_checksum" else hashlib.sha256(content).hexdigest()
            return web.Response(text=f"{digest}  {name.rpartition('/')[2]}\n")
        if fault is not None and fault.kind == "cut":
            return await _cut(request, content)
        return web.Response(body=content, content_type="application/zip")

    def file(self, path: str) -> bytes | None:
        """The zip at a path; None where there is none, or not yet."""
        if path not in self._files:
            text = self._text(path.removeprefix(PREFIX))
            if text is None:
                return None
            if len(self._files) >= MOST_FILES_KEPT:
                self._files.clear()
            self._files[path] = _zipped(path.rpartition("/")[2].replace(".zip", ".csv"), text)
        return self._files[path]

    def _text(self, path: str) -> str | None:
        found = BARS_PATH.fullmatch(path) or FUNDING_PATH.fullmatch(path)
        span = _span(found["every"], found["label"]) if found else None
        if (
            found is None
            or span is None
            or span[1] > self.exchange.clock.now_ms
            or found["symbol"] not in self.exchange.contracts
        ):
            return None
        contract, bars = self.exchange.contracts[found["symbol"]], self.exchange.bars[found["symbol"]]
        if path.split("/")[1] == "fundingRate":
            rows, header = self._funding_rows(contract, bars, *span), FUNDING_HEADER
        else:
            rows, header = _bar_rows(bars, INTERVAL_MS.get(found["interval"], 0), *span), BAR_HEADER
        has_header = found["label"][-1] in "13579" or header is FUNDING_HEADER
        return "\n".join([*([header] if has_header else []), *rows, ""]) if rows else None

    def _funding_rows(self, contract: Contract, bars: Bars, begin_ms: int, end_ms: int) -> list[str]:
        first = max(begin_ms, bars.oldest_ms())
        moments = range(-(-first // FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS, end_ms, FUNDING_INTERVAL_MS)
        config = self.exchange.config
        rates = (funding_rate(self.exchange.funding, config.funding_rate, contract.symbol, moment) for moment in moments)
        return [f"{moment + FUNDING_JITTER_MS},8,{rate:.8f}" for moment, rate in zip(moments, rates, strict=True)]

    def _fault(self, path: str) -> ArchiveFault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.part in path:
                if fault.kind in ("wrong_checksum", "cut") and path.endswith(CHECKSUM) is (fault.kind == "cut"):
                    continue  # the one works on checksums alone, the other on what they stand for
                fault.times -= 1
                return fault
        return None


def _bar_rows(bars: Bars, interval_ms: int, begin_ms: int, end_ms: int) -> list[str]:
    if not interval_ms:
        return []
    found = bars.find(interval_ms, begin_ms, end_ms - interval_ms, None)
    return [bars.row_text(one, interval_ms, end_ms)[1:-1].replace('"', "") for one in found]


def _span(every: str, label: str) -> tuple[int, int] | None:
    """From when to when a file reaches."""
    try:
        start = datetime.strptime(label, "%Y-%m" if every == "monthly" else "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    end = (start + timedelta(days=32)).replace(day=1) if every == "monthly" else start + timedelta(days=1)
    return int(start.timestamp()) * 1_000, int(end.timestamp()) * 1_000


def _zipped(name: str, text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, FILE_DATE), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


async def _cut(request: web.Request, content: bytes) -> web.StreamResponse:
    """Send half of a body and end the connection."""
    response = web.StreamResponse(headers={"Content-Length": str(len(content))})
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    _abort(request)
    return response


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
