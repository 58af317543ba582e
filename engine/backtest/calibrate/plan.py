"""What a search is about, in a form that travels: whoever joins it proves to have the same candles, code and settings.

Two machines that differ in any of it would mix results of two questions; one line says which part differs.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import engine
from engine.backtest.calibrate import space
from engine.backtest.calibrate.folds import Blocks, Folds
from engine.backtest.calibrate.space import Draw
from engine.backtest.history import Simulation, SymbolHistory
from engine.params import TUNABLES, TradingParams, read, tuned

PARTS: Final = (  # in the order in which a difference is told
    ("version", "another version of the product"),
    ("data", "other candles, rules or funding"),
    ("simulation", "other terms of the simulation"),
    ("present", "other present settings"),
    ("axes", "another space of settings"),
    ("folds", "other folds"),
    ("seed", "another seed"),
    ("batches", "another number of trials"),
)


class NoPlan(ValueError):
    """What is kept of a study is not readable by this version."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A search: how much of which draw, over which blocks, from which present setting. `asked` says how to load the same."""

    version: str
    data: str
    simulation: str
    present: TradingParams
    axes: str
    folds: Folds
    seed: int
    batches: int
    asked: dict[str, Any]

    def written(self) -> str:
        """The plan as text."""
        present = {tunable.name: read(self.present, tunable.name) for tunable in TUNABLES}
        folds = [*self.folds.blocks, self.folds.purge, self.folds.window]
        parts = {name: getattr(self, name) for name in ("version", "data", "simulation", "axes", "seed", "batches", "asked")}
        return json.dumps({**parts, "present": present, "folds": folds}, sort_keys=True)

    def draws(self) -> list[Draw]:
        """Every setting of the search, in order."""
        return [draw for number in range(self.batches) for draw in space.batch(self.present, self.seed, number)]


def plan_of(text: str) -> Plan:
    """The plan that was written. Raises `NoPlan`."""
    try:
        kept = json.loads(text)
        present = TradingParams()
        for name, value in kept.pop("present").items():
            present = tuned(present, name, value)
        begin_ms, block_ms, size, purge, window = map(int, kept.pop("folds"))
        return Plan(present=present, folds=Folds(Blocks(begin_ms, block_ms, size), purge, window), **kept)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NoPlan("the study is not readable by this version of the product") from error


def difference(ours: Plan, theirs: Plan) -> str:
    """Say which part of two plans differs first, or ""."""
    return next((words for name, words in PARTS if getattr(ours, name) != getattr(theirs, name)), "")


def sources() -> str:
    """A name for the code that the results depend on."""
    digest = hashlib.blake2b(digest_size=8)
    root = Path(engine.__file__).parent
    for file in sorted(root.rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()


def fingerprint(histories: Sequence[SymbolHistory]) -> str:
    """A name for everything that is walked over."""
    digest = hashlib.blake2b(digest_size=16)
    for one in histories:
        candles = one.candles
        digest.update(repr((candles.symbol, candles.interval_ms, len(candles), one.rules)).encode())
        columns = (candles.open_time_ms, candles.open, candles.high, candles.low, candles.close, candles.volume)
        for column in (*columns, one.funding.time_ms, one.funding.rate_e8):
            digest.update(memoryview(column.copy(order="C")).cast("B"))
    return digest.hexdigest()


def axes_name() -> str:
    """A name for the space that is searched and the way it is drawn from."""
    drawn = (space.AXES, space.DRAWS_A_BATCH, space.MOST_CHANGED)
    return hashlib.blake2b(repr(drawn).encode(), digest_size=8).hexdigest()


def terms(simulation: Simulation) -> str:
    """The terms of a simulation, readable."""
    return repr(simulation)
