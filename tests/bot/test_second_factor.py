"""The second factor: right codes open a grace period, wrong ones close the door, and a TOTP code works once."""

import pyotp

from bot.second_factor import CLOSED_S, GRACE_S, MOST_WRONG, CodeCheck

OWNER = 11
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # a well-known example, twice


class HandTime:
    def __init__(self) -> None:
        self.now_s = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now_s


async def test_without_a_code_there_is_nothing_to_ask_for() -> None:
    check = CodeCheck("", "", HandTime())

    assert not check.is_configured
    assert not await check.verify(OWNER, "")


async def test_a_right_pin_stays_fresh_for_a_while_and_only_for_its_user() -> None:
    time = HandTime()
    check = CodeCheck("4711", "", time)

    assert await check.verify(OWNER, " 4711 ")

    assert await check.is_fresh(OWNER)
    assert not await check.is_fresh(99)
    time.now_s += GRACE_S
    assert not await check.is_fresh(OWNER)


async def test_too_many_wrong_codes_close_the_door_even_for_the_right_one() -> None:
    time = HandTime()
    check = CodeCheck("4711", "", time)
    for _ in range(MOST_WRONG):
        assert not await check.verify(OWNER, "0000")

    assert not await check.verify(OWNER, "4711")
    time.now_s += CLOSED_S
    assert await check.verify(OWNER, "4711")


async def test_a_totp_code_works_once_also_where_clocks_differ_a_little() -> None:
    time = HandTime()
    check = CodeCheck("", SECRET, time)
    code = pyotp.TOTP(SECRET).at(int(time.now_s) - 30)

    assert await check.verify(OWNER, code)
    assert not await check.verify(OWNER, code)
