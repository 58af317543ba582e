"""The pace: a small burst, then about a message a second in each chat, and silence while Telegram asks for it."""

import pytest

from bot.pace import BURST, PER_S, Bucket


def test_a_burst_is_free_and_then_each_message_waits() -> None:
    bucket = Bucket(0.0)
    for _ in range(int(BURST)):
        assert bucket.wait_s(0.0) == 0.0
        bucket.take()

    assert bucket.wait_s(0.0) == pytest.approx(1 / PER_S)
    assert bucket.wait_s(1 / PER_S) == pytest.approx(0.0)


def test_room_grows_back_to_the_burst_and_no_further() -> None:
    bucket = Bucket(0.0)

    bucket.wait_s(1_000.0)

    assert bucket.left == BURST


def test_while_telegram_asks_for_silence_nothing_is_said() -> None:
    bucket = Bucket(0.0)
    bucket.closed_until_s = 7.0

    assert bucket.wait_s(2.0) == 5.0
    assert bucket.wait_s(7.0) == 0.0
