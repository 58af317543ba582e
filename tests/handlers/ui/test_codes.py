"""Every code of the engine has words in every language, and its numbers stand in them."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import pytest

from engine.model.commands import DecisionMode
from engine.model.messages import Reply, ReplyCode
from engine.model.notices import LatchCause
from engine.model.orders import ExitReason
from engine.model.proposals import ProposalEnd
from engine.model.signals import Code, Limit, Proposal, Refusal, Regime, Side, Sides, Verdict, Votes
from engine.model.view import Running, Stage
from engine.params import TUNABLES
from handlers.ui import names, refusals, tunables
from handlers.ui.language import Languages
from handlers.ui.markup import plain
from handlers.ui.replies import reply
from tests.handlers.samples import a_ruling

BOTH = Languages("PAPER")
LANGUAGES = BOTH.known
WORDS: Mapping[type[Enum], Mapping[Any, str]] = {
    Side: names.SIDE,
    Sides: names.SIDES,
    Proposal: names.PROPOSAL,
    Regime: names.REGIME,
    Stage: names.STAGE,
    Running: names.RUNNING,
    DecisionMode: names.MODE,
    ExitReason: names.REASON,
    Verdict: names.VERDICT,
    Limit: names.LIMIT,
    ProposalEnd: names.PROPOSAL_END,
    LatchCause: names.LATCH_CAUSE,
    Code: refusals.NAME,
}


@pytest.mark.parametrize("kind", WORDS)
def test_every_member_of_a_vocabulary_has_its_word(kind: type[Enum]) -> None:
    assert set(WORDS[kind]) == set(kind)
    assert set(names.RULE) == set(Votes._fields)
    assert set(names.REASON_ICON) == set(ExitReason)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_every_refusal_is_said_with_its_numbers(code: Code, language: str) -> None:
    wording, texts = refusals.WORDING[code], BOTH.texts(language)
    unit = 60_000.0 if wording.seen is refusals.As.SPAN else 1.0

    one = plain(refusals.refusal(texts, Refusal(code, unit, 2.0)))
    other = plain(refusals.refusal(texts, Refusal(code, 3 * unit, 2.0)))

    assert "{" not in one
    assert (one != other) == ("{seen}" in wording.message)


@pytest.mark.parametrize("code", Code)
def test_a_value_that_is_not_known_is_shown_as_missing(code: Code) -> None:
    said = refusals.refusal(BOTH.texts("en"), Refusal(code, float("nan"), float("nan")))

    assert "nan" not in said


def test_a_feed_that_never_spoke_is_not_given_an_age_in_days() -> None:
    said = refusals.refusal(BOTH.texts("en"), Refusal(Code.STALE_DATA, 1e12, 3_000.0))

    assert said == "data is ∞ old, at most 3 sec"


def test_what_the_owner_can_change_explains_a_bar_before_the_market_does() -> None:
    ruling = a_ruling(Code.ADX_LOW, Code.SIDE_NOT_ALLOWED, Code.CONFIDENCE_LOW)

    assert refusals.weightiest(ruling.refusals).code is Code.SIDE_NOT_ALLOWED


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ReplyCode)
def test_every_reply_is_said_with_and_without_its_numbers(code: ReplyCode, language: str) -> None:
    values: dict[str, float | int | str] = {"symbol": "ETHUSDT", "name": "x", "seen": 0.4, "needed": 0.25, "price": 2_000.0}

    texts = BOTH.texts(language)

    for said in (reply(texts, Reply(code)), reply(texts, Reply(code, values)), reply(texts, Reply(code, {"new": 1}))):
        assert said
        assert "{" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_tunable_has_a_title_of_its_own_a_value_and_a_range(language: str) -> None:
    texts = BOTH.texts(language)

    titles = [tunables.title(texts, tunable.name) for tunable in TUNABLES]

    assert len(set(titles)) == len(titles)
    for tunable in TUNABLES:
        assert tunable.group in tunables.GROUPS
        assert tunables.value(texts, tunable.name, tunable.low)
        assert tunables.allowed(texts, tunable)


def test_steps_of_a_knob_stay_inside_its_range_and_move() -> None:
    for tunable in TUNABLES:
        for number in (tunable.low, (tunable.low + tunable.high) / 2, tunable.high):
            at = float(round(number)) if tunable.whole else number
            down, up = tunables.steps(tunable, at)
            assert tunable.low <= down <= up <= tunable.high, tunable.name
            assert (down, up) != (at, at), tunable.name
            assert not tunable.whole or (down == int(down) and up == int(up)), tunable.name
