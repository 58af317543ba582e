"""What an alert is: a message with its loudness, and the names under which it is edited or answered later."""

from enum import StrEnum
from typing import NamedTuple

from engine.model.market import HOUR_MS
from handlers.ui.markup import Html
from handlers.ui.screen import Button, Screen


class Loudness(StrEnum):
    """How much an alert may disturb, from the most to the least."""

    CRITICAL = "critical"
    MONEY = "money"
    ASK = "ask"
    NOTICE = "notice"
    REPORT = "report"

    @property
    def is_silent(self) -> bool:
        """Whether the phone stays quiet."""
        return self in (Loudness.NOTICE, Loudness.REPORT)


class Alert(NamedTuple):
    """One message to one reader.

    `edits`: the message kept under this name is edited; where there is none, a new one is sent.
    `name`: the message, new or edited, is kept under this name. `follows`: a new message answers the one kept under it.
    `outdates`: alerts of this name that still wait are no longer worth telling.
    """

    text: Html
    loudness: Loudness
    rows: tuple[tuple[Button, ...], ...] = ()
    name: str = ""
    edits: str = ""
    follows: str = ""
    outdates: str = ""

    @property
    def screen(self) -> Screen:
        """The message itself."""
        return Screen(self.text, self.rows)


def card_name(intent_id: str) -> str:
    """The message that proposes an entry."""
    return f"card:{intent_id}"


def entry_name(intent_id: str) -> str:
    """The message about an entry that nobody answered for."""
    return f"entry:{intent_id}"


def position_name(intent_id: str) -> str:
    """The message that tells of a position's entry."""
    return f"position:{intent_id}"


def stop_name(intent_id: str) -> str:
    """The message that follows a position's stop."""
    return f"stop:{intent_id}"


def feed_name(route: str) -> str:
    """The message about a connection that went away."""
    return f"feed:{route}"


def regime_name(symbol: str, time_ms: int) -> str:
    """The message that follows a symbol's regime through one hour of market time."""
    return f"regime:{symbol}:{time_ms // HOUR_MS}"
