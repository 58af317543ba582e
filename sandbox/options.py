"""What the demo and the sandbox may be told, checked before anything starts.

A wrong option raises `BadOption`, one line that names the option and what it may be.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, Literal

from sandbox.market.intervals import INTERVAL_MS

DEFAULT_SYMBOLS: Final = "ETHUSDT"
DEFAULT_INTERVAL: Final = "1m"
DEFAULT_SPEED: Final = "60"
DEFAULT_WARMUP: Final = 1_000
DEFAULT_PORT: Final = 8080
DEFAULT_BARS: Final = 10_080  # a week of the generated 1m bars: nearly three hours at one bar a second
MAX_BARS: Final = 1_000_000
YEARS: Final = range(2000, 2100)  # what is known before it is older, and must have a date too
SYMBOL: Final = re.compile(r"^[A-Z0-9]{2,20}$")
SETTING: Final = re.compile(r"^(?P<name>[A-Za-z][A-Za-z0-9_.]*)=(?P<value>.*)$")
MODES: Final = ("auto", "confirm", "signals")

type Mode = Literal["auto", "confirm", "signals"]


class BadOption(ValueError):
    """An option is wrong; the message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOptions:
    """Which market, and how fast. `speed` is market seconds per wire second, None = as fast as the product settles."""

    candles: tuple[Path, ...]
    symbols: tuple[str, ...]  # with candle files: their names in order, empty = as the files are called
    interval: str  # with candle files "" = as the files are called
    start_ms: int | None
    bars: int | None
    warmup: int
    speed: float | None
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """Options of `autobot sandbox`."""

    market: MarketOptions
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KillOptions:
    """When the product is killed with -9: at these bars while the market holds, and so often at random instants."""

    at_bars: tuple[int, ...] = ()
    times: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """Options of `autobot demo`. `settings` are the product's own, by name; `folder` None = a temporary one."""

    market: MarketOptions
    port: int
    language: str
    mode: Mode
    auto: bool
    report: Path | None
    folder: Path | None
    settings: tuple[tuple[str, str], ...]
    kills: KillOptions

    @property
    def ends_by_itself(self) -> bool:
        """Whether the demo is over when the market is; otherwise the chat stays until it is interrupted."""
        return self.auto or self.report is not None


def read_market(
    *,
    candles: Sequence[str],
    symbols: str,
    interval: str,
    start: str,
    bars: int | None,
    warmup: int,
    speed: str,
    seed: int,
) -> MarketOptions:
    """Check the market's options as they were typed."""
    files = tuple(Path(one) for one in candles)
    names = read_symbols(symbols) if symbols else () if files else (DEFAULT_SYMBOLS,)
    if files and names and len(names) != len(files):
        raise BadOption(f"--symbols: {len(names)} name(s) for {len(files)} candle file(s); name each of them or none")
    if interval and interval not in INTERVAL_MS:
        raise BadOption(f"--interval: unknown interval {interval!r}; one of {', '.join(INTERVAL_MS)}")
    if bars is not None and not 1 <= bars <= MAX_BARS:
        raise BadOption(f"--bars is 1 to {MAX_BARS}, not {bars}")
    if not 0 <= warmup <= MAX_BARS:
        raise BadOption(f"--warmup is 0 to {MAX_BARS}, not {warmup}")
    if seed < 0:
        raise BadOption(f"--seed is 0 or more, not {seed}")
    return MarketOptions(
        candles=files,
        symbols=names,
        interval=interval or ("" if files else DEFAULT_INTERVAL),
        start_ms=read_date(start) if start else None,
        bars=bars,
        warmup=warmup,
        speed=read_speed(speed),
        seed=seed,
    )


def read_symbols(text: str) -> tuple[str, ...]:
    """Read a list of symbols, separated by commas."""
    names = tuple(name.strip().upper() for name in text.split(",") if name.strip())
    wrong = [name for name in names if not SYMBOL.match(name)]
    if wrong or not names:
        raise BadOption(f"--symbols: {', '.join(wrong) or text!r} is no symbol; write them like ETHUSDT,BTCUSDT")
    if len(set(names)) != len(names):
        raise BadOption(f"--symbols: a symbol stands there twice: {', '.join(names)}")
    return names


def read_speed(text: str) -> float | None:
    """Read market seconds per wire second, or `max`."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        raise BadOption(f"--speed is a number above 0 or max, not {text!r}") from None
    if not 0 < speed <= 1e6:
        raise BadOption(f"--speed is a number above 0 or max, not {text!r}")
    return speed


def read_date(text: str) -> int:
    """Read a day, or a day and a time, UTC unless it says otherwise, in milliseconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(f"--from is a date like 2024-01-31 or 2024-01-31T12:00, not {text!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if moment.year not in YEARS:
        raise BadOption(f"--from is a date of the years {YEARS.start} to {YEARS.stop - 1}, not {text!r}")
    return int(moment.timestamp() * 1000)


def read_port(port: int) -> int:
    """Check a port; 0 takes any free one."""
    if not 0 <= port <= 65_535:
        raise BadOption(f"--port is 0 to 65535, not {port}")
    return port


def read_report(path: Path | None) -> Path | None:
    """Try the report's place at the beginning: a run may be long, and its report is the only thing that is left of it."""
    if path is not None:
        is_new = not path.exists()
        try:
            path.open("ab").close()
            if is_new:
                path.unlink()
        except OSError as error:
            raise BadOption(f"--report: {path} cannot be written ({error.strerror}); choose another place") from None
    return path


def read_folder(path: Path | None) -> Path | None:
    """Make the folder that is to be kept, where there is none yet, and see that it can be written to."""
    if path is not None:
        try:
            path.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=path).close()
        except OSError as error:
            raise BadOption(f"--folder: {path} cannot be written to ({error.strerror}); choose another one") from None
    return path


def read_mode(mode: str) -> Mode:
    """Check who decides entries."""
    for known in MODES:
        if mode == known:
            return known
    raise BadOption(f"--mode is one of {', '.join(MODES)}, not {mode!r}")


def read_settings(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read `name=value` pairs; several may stand in one text, separated by spaces."""
    pairs: dict[str, str] = {}
    for text in (part for whole in texts for part in whole.split()):
        found = SETTING.match(text)
        if found is None:
            raise BadOption(f"--set takes name=value, not {text!r}")
        pairs[found["name"].lower()] = found["value"]
    return tuple(pairs.items())


def read_kills(at_bars: str, times: int, seed: int) -> KillOptions:
    """Read when the product is to be killed."""
    parts = [part.strip() for part in at_bars.split(",") if part.strip()]
    wrong = [part for part in parts if not part.isdecimal() or int(part) < 1]
    if wrong:
        raise BadOption(f"--kill-at takes numbers of bars like 100,250, not {', '.join(wrong)!r}")
    if times < 0:
        raise BadOption(f"--kills is 0 or more, not {times}")
    return KillOptions(at_bars=tuple(sorted({int(part) for part in parts})), times=times, seed=seed)


def spread(extra: Sequence[str], *, candles: Sequence[str], settings: Sequence[str]) -> tuple[list[str], list[str]]:
    """Give the words that followed `--candles` or `--set` without a flag of their own to the list that they belong to."""
    files, pairs = list(candles), list(settings)
    for word in extra:
        if settings and SETTING.match(word) and not Path(word).exists():
            pairs.append(word)
        elif candles and not word.startswith("-"):
            files.append(word)
        else:
            raise BadOption(f"unexpected argument {word!r}")
    return files, pairs
