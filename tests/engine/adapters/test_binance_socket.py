"""Reconnecting: at once, then with growing and jittered delays, and nothing secret in any log."""

import asyncio
import logging
import time
from dataclasses import replace

import pytest

from engine.adapters.binance_socket import Line, delay_s, fixed
from tests.engine.adapters.binance_builders import QUICK
from tests.engine.adapters.fake_sockets import running_sockets

PATIENCE = replace(QUICK, reconnect_delay_s=5.0, max_reconnect_delay_s=60.0)


def test_the_first_attempt_comes_at_once_and_the_later_ones_ever_later() -> None:
    assert [delay_s(failures, PATIENCE) for failures in (0, 1)] == [0.0, 0.0]
    for failures, expected in ((2, 5.0), (3, 10.0), (4, 20.0), (5, 40.0), (6, 60.0), (7, 60.0), (1_000_000, 60.0)):
        assert 0.8 * expected <= delay_s(failures, PATIENCE) <= 1.2 * expected


def test_delays_are_spread() -> None:
    assert len({delay_s(5, PATIENCE) for _ in range(20)}) > 10


async def test_no_address_and_no_listen_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_sockets() as sockets:
        opened = asyncio.Event()
        line = Line(
            address=fixed(f"{sockets.url}/private/ws?listenKey=SECRETKEY"),
            take=lambda raw: None,
            opened=opened.set,
            lost=lambda why: None,
            patience=QUICK,
        )
        task = asyncio.create_task(line.run())
        await asyncio.wait_for(opened.wait(), timeout=5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    ours = [record for record in caplog.records if not record.name.startswith("websockets.server")]
    assert not any("SECRETKEY" in record.getMessage() for record in ours)


@pytest.mark.parametrize("address", ["ws://127.0.0.1:1/private/ws?listenKey=SECRETKEY", "http://no.scheme/SECRETKEY", "ws://"])
async def test_an_address_that_cannot_be_reached_is_a_loss_without_the_address(address: str) -> None:
    reasons = list[str]()
    done = asyncio.Event()

    def lost(why: str) -> None:
        reasons.append(why)
        done.set()

    line = Line(address=fixed(address), take=lambda raw: None, opened=lambda: None, lost=lost, patience=QUICK)
    task = asyncio.create_task(line.run())
    await asyncio.wait_for(done.wait(), timeout=5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert reasons[0].startswith("no connection")
    assert "SECRETKEY" not in reasons[0]


async def test_closing_a_line_closes_both_of_its_connections() -> None:
    async with running_sockets() as sockets:
        line = Line(
            address=fixed(f"{sockets.url}/market/stream"),
            take=lambda raw: None,
            opened=lambda: None,
            lost=lambda why: None,
            patience=replace(QUICK, renew_after_s=0.1, overlap_s=10.0),
        )
        task = asyncio.create_task(line.run())
        await sockets.connected("market", 2)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await sockets.connected("market", 0)
        assert sockets.count("market") == 0


@pytest.mark.parametrize("is_dropped", [True, False])
async def test_a_connection_that_ends_while_its_successor_connects_is_a_loss(*, is_dropped: bool) -> None:
    async with running_sockets() as sockets:
        told, may_renew, renewing = list[str](), asyncio.Event(), asyncio.Event()
        again = asyncio.Event()

        async def address() -> str:
            if told and not renewing.is_set():
                renewing.set()
                await may_renew.wait()
            return f"{sockets.url}/private/ws"

        def opened() -> None:
            told.append("opened")
            if told.count("opened") == 2:
                again.set()

        line = Line(
            address=address,
            take=lambda raw: None,
            opened=opened,
            lost=told.append,
            patience=replace(QUICK, renew_after_s=0.1),
        )
        task = asyncio.create_task(line.run())
        await asyncio.wait_for(renewing.wait(), timeout=5)
        if is_dropped:
            line.drop("the listen key expired")
        else:
            await sockets.hang_up("private")
        may_renew.set()
        await asyncio.wait_for(again.wait(), timeout=5)
        await sockets.connected("private", 1)  # nothing of the connection that came too late is left
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert told[:3] == ["opened", "the listen key expired" if is_dropped else "closed by the other side (1001)", "opened"]


async def test_no_proxy_stands_between_us_and_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with running_sockets() as sockets:
        opened = asyncio.Event()
        address = fixed(f"{sockets.url}/market/stream")
        line = Line(address=address, take=lambda raw: None, opened=opened.set, lost=lambda why: None, patience=QUICK)
        task = asyncio.create_task(line.run())

        await asyncio.wait_for(opened.wait(), timeout=5)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_price_that_waited_while_the_process_stood_still_is_dropped_with_its_connection() -> None:
    async with running_sockets() as sockets:
        frames, reasons = list[bytes](), list[str]()
        line = Line(
            address=fixed(f"{sockets.url}/market/stream"),
            take=frames.append,
            opened=lambda: None,
            lost=reasons.append,
            patience=replace(QUICK, stood_still_s=0.2),
            only_fresh=True,
        )
        task = asyncio.create_task(line.run())
        await sockets.connected("market", 1)
        await sockets.send("market", b"old")
        time.sleep(0.8)  # noqa: ASYNC251  # the whole process stands still

        await sockets.connections_made("market", 2)
        await sockets.send("market", b"new")
        while b"new" not in frames:  # noqa: ASYNC110  # a list of the test
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert frames == [b"new"]
    assert reasons == ["this process stood still"]
