"""The account at the start: asked for until it is read, with one line that says why it is not."""

from collections.abc import Sequence

import pytest

from engine.model.events import AccountSynced, ErrandFailed
from engine.model.messages import Errand, SyncAccount
from engine.ports import Event
from tests.engine.runner_house import a_house
from tests.engine.runner_parts import DiaryBroker

REFUSALS = 50


class Refusing(DiaryBroker):
    """Refuses the key many times, and then takes it."""

    asked = 0

    async def run(self, errand: Errand) -> Sequence[Event]:
        if isinstance(errand, SyncAccount):
            self.asked += 1
            if self.asked <= REFUSALS:
                return (ErrandFailed("SyncAccount", "", "code -2015", 0, self.clock.now, -2015),)
        return await super().run(errand)


async def test_a_refused_key_at_the_start_is_waited_for_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("engine.recovery.SYNC_AGAIN_S", 0)
    house = a_house()
    house.broker.__class__ = Refusing

    await house.runner.recover()

    assert house.runner.phase == "running"
    assert [text for text in caplog.messages if "cannot be read" in text] == ["the account cannot be read yet: code -2015"]


async def test_of_many_failures_only_the_newest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.recovery.SYNC_AGAIN_S", 0)
    house = a_house()
    house.broker.__class__ = Refusing

    news = await house.runner._recovery.account()

    assert [type(event) for event in news] == [ErrandFailed, AccountSynced]
