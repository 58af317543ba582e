"""The crafts' own functions, compiled: each is registered with numba, so that history calls the very code that trades.

Machine code is kept on disk under a name made of the sources it came from: numba itself would not notice that a function
which a kept one calls has changed.
"""

import hashlib
import inspect
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numba
from numba.extending import register_jitable

import engine
from engine.decision import bias, rules
from engine.desk import ruling
from engine.execution import exits, fills
from engine.features import indicators, pipeline, regime, windows
from engine.model import grid
from engine.risk import entry_gate, position_size, pre_trade_veto
from engine.state import latch, streak

CRAFTS: Final = (
    grid,
    windows,
    indicators,
    pipeline,
    regime,
    rules,
    bias,
    entry_gate,
    position_size,
    pre_trade_veto,
    ruling,
    exits,
    fills,
    streak,
)
SINGLE: Final = (latch.drawn_down,)  # of modules that otherwise make records with names
NOT_NUMBERS: Final = {"ruling"}
INLINED: Final = {"step", "examined", "is_entry", "gate_checks", "size_checks", "veto_checks", "touched", "trailed"}
"""What takes or gives very many numbers: as a call of its own it would pass them all through memory."""

SOURCES: Final = ("model", "params.py", "features", "decision", "risk", "execution", "state", "desk/ruling.py", "backtest")
"""Where compiled code comes from, below `engine`."""


def _source_key() -> str:
    """A name for all sources that compiled code may come from."""
    digest, house = hashlib.sha256(numba.__version__.encode()), Path(inspect.getfile(engine)).parent
    for source in SOURCES:
        place = house / source
        for file in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """Where compiled code is kept: NUMBA_CACHE_DIR, or the user's cache; a temporary folder where neither can be written."""
    chosen = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(chosen) / "autobot" / _source_key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="autobot-compiled-"))
    return folder if os.access(folder, os.W_OK) else Path(tempfile.mkdtemp(prefix="autobot-compiled-"))


def _registered(module: ModuleType) -> None:
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and name not in NOT_NUMBERS:
            register_jitable(inline="always" if name in INLINED else "never")(function)


for _module in CRAFTS:
    _registered(_module)
for _function in SINGLE:
    register_jitable(_function)
numba.config.CACHE_DIR = str(_cache_folder())


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile a loop over history. It holds no lock of Python's while it runs, so that threads may walk side by side."""
    made: F = numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    return made


def compiled_bare[F: Callable[..., Any]](function: F) -> F:
    """The same for one that makes no arrays. So none need be counted (`_nrt`), which took a sixth of a walk."""
    made: F = numba.njit(nogil=True, error_model="numpy", cache=True, _nrt=False)(function)
    return made


def helper[F: Callable[..., Any]](function: F) -> F:
    """Let compiled loops call a function of the backtest's own."""
    made: F = register_jitable(function)
    return made


def inlined[F: Callable[..., Any]](function: F) -> F:
    """The same for one that takes or gives very many numbers. It must not write into arrays: numba would lose that."""
    made: F = register_jitable(inline="always")(function)
    return made
