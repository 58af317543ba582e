"""The map of the house: imports go down only, every library has its address, and nothing below the runner waits or wonders.

Sources are read, not imported. The checker itself is tried on made-up sources first.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
FLOORS: Final = {
    "bot": 10,
    "handlers": 9,
    "engine.control": 8,
    "engine.explain": 7,
    "engine.runner": 6,
    "engine.backtest": 6,
    "engine.adapters": 6,
    "engine.trader": 5,
    "engine.desk": 4,
    "engine.market": 3,
    "engine.features": 3,
    "engine.decision": 3,
    "engine.risk": 3,
    "engine.execution": 3,
    "engine.state": 3,
    "engine.params": 2,
    "engine.ports": 2,
    "engine.model": 1,
}
ALIASES: Final = {  # the files of the loop's room
    f"engine.{file}": "engine.runner" for file in ("entering", "hands", "inbox", "owed", "recovery", "requests", "store_news")
}
STRANGER: Final = "sandbox"
MAY_START_THE_SANDBOX: Final = ("bot.app", "bot.cli", "bot.guard", "bot.demo_commands")  # they assemble
ADDRESSES: Final = {
    "aiogram": ("bot", "handlers"),
    "apscheduler": ("bot",),
    "pydantic": ("bot", "engine.params"),
    "pydantic_settings": ("bot",),
    "babel": ("handlers.ui",),
    "gettext": ("handlers.ui",),
    "matplotlib": ("handlers.ui",),
    "numba": ("engine.backtest",),
    "optuna": ("engine.backtest", "engine.adapters.study_store", "bot.calibrating"),
    "pandas": ("engine.backtest.audit.indicators",),
    "pandas_ta": ("engine.backtest.audit.indicators",),
    "talib": (),
    "binance": ("engine.adapters",),
    "websockets": ("engine.adapters",),
    "redis": ("engine.adapters",),
    "aiohttp": ("bot", "engine.adapters", STRANGER),
    "pyarrow": ("engine.adapters", "engine.backtest", STRANGER),
    "numpy": ("engine.features", "engine.explain", "engine.backtest", "engine.adapters", "handlers.ui", STRANGER),
}
TRADERS_FLOOR: Final = 5  # from here down: no waiting, no clock, no chance, no world outside
OUTSIDE: Final = (
    *("asyncio", "concurrent", "multiprocessing", "select", "signal", "subprocess", "threading"),
    *("http", "socket", "ssl", "urllib"),
    *("fcntl", "io", "logging", "os", "pathlib", "shutil", "sqlite3", "tempfile"),
    *("ctypes", "locale", "random", "secrets", "time", "uuid"),
)
CLOCKS: Final = ("now", "utcnow", "today")
OUTSIDE_CALLS: Final = ("open", "print", "input", "exec", "eval", "__import__")
WAITING: Final = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)


def faults(module: str, source: str) -> Iterator[str]:
    """Everything that a source may not do in its place, in words."""
    for node in ast.walk(ast.parse(source)):
        for imported in imports(node):
            yield from import_faults(module, imported)
        if is_built(node, "ApprovedOrder") and not within(module, ("engine.risk", "engine.execution")):
            yield f"{module} builds an ApprovedOrder"
        floor = FLOORS.get(room(module), 99)
        if floor <= TRADERS_FLOOR and room(module) != "engine.ports" and isinstance(node, WAITING):
            yield f"{module} waits"
        if floor <= TRADERS_FLOOR:
            yield from world_faults(module, node)


def imports(node: ast.AST) -> list[str]:
    """The dotted names that a node imports; "." for a relative import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["."] if node.level else [f"{node.module}.{alias.name}" for alias in node.names]
    if is_built(node, "import_module") and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
        return [str(node.args[0].value)]
    return []


def import_faults(module: str, imported: str) -> Iterator[str]:
    """What is wrong with one import."""
    here, there, library = room(module), room(imported), imported.partition(".")[0]
    if imported == ".":
        yield f"{module} imports relatively"
    elif library in ADDRESSES and not within(module, ADDRESSES[library]):
        yield f"{module} imports {library}, which lives in {ADDRESSES[library]}"
    elif FLOORS.get(here, 99) <= TRADERS_FLOOR and not there and library != "numpy" and library not in sys.stdlib_module_names:
        yield f"{module} imports {library}, which is not the standard library"
    elif not there or here == there:
        return
    elif STRANGER in (here, there):
        if module not in MAY_START_THE_SANDBOX:
            yield f"{module} imports {imported}: the sandbox is a stranger"
    elif FLOORS[there] >= FLOORS[here]:
        yield f"{module} imports {imported}: not downwards"


def world_faults(module: str, node: ast.AST) -> Iterator[str]:
    """What reaches outside of the trader: the clock, chance, files, the machine."""
    for imported in imports(node):
        if imported.partition(".")[0] in OUTSIDE or imported.startswith("numpy.random"):
            yield f"{module} imports {imported}"
    if isinstance(node, ast.Attribute) and (node.attr in CLOCKS or ast.unparse(node) == "np.random"):
        yield f"{module} asks {ast.unparse(node)}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OUTSIDE_CALLS:
        yield f"{module} calls {node.func.id}"


def is_built(node: ast.AST, name: str) -> bool:
    """Whether a node calls something of this name."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name


def within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in rooms)


def room(name: str) -> str:
    """The room that a dotted name lies in, or "" outside of the house."""
    places = [place for place in (*FLOORS, *ALIASES, STRANGER) if within(name, (place,))]
    return ALIASES.get(places[0], places[0]) if places else ""


def sources() -> list[tuple[str, Path]]:
    """Every module of the house with its file."""
    files = [file for top in ("bot", "handlers", "engine", STRANGER) for file in sorted((ROOT / top).rglob("*.py"))]
    return [(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), file) for file in files]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.risk.size", "from engine.desk import ruling"),
        ("engine.risk.size", "import engine.state.ledger"),
        ("engine.risk.size", "def late():\n    from engine.execution.ids import client_id"),
        ("engine.model.bar", "from engine.params import TradingParams"),
        ("engine.adapters.feed", "from engine.runner import Runner"),
        ("engine.control", "from handlers import menu"),
        ("engine.desk.desk", "from .terms import DeskTerms"),
        ("engine.desk.desk", "from sandbox.market import generated"),
        ("bot.alerts", "import sandbox.demo"),
        ("sandbox.exchange.venue", "from engine.model.market import Bar"),
        ("sandbox.exchange.venue", "import importlib\nimportlib.import_module('bot.app')"),
        ("engine.features.bands", "import pandas as pd"),
        ("engine.features.bands", "from numba import njit"),
        ("engine.trader.trader", "import msgspec"),
        ("engine.runner", "import redis.asyncio"),
        ("handlers.menu", "from apscheduler.schedulers.asyncio import AsyncIOScheduler"),
        ("engine.control", "from aiogram import Bot"),
        ("bot.app", "from binance import AsyncClient"),
        ("bot.alerts", "order = ApprovedOrder(1)"),
        ("engine.desk.desk", "from engine.model import orders\norder = orders.ApprovedOrder(1)"),
        ("engine.trader.trader", "async def handle(): ..."),
        ("engine.desk.desk", "from datetime import UTC, datetime\nlate = datetime.now(UTC)"),
        ("engine.desk.desk", "import time"),
        ("engine.execution.ids", "from random import choice"),
        ("engine.features.bands", "import numpy as np\nnoise = np.random.normal()"),
        ("engine.state.ledger", "import logging"),
        ("engine.state.latch", "text = open('latch.json')"),
    ],
)
def test_the_checker_finds_what_is_forbidden(module: str, source: str) -> None:
    assert list(faults(module, source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.desk.desk", "from engine.risk.entry_gate import gate_checks\nfrom engine.model import market"),
        ("engine.risk.entry_order", "from engine.model.orders import ApprovedOrder\norder = ApprovedOrder(1)"),
        ("engine.runner", "import asyncio\nfrom engine.inbox import Inbox\nasync def run(): ..."),
        ("engine.ports", "class Clock:\n    async def sleep(self): ..."),
        ("engine.features.windows", "import numpy as np"),
        ("bot.cli", "from sandbox.demo import demo"),
        ("engine.adapters.paper_fills", "from engine.execution.exits import touched"),
    ],
)
def test_the_checker_lets_pass_what_is_allowed(module: str, source: str) -> None:
    assert not list(faults(module, source))


@pytest.mark.parametrize(("module", "file"), sources(), ids=lambda part: part if isinstance(part, str) else "")
def test_every_arrow_points_down(module: str, file: Path) -> None:
    assert module == "engine" or room(module), f"{module} has no floor: give it one"
    assert list(faults(module, file.read_text("utf-8"))) == []
