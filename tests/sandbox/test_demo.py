"""The demo from its start to its end, with a tiny product as its child: reports, restarts, clear lines, clean ends."""

import json
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.demo import demo
from sandbox.options import DemoOptions, KillOptions, read_market

TINY = (sys.executable, str(Path(__file__).with_name("tiny_product.py")))


def options(folder: Path, **changes: Any) -> DemoOptions:
    market = read_market(candles=(), symbols="", interval="", start="", bars=20, warmup=50, speed="max", seed=1)
    usual = DemoOptions(
        market=market,
        port=0,
        language="en",
        mode="confirm",
        auto=True,
        report=folder / "report.json",
        folder=folder,
        settings=(),
        kills=KillOptions(),
    )
    return replace(usual, **changes)


async def test_a_demo_with_its_own_owner_ends_with_a_report(tmp_path: Path) -> None:
    said: list[str] = []

    code = await demo(options(tmp_path), say=said.append, command=TINY)

    report = json.loads((tmp_path / "report.json").read_text())
    assert code == 0, said
    assert (report["bars"], report["symbols"], report["books_equal"]) == (20, ["ETHUSDT"], True)
    assert report["telegram"]["messages"] == 3
    assert report["telegram"]["errors"] == 0
    assert "20 bars" in said[-1]


async def test_a_product_killed_while_the_market_holds_comes_back_and_the_run_ends(tmp_path: Path) -> None:
    said: list[str] = []
    kills = KillOptions(at_bars=(5, 10))

    code = await demo(options(tmp_path, kills=kills), say=said.append, command=TINY)

    report = json.loads((tmp_path / "report.json").read_text())
    assert code == 0, said
    assert report["bars"] == 20
    assert report["run"]["killed_at_bars"] == [5, 10]
    assert report["run"]["restarts"] == 2


async def test_a_port_in_use_is_one_line_that_names_port_and_option(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        code = await demo(options(tmp_path, port=port), say=said.append, command=TINY)

    assert code == 2
    assert said == [f"Error: port {port} of 127.0.0.1 is in use; choose another one with --port"]


async def test_a_missing_candle_file_is_one_line(tmp_path: Path) -> None:
    said: list[str] = []
    market = replace(options(tmp_path).market, candles=(tmp_path / "ETHUSDT-1h.parquet",), symbols=())

    code = await demo(options(tmp_path, market=market), say=said.append, command=TINY)

    assert code == 2
    assert len(said) == 1
    assert "no such file" in said[0]


async def test_a_product_that_refuses_its_settings_ends_the_demo_with_its_own_line_and_code(tmp_path: Path) -> None:
    said: list[str] = []

    code = await demo(options(tmp_path, settings=(("adx_minimum", "7"),)), say=said.append, command=TINY)

    assert code == 2
    assert said == ["settings: adx_minimum must not be 7"]


async def test_an_interrupt_ends_everything(tmp_path: Path) -> None:
    said: list[str] = []

    def interrupt_at_the_chat_page(line: str) -> None:
        said.append(line)
        if "Chat page" in line:
            os.kill(os.getpid(), signal.SIGINT)

    quiet = options(tmp_path, auto=False, report=None)
    code = await demo(quiet, say=interrupt_at_the_chat_page, command=TINY)

    assert code == 130
    assert said[-1] == "Stopping."
