"""The tear sheet: one page that needs nothing else, says everything in the reader's language, and hides nothing."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from engine.backtest.audit.found import Audit, IndicatorsCompared, TraderCompared
from engine.backtest.history import Simulation
from engine.backtest.report import Report, reported
from engine.params import TradingParams
from handlers.ui import backtest_charts
from handlers.ui.audit_words import audit_lines
from handlers.ui.backtest_words import LIMITS, Setup
from handlers.ui.language import Languages
from handlers.ui.markup import safe
from handlers.ui.tearsheet import tearsheet
from tests.engine.backtest.runs import BEGIN_MS, a_run, hourly, left_open
from tests.handlers.ui.test_backtest_cards import the_worst

TEXTS = Languages("PAPER")
LANGUAGES = TEXTS.known
DAY_MS = 86_400_000
VOID = ("meta", "path", "use")
SETUP = Setup(TradingParams(), Simulation(), ("ETHUSDT-1h.parquet",), (), "0.1.0")


class Page(HTMLParser):
    """Checks that tags close in order; gathers what a reader sees and every attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def seen(self) -> str:
        return " ".join(self.words)


def a_report(days: int = 120, **parts: Any) -> Report:
    run = a_run([1.0, -1.0, 1.2, -0.9, -0.2] * (days // 5), days=days, **parts)
    return reported(run, [hourly(run)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_whole_and_nothing_in_it_is_left_untold(language: str) -> None:
    page = Page(tearsheet(TEXTS.texts(language), a_report(), SETUP))

    assert "{" not in page.seen
    assert "nan" not in page.seen
    assert page.seen.count("ETHUSDT") >= 2


def test_a_page_asks_no_network_and_runs_nothing() -> None:
    page = tearsheet(TEXTS.texts("en"), a_report(), SETUP)

    outside = [value for name, value in Page(page).attributes if "//" in value and not name.startswith("xmlns")]
    assert outside == []
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page.replace("url(#", "")


def test_pictures_take_their_colours_from_the_page_and_share_no_id() -> None:
    page = tearsheet(TEXTS.texts("en"), a_report(), SETUP)

    ids = Counter(value for name, value in Page(page).attributes if name == "id")
    assert max(ids.values()) == 1
    assert "#01020" not in page
    assert all(f"var(--{name})" in page for name in ("account", "held", "loss", "gain", "ink", "muted", "grid"))
    assert set(re.findall(r"url\(#([^)]*)\)", page)) <= set(ids)


def test_the_same_run_gives_the_same_page() -> None:
    assert tearsheet(TEXTS.texts("en"), a_report(), SETUP) == tearsheet(TEXTS.texts("en"), a_report(), SETUP)


def test_the_verdict_and_what_is_wrong_with_the_data_stand_above_the_figures() -> None:
    setup = replace(SETUP, told=("ETHUSDT 1h: 3 bars are missing & <none> was invented",))

    page = tearsheet(TEXTS.texts("en"), a_report(left_open=(left_open(),)), setup)

    seen = Page(page).seen
    places = [seen.index(words) for words in ("Not to be told from chance", "still open", "3 bars are missing & <none>", "Net")]
    assert places == sorted(places)
    assert "<none>" not in page


def test_a_long_list_about_the_data_is_told_whole_and_folded() -> None:
    told = tuple(f"line {at} of many" for at in range(12))

    page = tearsheet(TEXTS.texts("en"), a_report(), replace(SETUP, told=told))

    assert all(line in Page(page).seen for line in told)
    assert "8 more lines" in page.partition("<details>")[2]


def test_settings_that_differ_and_the_costs_are_told_with_their_defaults() -> None:
    setup = replace(SETUP, params=TradingParams(activation_threshold=0.55))

    seen = Page(tearsheet(TEXTS.texts("en"), a_report(), setup)).seen

    assert "Confidence threshold 0.55 default 0.70" in seen
    assert "Taker fee 5 bps" in seen
    assert "threshold 0.55" in seen
    assert all(str(safe(limit)) in seen for limit in LIMITS)


def test_months_are_there_for_every_year_with_the_years_sum() -> None:
    seen = Page(tearsheet(TEXTS.texts("en"), a_report(days=400), SETUP)).seen

    assert "2024 2025 Jan" in seen
    assert "Year" in seen


@pytest.mark.parametrize("days", [0, 1, 2, 40])
def test_a_run_of_little_or_nothing_has_a_page_too(days: int) -> None:
    seen = Page(tearsheet(TEXTS.texts("en"), reported(a_run([], days=days)), SETUP)).seen

    assert "No trade was made" in seen


def test_the_worst_run_has_a_page() -> None:
    assert "liquidated" in Page(tearsheet(TEXTS.texts("en"), the_worst(), SETUP)).seen


@pytest.mark.parametrize("days", [1, 3, 14, 45, 90, 101, 200, 400, 901, 1_500, 4_000])
def test_dates_under_a_picture_are_few_enough_to_be_read(days: int) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    for most in (6, 4):
        backtest_charts.mark_days(axes, TEXTS.texts("en"), reported(a_run([], days=days)), most=most)

        names = [tick.get_text() for tick in axes.get_xticklabels()]
        assert 1 <= len(names) <= most + 1
        assert len(set(names)) == len(names)


def test_buy_and_hold_gets_a_scale_of_its_own_where_it_would_press_the_account_flat() -> None:
    calm = a_run([0.5, -0.4] * 20, begin_ms=BEGIN_MS)

    assert not backtest_charts.is_held_apart(reported(calm, [hourly(calm, last=2_050.0)]))
    assert backtest_charts.is_held_apart(reported(calm, [hourly(calm, last=6_000.0)]))
    assert not backtest_charts.is_held_apart(reported(calm))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_audit_has_its_section_only_where_there_was_one_and_warns_where_it_found_something(language: str) -> None:
    texts, equal = TEXTS.texts(language), IndicatorsCompared("ETHUSDT", 4_240, 760, 18, 0, 3e-13, "adx", BEGIN_MS)
    agreed = Audit((equal,), TraderCompared(2, 2, 9, ()))
    differs = Audit((equal,), TraderCompared(2, 2, 9, ("wallet: <1> replayed, 2 walked",)))

    plain, good, bad = (tearsheet(texts, a_report(), replace(SETUP, audit=one)) for one in (None, agreed, differs))

    heading = f"<h2>{texts.label('Audit')}</h2>"
    assert [page.count(heading) for page in (plain, good, bad)] == [0, 1, 1]
    assert all(line in Page(good).seen for line in audit_lines(texts, agreed))
    assert "wallet: <1> replayed" in Page(bad).seen
    assert [page.count('class="warn"') for page in (plain, good, bad)] == [0, 0, 1]
