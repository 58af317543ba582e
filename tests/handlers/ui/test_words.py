"""Every message has its words in every language: same names in braces, all plural forms, balanced markup."""

import re
from collections import Counter
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from handlers.ui.language import FOLDER, SOURCE, Languages
from tests.handlers.messages import messages, placeholders

LANGUAGES: Final = [name for name in Languages("PAPER").known if name != SOURCE]
FORMS: Final = {"ru": 3}
KEPT: Final = re.compile(r"/[a-z_]+|\{[a-z_]+\}")  # commands and names in braces are never translated


def catalogue(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def translations(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def originals(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def test_russian_is_spoken() -> None:
    assert "ru" in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_of_the_source_is_translated_and_nothing_else(language: str) -> None:
    known = {message.id for message in catalogue(language) if message.id}

    said = messages()

    assert not [f"{where}: {message}" for message, where in said.items() if message not in known]
    assert not [message for message in known if message not in said]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_empty_and_plurals_have_all_their_forms(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            assert all(translations(message)), message.id
            wanted = FORMS[language] if isinstance(message.id, tuple) else 1
            assert len(translations(message)) == wanted, message.id
            assert not message.fuzzy


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_hold_the_same_names_in_braces_and_the_same_commands(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            wanted = Counter(KEPT.findall(originals(message)[-1]))
            for words in translations(message):
                assert Counter(KEPT.findall(words)) == wanted, words


@pytest.mark.parametrize("language", LANGUAGES)
def test_spaces_at_the_edges_are_kept(language: str) -> None:
    for message in catalogue(language):
        for words in translations(message) if message.id else ():
            original = originals(message)[0]
            assert len(words) - len(words.lstrip()) == len(original) - len(original.lstrip()), original
            assert words == words.rstrip(), original


def test_no_message_holds_markup_of_its_own() -> None:
    for message in messages():
        for words in (message,) if isinstance(message, str) else message:
            assert "<" not in words
            assert "&" not in words.replace("P&L", "")


def test_the_names_in_braces_of_both_plural_forms_agree() -> None:
    for message in messages():
        if isinstance(message, tuple):
            assert placeholders(message[0]) == placeholders(message[1])
            assert "count" in placeholders(message[0])


@pytest.mark.parametrize(
    ("count", "words"), [(1, "Открыта 1 позиция."), (3, "Открыты 3 позиции."), (11, "Открыто 11 позиций.")]
)
def test_russian_counts_as_russians_do(count: int, words: str) -> None:
    texts = Languages("PAPER").texts("ru")

    assert texts.plural("{count} position is open.", "{count} positions are open.", count) == words


@pytest.mark.parametrize(
    ("wished", "got"), [(("ru-RU",), "ru"), ((None, "RU"), "ru"), (("xx", "en"), "en"), (("xx",), "en"), ((), "en")]
)
def test_the_first_known_wish_decides_the_language(wished: tuple[str | None, ...], got: str) -> None:
    assert Languages("PAPER").best(*wished) == got
