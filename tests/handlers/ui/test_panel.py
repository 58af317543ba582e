"""The panel fits a phone in every language, never looks live when it is not, and always says why nothing happens."""

import pytest

from engine.model.signals import Code, Regime, RegimeState, Sides
from engine.model.view import Running, Stage
from engine.params import TradingParams
from handlers.ui.language import Languages, Texts
from handlers.ui.markup import plain
from handlers.ui.panel import WIDTH, panel
from handlers.ui.screen import Screen, label_width
from tests.handlers.conversation import assert_fits_telegram
from tests.handlers.samples import NOW_MS, a_desk, a_latch, a_position, a_ruling, a_view
from tests.handlers.ui.longer import longer

TEXTS = [Languages("TESTNET").texts("en"), Languages("TESTNET").texts("ru"), longer("TESTNET")]
VIEWS = [
    a_view(),
    a_view(a_desk(position=a_position(), stage=Stage.OPEN)),
    a_view(a_desk("1000000MOGUSDT", ruling=a_ruling(*Code))),
    a_view(a_desk(ruling=None, bars=12), running=Running.STOPPED, latch=a_latch(), is_halted=True),
    a_view(*(a_desk(f"COIN{at}USDT") for at in range(20))),
    a_view(a_desk(last_frame_ms=0), is_ready=False),
    a_view(unlisted=("GONEUSDT", "1000000MOGUSDT", "ETHUSTD")),
]


def drawn(texts: Texts, view: object = None, now_ms: int = NOW_MS) -> Screen:
    return panel(texts, view or a_view(), TradingParams(), now_ms)  # type: ignore[arg-type]  # a view or nothing


@pytest.mark.parametrize("texts", TEXTS)
@pytest.mark.parametrize("view", VIEWS)
def test_no_line_is_wider_than_a_phone(texts: Texts, view: object) -> None:
    screen = drawn(texts, view)

    assert all(len(line) <= WIDTH for line in plain(screen.text).split("\n"))
    assert_fits_telegram(screen.text, [])


@pytest.mark.parametrize("texts", TEXTS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_label_fits_its_column(texts: Texts, view: object) -> None:
    for row in drawn(texts, view).rows:
        assert all(len(button.label) <= label_width(len(row)) for button in row if len(row) > 1)
        assert all(len(button.data.encode()) <= 64 for button in row)


def test_a_panel_that_sees_nothing_is_grey() -> None:
    texts = TEXTS[0]

    fresh, stale = plain(drawn(texts).text), plain(drawn(texts, now_ms=NOW_MS + 15_000).text)

    assert fresh.startswith("🟡 TESTNET")
    assert stale.startswith("⚪ TESTNET")
    assert "No fresh prices" in stale


def test_a_symbol_that_the_exchange_does_not_list_is_named() -> None:
    assert "Not listed: ETHUSTD" in plain(drawn(TEXTS[0], a_view(unlisted=("ETHUSTD",))).text)


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (a_view(), "confidence 0.20"),
        (a_view(a_desk(ruling=a_ruling(Code.SIDE_NOT_ALLOWED, Code.ADX_LOW))), "side not allowed"),
        (a_view(running=Running.PAUSED), "trading is paused or stopped"),
        (a_view(latch=a_latch()), "the latch blocks entries"),
        (a_view(is_halted=True), "the engine has halted"),
        (a_view(a_desk(ruling=None, bars=12)), "warming up"),
        (a_view(a_desk(position=a_position())), "in a position"),
    ],
)
def test_it_always_says_why(view: object, reason: str) -> None:
    words = plain(drawn(TEXTS[0], view).text)

    assert f"Why  {reason}" in " ".join(words.split("\n  "))


def test_sides_that_fight_the_regime_are_marked() -> None:
    fighting = a_view(a_desk(sides=Sides.LONG, regime=RegimeState(Regime.BEAR_TREND, 30)))

    assert "Sides  long only ⚠" in plain(drawn(TEXTS[0], fighting).text)


def test_panic_stands_alone_in_the_last_row() -> None:
    rows = drawn(TEXTS[0]).rows

    assert [button.label for button in rows[-1]] == ["🛑 Panic"]
    assert rows[-1][0].style == "danger"


def test_a_position_without_a_verified_stop_is_marked() -> None:
    held = a_view(a_desk(position=a_position(stop_on_exchange=None)))

    assert "⚠ LONG 0.41" in plain(drawn(TEXTS[0], held).text)
