"""Every command once: its name, what it does, and where `/help` lists it. Names are never translated."""

import difflib
from collections.abc import Iterable
from typing import Final, NamedTuple

from handlers.ui import keyboards as keys
from handlers.ui.language import Texts, marked
from handlers.ui.markup import bold, lines
from handlers.ui.screen import Screen, arranged

LIKENESS: Final = 0.5


class Said(NamedTuple):
    """A command as the owner sees it. `usage` is what may follow it."""

    name: str
    does: str
    topic: str
    usage: str = ""
    in_menu: bool = False


TOPIC: Final = {
    "trade": marked("▶ Trading"),
    "look": marked("👀 Looking"),
    "tune": marked("🎚 Tuning"),
    "safe": marked("🛑 Safety"),
    "talk": marked("💬 Talking"),
}
COMMANDS: Final = (
    Said("panel", marked("the panel"), "look", in_menu=True),
    Said("run", marked("start or resume trading"), "trade", in_menu=True),
    Said("pause", marked("no new entries; exits go on"), "trade", in_menu=True),
    Said("stop", marked("stop trading, with a choice for open positions"), "trade", in_menu=True),
    Said("positions", marked("open positions: close, half, stop to entry"), "look", in_menu=True),
    Said("why", marked("why there is or is no trade"), "look", "[SYMBOL]", in_menu=True),
    Said("pnl", marked("result with fees and funding"), "look", "[day|week|month|all]", in_menu=True),
    Said("long", marked("allow longs only"), "trade", "[SYMBOL]", in_menu=True),
    Said("short", marked("allow shorts only"), "trade", "[SYMBOL]", in_menu=True),
    Said("both", marked("allow both sides"), "trade", "[SYMBOL]", in_menu=True),
    Said("threshold", marked("how sure the bot must be"), "tune", "[0.05–0.95]", in_menu=True),
    Said("settings", marked("all settings"), "tune", in_menu=True),
    Said("panic", marked("close everything and latch"), "safe", in_menu=True),
    Said("help", marked("all commands"), "talk", in_menu=True),
    Said("mode", marked("who decides on entries"), "trade", "[auto|confirm|signals]"),
    Said("set", marked("change a setting by its name"), "tune", "NAME VALUE"),
    Said("whatif", marked("what other settings would have done"), "tune", "NAME=VALUE …"),
    Said("backtest", marked("a symbol's past under your settings"), "tune", "SYMBOL [DAYS]"),
    Said("shadow", marked("other settings on paper beside yours"), "tune", "[NAME=VALUE …|stop]"),
    Said("calibrate", marked("search for better settings, and what chance explains"), "tune", "[DAYS]"),
    Said("signals", marked("the last signals and what stopped them"), "look", "[SYMBOL]"),
    Said("trades", marked("the last trades"), "look"),
    Said("health", marked("feeds, bars, comparison with the exchange"), "look"),
    Said("symbols", marked("symbols and their locks"), "safe"),
    Said("lock", marked("no entries on a symbol for some hours"), "safe", "SYMBOL HOURS"),
    Said("unlock", marked("allow entries on a symbol again"), "safe", "SYMBOL"),
    Said("latch", marked("the latch: why it is set, lifting it"), "safe"),
    Said("lang", marked("language"), "talk"),
    Said("cancel", marked("leave any question"), "talk"),
    Said("start", marked("open the panel; never starts trading"), "talk"),
)
NAMES: Final = tuple(command.name for command in COMMANDS)


def help_page(texts: Texts) -> Screen:
    """All commands, grouped by what one wants."""
    parts: list[str | None] = [bold(texts.say("What I understand"))]
    for topic, words in TOPIC.items():
        parts += ["", bold(texts.label(words))]
        parts += [_line(texts, command) for command in COMMANDS if command.topic == topic]
    parts += ["", texts.say("I never ask for keys or for codes of Telegram.")]
    return Screen(lines(*parts), arranged([keys.back(texts)]))


def in_menu(texts: Texts) -> tuple[tuple[str, str], ...]:
    """Names and descriptions for Telegram's own menu, in one language."""
    return tuple((command.name, texts.label(command.does)) for command in COMMANDS if command.in_menu)


def not_understood(texts: Texts, said: str) -> Screen:
    """The answer to whatever was not understood, with the closest commands."""
    names = closest(said)
    shown = ", ".join(f"/{name}" for name in names) if names else "/help"
    return Screen(texts.say("I did not understand. Closest: {commands}.", commands=shown))


def closest(said: str) -> tuple[str, ...]:
    """The commands that look most like what was written."""
    words = said.lower().replace("/", " ").split()
    return likest(words[0].split("@")[0], NAMES) if words else ()


def likest(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that look most like a word."""
    return tuple(difflib.get_close_matches(word, list(names), n=2, cutoff=LIKENESS))


def _line(texts: Texts, command: Said) -> str:
    usage = f" {command.usage}" if command.usage else ""
    return f"/{command.name}{usage} – {texts.label(command.does)}"
