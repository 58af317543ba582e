"""What buttons send: typed, under 64 bytes, naming the thing they act on by its id. No words, no secrets."""

from enum import StrEnum

from aiogram.filters.callback_data import CallbackData

from engine.model.commands import DecisionMode, OutsideChoice


class View(StrEnum):
    """Places that a button leads to."""

    PANEL = "panel"
    POSITIONS = "pos"
    SIDES = "sides"
    THRESHOLD = "thr"
    WHY = "why"
    SIGNALS = "sig"
    PNL = "pnl"
    TRADES = "trades"
    SETTINGS = "set"
    MODE = "mode"
    LATCH = "latch"
    SYMBOLS = "sym"
    HEALTH = "health"
    HELP = "help"
    LANGUAGE = "lang"
    PANIC = "panic"
    STOP = "stop"
    SHADOW = "shadow"


class Go(CallbackData, prefix="go"):
    """Show something. `about` is a symbol, a group, a period or a number of a trade."""

    view: View
    about: str = ""


class Tell(CallbackData, prefix="te"):
    """Show something in a message of its own: the one with the button is a card and stays."""

    view: View
    about: str = ""


class Verb(StrEnum):
    """Acts that need nothing but their name."""

    RUN = "run"
    PAUSE = "pause"
    STOP_KEEP = "keep"
    STOP_CLOSE = "close"
    PANIC = "panic"
    RESET_LATCH = "unlatch"
    CANCEL = "cancel"


class Do(CallbackData, prefix="do"):
    """Act. `until_s` (wire time) is when the button dies; 0 = never."""

    verb: Verb
    until_s: int = 0


class Allow(CallbackData, prefix="al"):
    """Allow sides. `symbol` "" means every symbol."""

    sides: int
    symbol: str = ""


class ChooseMode(CallbackData, prefix="md"):
    """Choose who decides."""

    mode: DecisionMode


class Knob(CallbackData, prefix="kn"):
    """Show a tunable with a value in mind, or apply the value."""

    name: str
    value: float
    apply: bool


class OnPosition(StrEnum):
    """What a button does to a position."""

    CLOSE = "close"
    HALF = "half"
    ENTRY_STOP = "even"
    CARD = "card"


class Hold(CallbackData, prefix="po"):
    """Act on a position. `stamp` is when the button was drawn: each drawing acts once."""

    act: OnPosition
    intent_id: str
    stamp: int


class CloseAll(CallbackData, prefix="ca"):
    """Close a part of every position, until the button dies."""

    percent: int
    until_s: int


class Choice(StrEnum):
    """What a tap on a card chooses."""

    ENTER = "e"
    HALF = "h"
    SKIP = "s"


class Card(CallbackData, prefix="c1"):
    """Answer a proposal: the token alone knows which."""

    token: str
    choice: Choice


class Agree(CallbackData, prefix="ok"):
    """Agree to a wish that was held back for a second tap."""

    token: str


class Change(CallbackData, prefix="ch"):
    """Make the changes that were looked at: the token alone knows which."""

    token: str


class Halt(CallbackData, prefix="ha"):
    """Stop something that takes long, by its name."""

    job: str


class Beside(StrEnum):
    """What a button does to the shadow."""

    SHOW = "show"
    PROMOTE = "promote"
    STOP = "stop"


class ShadowDo(CallbackData, prefix="sh"):
    """Act on the shadow that began then (market time, in seconds): another one is not meant."""

    act: Beside
    since_s: int


class Whose(CallbackData, prefix="ow"):
    """Answer the question about somebody else's position, by the question's own name."""

    choice: OutsideChoice
    question_id: str


class Lock(CallbackData, prefix="lk"):
    """No entries on a symbol for so many hours; 0 = unlock."""

    symbol: str
    hours: int


class Speak(CallbackData, prefix="lg"):
    """Choose a language."""

    language: str
