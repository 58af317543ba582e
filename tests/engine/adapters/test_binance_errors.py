"""The classifier: closed lists say no, duplicates say yes, everything else is unknown."""

import pytest

from engine.adapters.binance_errors import (
    HELD_BACK,
    NOT_SENT,
    ExchangeFailed,
    HeldBack,
    NoAnswer,
    NotSent,
    Refused,
    Verdict,
    code_of,
    verdict,
)


def refused(code: int, status: int = 400, text: str = "") -> Refused:
    return Refused(status=status, code=code, text=text)


NOT_DONE = [
    *(refused(code) for code in (-1013, -1014, -1015, -1021, -1022, -1100, -1111, -1121, -1199)),
    *(refused(code) for code in (-2014, -2015, -2018, -2019, -2021, -2022, -2027, -2028)),
    *(refused(code) for code in (-4000, -4001, -4045, -4115, -4117, -4118, -4120, -4130, -4131, -4142, -4164, -4509, -4599)),
    *(refused(code) for code in (-5021, -5022, -5028)),
    refused(-2015, status=401),
    refused(-1003, status=429),
    refused(-1003, status=418),
    refused(0, status=403),
    refused(-1015, status=429),
    refused(-1008, status=503, text="Request throttled by system-level protection."),
    refused(0, status=503, text="Service Unavailable."),
    refused(-1001, status=503, text="Internal error; unable to process your request. Please try again."),
    NotSent("no connection"),
    HeldBack(100),
]
UNKNOWN = [
    *(refused(code) for code in (-1000, -1001, -1006, -1007, -1010, -1016, -1099, -1012, -1200)),
    *(refused(code) for code in (-2010, -2011, -2012, -2013, -2016, -2017, -2020, -2023, -2024, -2025, -2026, -2029)),
    *(refused(code) for code in (-3999, -4600, -5020, -5029, -9999, 0, 200)),
    refused(-1006, status=503, text="Unknown error, please check your request or try again later."),
    refused(0, status=503, text="not JSON"),
    refused(-1121, status=500),
    refused(-4164, status=504),
    refused(0, status=408),
    refused(0, status=302),
    refused(0, status=451),
    NoAnswer("no answer in time"),
    ExchangeFailed("anything else"),
]


@pytest.mark.parametrize("failure", NOT_DONE, ids=str)
def test_a_listed_failure_is_certainly_no_order(failure: ExchangeFailed) -> None:
    assert verdict(failure) is Verdict.NOT_DONE


@pytest.mark.parametrize("failure", UNKNOWN, ids=str)
def test_every_other_failure_leaves_the_order_unknown(failure: ExchangeFailed) -> None:
    assert verdict(failure) is Verdict.UNKNOWN


def test_a_duplicate_id_proves_that_the_order_exists() -> None:
    assert verdict(refused(-4116)) is Verdict.EXISTS


def test_every_failure_has_a_code_to_be_reported_under() -> None:
    assert code_of(refused(-2019)) == -2019
    assert code_of(refused(0, status=403)) == 403
    assert code_of(HeldBack(1)) == HELD_BACK
    assert code_of(NotSent("")) == NOT_SENT


def test_long_words_that_may_be_secrets_are_hidden() -> None:
    assert "a" * 40 not in str(refused(-1, text=f"key {'a' * 64} is bad"))
    assert len(refused(-1, text="x " * 500).text) <= 200
