"""One year of one-minute candles for the benchmarks: recorded ones continued by a repetition, or made up where none are there.

The recorded file (ETHUSDT, 349,920 bars of 2021) is shorter than a year. It goes on with a stretch of itself that begins
at a seeded place, its prices scaled so that the first close before the seam stays the last, on the same grid of 0.01.
"""

from pathlib import Path
from typing import Final

import numpy as np
from peers.contest import Year

BARS: Final = 525_600
MINUTE_MS: Final = 60_000
FIRST_MS: Final = 1_609_459_200_000  # 2021-01-01, where the recording begins
TICK: Final = 0.01
SEED: Final = 7
RECORDED: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "candles" / "ETHUSDT-1m.parquet"


def one_year(seed: int = SEED) -> tuple[Year, str]:
    """The candles, and one line on where they come from."""
    if RECORDED.exists():
        return continued(recorded(), seed), f"{RECORDED.name}, continued by a repetition (seed {seed})"
    return made_up(seed), f"made up (seed {seed}): {RECORDED.name} is not there"


def recorded() -> Year:
    """The file as it is."""
    import pyarrow.parquet  # the memory benchmark does without

    table = pyarrow.parquet.read_table(RECORDED)
    times = table["open_time"].to_numpy().astype(np.int64)
    return Year(times, *(table[name].to_numpy().astype(np.float64) for name in Year._fields[1:]))


def continued(year: Year, seed: int) -> Year:
    """The same bars, and then bars from a seeded place on, so that there are a year's."""
    have, missing = len(year.close), max(0, BARS - len(year.close))
    begin = 1 + int(np.random.default_rng(seed).integers(0, have - missing))
    factor = year.close[-1] / year.close[begin - 1]
    columns = []
    for name in Year._fields[1:]:
        values = getattr(year, name)
        more = values[begin : begin + missing]
        more = more if name == "volume" else np.round(more * factor / TICK) * TICK
        columns.append(np.concatenate([values, np.round(more, 3)])[:BARS])
    return Year(year.open_time_ms[0] + MINUTE_MS * np.arange(BARS, dtype=np.int64), *columns)


def made_up(seed: int, first_price: float = 2_000.0) -> Year:
    """A walk whose spread of moves rises and falls, with the volume that belongs to it."""
    random = np.random.default_rng(seed)
    calm = np.cumsum(random.normal(0.0, 0.02, BARS))
    spread = 0.0009 * np.exp(0.8 * np.sin(calm))
    close = first_price * np.exp(np.cumsum(random.normal(0.0, 1.0, BARS) * spread - spread**2 / 2.0))
    open_ = np.concatenate([[first_price], close[:-1]])
    reach = np.abs(random.normal(0.0, 0.5, (2, BARS))) * spread
    high, low = np.maximum(open_, close) * (1.0 + reach[0]), np.minimum(open_, close) * (1.0 - reach[1])
    prices = [np.round(np.round(values / TICK) * TICK, 2) for values in (open_, high, low, close)]
    volume = np.round(random.gamma(2.0, 100.0, BARS) * spread / 0.0009, 3)
    return Year(FIRST_MS + MINUTE_MS * np.arange(BARS, dtype=np.int64), *[*prices, volume])


def saved(year: Year, path: Path) -> Path:
    """Write the arrays where the peers read them."""
    np.savez(path, **year._asdict())
    return path
