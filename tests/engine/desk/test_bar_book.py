"""Bars are taken once and in order, and another period gives what it would have given from the start."""

from engine.desk.bar_book import BarBook
from engine.market.bars import Placement
from tests import builders

BARS = builders.walk(300, 8)


def a_book(count: int, **tuned: int) -> BarBook:
    book = BarBook(builders.HOUR_MS, builders.params(**tuned))
    for bar in BARS[:count]:
        book.take(bar)
    return book


def test_the_book_sees_what_the_features_are_after_every_bar() -> None:
    book = BarBook(builders.HOUR_MS, builders.params())

    seen = []
    for bar in BARS:
        assert book.take(bar) is Placement.NEXT
        seen.append(book.features)

    assert repr(seen) == repr(builders.looked_at(BARS, builders.params()))
    assert (book.count, book.last_close_ms) == (300, BARS[-1].open_time_ms + builders.HOUR_MS)


def test_doubles_old_bars_and_bars_beyond_a_hole_change_nothing() -> None:
    book = a_book(250)
    before = repr((book.features, book.regime, book.count))

    placements = [book.take(bar) for bar in (BARS[249], BARS[10], BARS[251])]

    assert placements == [Placement.DUPLICATE, Placement.OLD, Placement.HOLE]
    assert repr((book.features, book.regime, book.count)) == before


def test_a_bar_that_cannot_be_true_is_counted_and_not_taken() -> None:
    book = a_book(250)

    assert book.take(BARS[250]._replace(high=BARS[250].low - 1)) is Placement.UNSOUND
    assert book.take(BARS[250]) is Placement.NEXT
    assert book.rejected == 1


def test_a_tuned_period_gives_what_it_would_have_given_from_the_start() -> None:
    book, fresh = a_book(300), a_book(300, rsi_period=7, bollinger_period=33)

    book.retune(builders.params(rsi_period=7, bollinger_period=33))

    assert repr((book.features, book.regime, book.count)) == repr((fresh.features, fresh.regime, fresh.count))
