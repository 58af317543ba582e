"""The audit of wishes: each leaves one true line, and none waits for it."""

import asyncio
import logging
from pathlib import Path

import pytest

from bot.audited import audited
from engine.adapters.audit_log import AuditLog
from engine.control import EngineControl
from engine.model.commands import COMMANDS, AllowSides, Panic, StopHow, StopTrading, Tune
from engine.model.messages import Reply, ReplyCode
from engine.model.signals import Sides
from tests.doubles import FakeEngine
from tests.handlers.samples import a_view


def a_door(folder: Path, engine: FakeEngine | None = None) -> EngineControl:
    return audited(engine or FakeEngine(a_view()), folder)


async def test_a_wish_leaves_who_what_and_the_answer(tmp_path: Path) -> None:
    engine = FakeEngine(a_view(), refuses={Tune: Reply(ReplyCode.OUT_OF_RANGE)})
    door = a_door(tmp_path, engine)

    await door.ask(AllowSides(Sides.LONG, "ETHUSDT", door.asked("7")))
    await door.ask(Tune("leverage", 20.0, door.asked("8")))
    await door.ask(StopTrading(StopHow.CLOSE, door.asked("7")))

    log = AuditLog(tmp_path)
    assert log.verify().is_whole
    assert [(line.kind, line.who, line.facts) for line in log.entries()] == [
        ("AllowSides", "7", {"sides": "long", "symbol": "ETHUSDT", "environment": "PAPER", "answer": "done"}),
        ("Tune", "8", {"name": "leverage", "value": 20.0, "environment": "PAPER", "answer": "out_of_range"}),
        ("StopTrading", "7", {"how": "close", "environment": "PAPER", "answer": "done"}),
    ]
    assert len(engine.wishes) == 3


async def test_a_wish_that_nobody_waits_for_any_more_leaves_its_line(tmp_path: Path) -> None:
    class SlowEngine(FakeEngine):
        async def ask(self, command: object) -> Reply:
            await asyncio.Event().wait()
            raise AssertionError("never answered")

    door = a_door(tmp_path, SlowEngine(a_view()))
    asking = asyncio.create_task(door.ask(Panic(door.asked("7"))))
    await asyncio.sleep(0)

    asking.cancel()
    await asyncio.wait([asking])

    assert [line.facts["answer"] for line in AuditLog(tmp_path).entries()] == ["no answer"]


async def test_a_full_disk_holds_no_wish_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine(a_view())
    door = a_door(tmp_path, engine)

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(AuditLog, "append", no_room)
    reply = await door.ask(Panic(door.asked("7")))

    assert reply.is_ok
    assert len(engine.wishes) == 1


async def test_a_changed_log_is_told_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    door = a_door(tmp_path)
    await door.ask(Tune("leverage", 5.0, door.asked("7")))
    path = tmp_path / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"who":"7"', b'"who":"8"'))

    with caplog.at_level(logging.ERROR):
        a_door(tmp_path)

    assert "audit was changed" in caplog.text


def test_every_wish_says_who_asked() -> None:
    assert all("asked" in command.__dataclass_fields__ for command in COMMANDS)
