"""What is told while history is walked, and what it came to."""

import pytest

from engine.model.past import Phase, Progress
from handlers.ui.language import Languages
from handlers.ui.past import progress

TEXTS = Languages("PAPER")


@pytest.mark.parametrize(("language", "words"), [("en", "the first time this compiles, up to a minute"), ("ru", "до минуты")])
def test_a_walk_that_stands_says_that_the_first_one_compiles(language: str, words: str) -> None:
    assert words in progress(TEXTS.texts(language), Progress(Phase.WALKING))


@pytest.mark.parametrize("now", [Progress(Phase.WALKING, 1, 2), Progress(Phase.PREPARING), Progress(Phase.DRAWING)])
def test_what_has_compiled_or_does_not_compile_says_nothing_of_it(now: Progress) -> None:
    assert "compiles" not in progress(TEXTS.texts("en"), now)
