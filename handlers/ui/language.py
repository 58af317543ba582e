"""The reader's language: catalogues compiled in memory, and `Texts`, which says everything in one of them.

Source language is English: a message's English wording is its name. `marked` only marks words in tables, so that
`pybabel extract -k say -k label -k plural:1,2 -k marked` finds them.
"""

import gettext
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from handlers.ui.markup import Html, moment, safe
from handlers.ui.numbers import Numbers

FOLDER: Final = Path(__file__).resolve().parents[2] / "locales"
SOURCE: Final = "en"
ICONS: Final = {"PAPER": "🔵", "DEMO": "🟣", "TESTNET": "🟡", "LIVE": "🟢"}
GREY: Final = "⚪"


def marked(message: str) -> str:
    """Mark a message for translators, and give it back as it is."""
    return message


class Texts:
    """Says things in one language. `environment` (PAPER, DEMO, TESTNET, LIVE) opens every message about money."""

    def __init__(self, language: str, environment: str, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self.environment = environment
        self.numbers = Numbers(language)
        self._catalogue = catalogue

    def say(self, message: str, /, **values: object) -> Html:
        """A message as HTML. Values are escaped unless they are `Html`."""
        return Html(self._catalogue.gettext(message).format(**{name: safe(value) for name, value in values.items()}))

    def label(self, message: str, /, **values: object) -> str:
        """A message as plain text, for buttons and toasts."""
        return self._catalogue.gettext(message).format(**values)

    def plural(self, one: str, many: str, count: int, /, **values: object) -> Html:
        """A message that depends on a count, which it may show as {count}."""
        words = self._catalogue.ngettext(one, many, count)
        return Html(words.format(count=self.numbers.fixed(count, 0), **{name: safe(value) for name, value in values.items()}))

    @cached_property
    def tag(self) -> str:
        """The environment with its colour: opens the first line of every message about money."""
        return f"{ICONS.get(self.environment, GREY)} {self.environment}"

    @property
    def is_live(self) -> bool:
        return self.environment == "LIVE"

    def at(self, time_ms: int) -> Html:
        """A time of day, drawn by the phone in its own zone."""
        return moment(time_ms, self.numbers.clock(time_ms), "t")

    def on(self, time_ms: int) -> Html:
        """A day and time, drawn by the phone in its own zone."""
        return moment(time_ms, f"{self.numbers.day(time_ms)}, {self.numbers.clock(time_ms)}", "dt")


class Languages:
    """All catalogues under `locales/`, each read when somebody first speaks it."""

    def __init__(self, environment: str, folder: Path = FOLDER) -> None:
        self._environment = environment
        self._folder = folder
        self._texts: dict[str, Texts] = {}

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The languages there are, the source language first."""
        found = sorted(path.parent.parent.name for path in self._folder.glob("*/LC_MESSAGES/messages.po"))
        return (SOURCE, *(name for name in found if name != SOURCE))

    def best(self, *wished: str | None) -> str:
        """The first wish that is known, also by its language alone (pt-br finds pt); else English."""
        for wish in wished:
            name = (wish or "").replace("-", "_")
            for candidate in (name, name.split("_")[0]):
                match = next((known for known in self.known if known.lower() == candidate.lower()), None)
                if match:
                    return match
        return SOURCE

    def texts(self, *wished: str | None) -> Texts:
        """The texts in the best of the wished languages."""
        language = self.best(*wished)
        if language not in self._texts:
            self._texts[language] = Texts(language, self._environment, self._catalogue(language))
        return self._texts[language]

    def own_name(self, language: str) -> str:
        """What a language calls itself."""
        return (Locale.parse(language).get_display_name(language) or language).capitalize()

    def _catalogue(self, language: str) -> gettext.NullTranslations:
        path = self._folder / language / "LC_MESSAGES" / "messages.po"
        if not path.exists():
            return gettext.NullTranslations()
        compiled = BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=language))
        compiled.seek(0)
        return gettext.GNUTranslations(compiled)
