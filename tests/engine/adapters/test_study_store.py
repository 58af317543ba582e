"""Studies in a real store: Optuna's journal, leases that end with their holder, and words instead of tracebacks."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalRedisBackend
from optuna.study import StudyDirection, create_study
from optuna.trial import TrialState
from redis import Redis

from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.study_store import StudyJournal, StudyLeases, StudyStore
from engine.ports import StoreDown
from tests.engine.adapters.redis_servers import emptied

SHORT_MS = 400


@pytest.fixture
def store(server: EmbeddedServer) -> Iterator[StudyStore]:
    asyncio.run(emptied(server))
    store = StudyStore(server.url)
    yield store
    store.close()


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Any]:
    client = Redis.from_url(server.url)
    yield client
    client.close()


def test_the_first_who_begins_a_study_says_what_it_is_about(store: StudyStore) -> None:
    assert store.about("one") is None
    assert store.begin("one", "first") == "first"
    assert store.begin("one", "second") == "first"
    store.begin("two", "x")
    assert store.names() == ["one", "two"]


def test_what_other_studies_tried_on_the_same_candles_is_remembered(store: StudyStore) -> None:
    assert store.tried("candles", "one", 512) == 0
    assert store.tried("candles", "two", 100) == 512
    assert store.tried("candles", "two", 100) == 512, "going on with a study tries nothing new"
    assert store.tried("others", "three", 8) == 0
    store.forget("one")
    assert store.tried("candles", "four", 8) == 612, "a study that is deleted was tried all the same"


def test_optunas_own_reader_finds_what_we_wrote_and_ours_what_it_wrote(store: StudyStore, server: EmbeddedServer) -> None:
    with pytest.warns(match="experimental"):
        theirs = JournalStorage(JournalRedisBackend(server.url, prefix="autobot:study:one"))
    ours = JournalStorage(store.journal("one"))
    study_id = ours.create_new_study([StudyDirection.MAXIMIZE], "one")
    trial_id = ours.create_new_trial(study_id)
    theirs.set_trial_state_values(trial_id, TrialState.COMPLETE, [1.5])

    assert [trial.value for trial in ours.get_all_trials(study_id)] == [1.5]
    assert [trial.value for trial in theirs.get_all_trials(study_id)] == [1.5]
    theirs._backend._redis.close()  # type: ignore[attr-defined]  # it has no way to leave


def test_a_long_journal_is_read_whole(store: StudyStore) -> None:
    study = create_study(storage=JournalStorage(store.journal("one")))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=120)

    again = JournalStorage(store.journal("one"))

    assert [trial.value for trial in again.get_all_trials(0)] == [trial.value for trial in study.trials]


def test_nothing_from_the_store_is_ever_executed(store: StudyStore) -> None:
    assert not hasattr(StudyJournal, "load_snapshot"), "Optuna's snapshots are pickles"


def test_a_broken_line_is_one_clear_line(store: StudyStore, client: Any) -> None:
    storage = JournalStorage(store.journal("one"))
    storage.create_new_study([StudyDirection.MAXIMIZE], "one")
    client.set("autobot:study:one:log:0", b"{")

    with pytest.raises(StoreDown, match="line 0 of the study's journal is missing or broken"):
        JournalStorage(store.journal("one"))


def test_a_forgotten_study_leaves_nothing_behind(store: StudyStore, client: Any) -> None:
    store.begin("one", "x")
    store.begin("one2", "x")
    for name in ("one", "one2"):
        JournalStorage(store.journal(name)).create_new_study([StudyDirection.MAXIMIZE], name)

    assert store.forget("one")

    assert not store.forget("one")
    assert store.names() == ["one2"]
    assert not list(client.scan_iter("autobot:study:one:*"))
    assert list(client.scan_iter("autobot:study:one2:*"))


def leases(store: StudyStore, client: Any, holder: str) -> StudyLeases:
    return StudyLeases(store, client, "autobot:study:one:lease:", holder, lease_ms=SHORT_MS)


def test_a_lease_lasts_as_long_as_its_holder_and_no_longer(store: StudyStore, client: Any) -> None:
    first, second = leases(store, client, "first"), leases(store, client, "second")

    assert first.take(3)
    give_up = time.monotonic() + 3 * SHORT_MS / 1_000
    while time.monotonic() < give_up:
        assert not second.take(3), "it is renewed"
        time.sleep(SHORT_MS / 4_000)
    first.close()  # it renews nothing any longer
    give_up = time.monotonic() + 20
    while not (taken := second.take(3)) and time.monotonic() < give_up:
        time.sleep(SHORT_MS / 8_000)

    assert taken
    second.close()


def test_a_lease_that_was_given_back_is_free_and_nobody_elses_is_given_back(store: StudyStore, client: Any) -> None:
    first, second = leases(store, client, "first"), leases(store, client, "second")
    assert first.take(3)

    second.leave(3)
    assert not second.take(3)
    first.leave(3)
    assert second.take(3)

    first.close()
    second.close()


def test_a_store_that_is_away_is_told_in_words_without_the_password() -> None:
    store = StudyStore("redis://:hunter2@127.0.0.1:1/0")

    for act in (store.names, lambda: store.begin("a", "b"), lambda: JournalStorage(store.journal("a"))):
        with pytest.raises(StoreDown, match="cannot be reached") as told:
            act()
        assert "hunter2" not in str(told.value)
    store.close()
