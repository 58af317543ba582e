"""The product as a child: what a signal ends comes back, what ends by itself is told, nothing of ours leaks into it."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from sandbox.product import Product

CHILD = """
import json, os, pathlib, signal, sys, time
lives = pathlib.Path("lives")
count = int(lives.read_text()) + 1 if lives.exists() else 1
if sys.argv[1] == "export":
    print(json.dumps({"trades": [], "environment": sorted(os.environ)}))
    sys.exit(0)
lives.write_text(str(count))
print("life", count)
if count <= int(os.environ["DIES"]):
    os.kill(os.getpid(), signal.SIGKILL)
if os.environ["ENDS"]:
    print("settings: THRESHOLD is 0.05 to 0.95, not 7")
    sys.exit(int(os.environ["ENDS"]))
pathlib.Path("ready").touch()
while True:
    time.sleep(0.01)
"""


def a_product(folder: Path, said: list[str], *, dies: int = 0, ends: str = "") -> Product:
    script = folder / "child.py"
    script.write_text(CHILD)
    settings = {"DIES": str(dies), "ENDS": ends}
    return Product(folder, settings, said.append, (sys.executable, str(script)))


async def test_a_product_that_a_signal_ended_starts_again_and_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    product = a_product(tmp_path, said, dies=1, ends="3")

    code = await product.run()

    assert (code, product.deaths) == (3, 1)
    assert len(said) == 1
    assert "SIGKILL" in said[0]


async def test_a_product_that_ends_by_itself_leaves_its_last_line(tmp_path: Path) -> None:
    product = a_product(tmp_path, [], ends="2")

    code = await product.run()

    assert code == 2
    assert product.last_words() == "settings: THRESHOLD is 0.05 to 0.95, not 7"


async def test_a_stopped_product_does_not_come_back(tmp_path: Path) -> None:
    said: list[str] = []
    product = a_product(tmp_path, said)
    running = asyncio.create_task(product.run())
    while not (tmp_path / "ready").exists():  # noqa: ASYNC110  # the child is another process
        await asyncio.sleep(0.01)

    await product.stop()

    assert await running < 0
    assert (product.pid, product.deaths, said) == (0, 0, [])


async def test_the_child_sees_only_what_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_API_KEY", "the key of a real account")
    product = a_product(tmp_path, [])

    code, text = await product.export()

    assert code == 0
    assert "BINANCE_API_KEY" not in json.loads(text)["environment"]
    assert {"DIES", "ENDS"} <= set(json.loads(text)["environment"])
