"""The automatic owner: opens trading step by step, takes each proposal once, leaves everything else alone."""

import asyncio
from contextlib import suppress

from sandbox.player import Player, Seen, is_yes


class FakeChat:
    """A chat whose bot answers every command, and shows what the test puts into it."""

    def __init__(self, *pages: tuple[Seen, ...]) -> None:
        self.sent: list[str] = []
        self.pressed: list[tuple[int, str]] = []
        self.pages = list(pages)
        self.is_read = asyncio.Event()

    async def send(self, text: str) -> None:
        self.sent.append(text)
        self.pages.append((Seen(100 + len(self.sent), f"answer to {text}", ()),))

    async def press(self, message_id: int, data: str) -> None:
        self.pressed.append((message_id, data))

    async def news(self, wait_s: float) -> tuple[Seen, ...]:
        if self.pages:
            return self.pages.pop(0)
        self.is_read.set()
        await asyncio.Event().wait()
        return ()


async def played(chat: FakeChat) -> Player:
    player = Player(chat, lambda _: None)
    playing = asyncio.create_task(player.play())
    await chat.is_read.wait()
    playing.cancel()
    with suppress(asyncio.CancelledError):
        await playing
    return player


async def test_the_owner_opens_the_panel_starts_trading_and_allows_both_sides() -> None:
    chat = FakeChat()

    await Player(chat, lambda _: None).open()

    assert chat.sent == ["/start", "/run", "/both"]


async def test_a_card_that_is_shown_twice_is_pressed_once() -> None:
    card = Seen(7, "Long?", ("c1:token:e", "c1:token:h", "c1:token:s", "go:why:ETHUSDT"))

    player = await played(chat := FakeChat((card,), (card,)))

    assert chat.pressed == [(7, "c1:token:e")]
    assert player.pressed == 1


async def test_a_card_that_was_quoted_anew_is_pressed_again() -> None:
    player = await played(chat := FakeChat((Seen(7, "", ("c1:one:e",)),), (Seen(7, "", ("c1:two:e",)),)))

    assert chat.pressed == [(7, "c1:one:e"), (7, "c1:two:e")]
    assert player.pressed == 2


def test_only_buttons_that_say_yes_are_pressed() -> None:
    assert is_yes("ok:token")
    assert not any(is_yes(data) for data in ("c1:token:s", "c1:token:h", "do:panic:15", "po:close:7:1", "go:panel:"))
