"""Options of the commands that walk history, as people type them: checked before anything heavy is read or begun.

Whatever is wrong raises `BadOption`, one line that names the option and what it may be.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from difflib import get_close_matches
from os.path import realpath
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from engine.backtest.history import PPM_A_BP, Costs, Simulation
from engine.model.market import INTERVAL_MS
from engine.model.signals import Sides
from engine.params import BY_NAME, BadParam, TradingParams, conflict, tuned

PAIR: Final = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.]*)=(?P<value>.*)", re.DOTALL)
SWITCH: Final = {"true": 1.0, "on": 1.0, "yes": 1.0, "false": 0.0, "off": 0.0, "no": 0.0}
MOST_BPS: Final = 1_000
MOST_WALLET: Final = 1_000_000_000
MOST_WARMUP: Final = 10_000
HALF_DONE: Final = ".part"  # the end of a file's name until all of it is there
SIDES: Final = {"long": Sides.LONG, "short": Sides.SHORT, "both": Sides.BOTH}


class BadOption(ValueError):
    """An option is wrong; the text is one line."""


def spread(words: Sequence[str], files: Iterable[Path], settings: Iterable[str]) -> tuple[list[Path], list[str]]:
    """Share out the further words of `--candles A B` and `--set a=1 b=2`; lists with commas or spaces count as several."""
    chosen, pairs = list(files), [pair for text in settings for pair in re.split(r"[,\s]+", text) if pair]
    for word in words:
        if PAIR.fullmatch(word):
            pairs += [pair for pair in re.split(r"[,\s]+", word) if pair]
        else:
            chosen.append(Path(word))
    return chosen, pairs


def changed(params: TradingParams, pairs: Iterable[str]) -> TradingParams:
    """The settings with these changes: name=value each, `weight.RULE.REGIME` included. Raises `BadOption`."""
    for pair in pairs:
        found = PAIR.fullmatch(pair)
        if found is None:
            raise BadOption(f"--set is name=value, not {pair!r}")
        name, text = found["name"].lower(), found["value"]
        if name not in BY_NAME:
            raise BadOption(f"--set: unknown setting {found['name']!r}{_close(name)}")
        try:
            params = tuned(params, name, _number(text))
        except BadParam as error:
            raise BadOption(f"--set: {error}") from None
        except ValueError:
            raise BadOption(f"--set: {name} is a number, not {text!r}") from None
    problem = conflict(params)
    if problem:
        raise BadOption(f"--set: {problem}")
    return params


def read_interval(text: str) -> str | None:
    """An interval, or None where the files' names tell it."""
    if text and text not in INTERVAL_MS:
        raise BadOption(f"--interval is one of {', '.join(INTERVAL_MS)}, not {text!r}")
    return text or None


def read_sides(text: str) -> Sides:
    """Which sides may be traded."""
    if text.lower() not in SIDES:
        raise BadOption(f"--sides is long, short or both, not {text!r}")
    return SIDES[text.lower()]


def read_warmup(bars: int) -> int:
    """How many bars are known before the first decision."""
    if not 0 <= bars <= MOST_WARMUP:
        raise BadOption(f"--warmup is 0 to {MOST_WARMUP:,} bars, not {bars}")
    return bars


def read_wallet(text: str, otherwise: Decimal) -> Decimal:
    """The money at the beginning."""
    if not text:
        return otherwise
    try:
        wallet = Decimal(text)
    except InvalidOperation:
        wallet = Decimal(0)
    if not (wallet.is_finite() and 0 < wallet <= MOST_WALLET and wallet == round(wallet, 8)):
        raise BadOption(f"--wallet is an amount above 0, at most {MOST_WALLET:,}, not {text!r}")
    return wallet


def read_costs(*, taker_bps: float | None, spread_bps: float | None, slippage_bps: float | None) -> Costs:
    """What trading costs; the spread is given whole, and half of it is paid at each fill."""
    usual = Costs()
    return Costs(
        taker_ppm=usual.taker_ppm if taker_bps is None else _ppm("--taker-bps", taker_bps),
        half_spread_ppm=usual.half_spread_ppm if spread_bps is None else _ppm("--spread-bps", spread_bps, of=2),
        slippage_ppm=usual.slippage_ppm if slippage_bps is None else _ppm("--slippage-bps", slippage_bps),
        liquidation_ppm=usual.liquidation_ppm,
    )


def read_target(option: str, path: Path | None, *, others: Iterable[Path]) -> Path | None:
    """A file that will be written: found out now whether it can be, not after the work. It takes the place of no other."""
    if path is None:
        return None
    try:
        if path.is_dir():
            raise BadOption(f"{option}: {path} is a directory")
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise BadOption(f"{option}: {path} is no plain file, which a result could take the place of")
        if realpath(path) in map(realpath, others):
            raise BadOption(f"{option}: {path} would be overwritten, and it is needed: name another file")
        with TemporaryFile(dir=path.parent):
            pass
        path.with_name(f".{path.name}{HALF_DONE}").unlink(missing_ok=True)
        return path
    except OSError as error:
        raise BadOption(f"{option}: {path} cannot be written ({error.strerror})") from None


def terms(*, wallet: Decimal, costs: Costs, warmup_bars: int, sides: Sides, begin_ms: int | None) -> Simulation:
    """The terms of a run."""
    return Simulation(wallet=wallet, costs=costs, warmup_bars=warmup_bars, sides=sides, from_ms=begin_ms or 0)


def _ppm(option: str, bps: float, *, of: int = 1) -> int:
    """One of so many equal parts of basis points, as millionths. A half is rounded up, and no cost becomes none."""
    if not 0 <= bps <= MOST_BPS:  # also what is no number
        raise BadOption(f"{option} is 0 to {MOST_BPS} basis points, not {bps:g}")
    ppm = int((Decimal(str(bps)) * PPM_A_BP / of).to_integral_value(ROUND_HALF_UP))
    return max(ppm, 1) if bps > 0 else 0


def _number(text: str) -> float:
    word = text.strip().lower()
    return SWITCH[word] if word in SWITCH else float(word)


def _close(name: str) -> str:
    close = get_close_matches(name, BY_NAME, n=1)
    return f"; did you mean {close[0]}?" if close else ""
