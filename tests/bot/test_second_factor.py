"""The second factor: right codes open a grace period, wrong ones close the door, and a TOTP code works once."""

import pyotp

from bot.second_factor import CLOSED_S, GRACE_S, MOST_WRONG, CodeCheck

OWNER = 11
DAY_S = 86_400.0
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # a well-known example, twice


class HandTime:
    """Time that goes on when it is told to, and a clock on the wall that may be set."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.ahead_s = 1_795_000_000.0

    def wall(self) -> float:
        return self.now_s + self.ahead_s

    def steady(self) -> float:
        return self.now_s


def a_check(time: HandTime, pin: str = "", secret: str = "") -> CodeCheck:
    return CodeCheck(pin, secret, clock=time.wall, steady=time.steady)


async def test_without_a_code_there_is_nothing_to_ask_for() -> None:
    check = a_check(HandTime())

    assert not check.is_configured
    assert not await check.verify(OWNER, "")


async def test_a_right_pin_stays_fresh_for_a_while_and_only_for_its_user() -> None:
    time = HandTime()
    check = a_check(time, pin="4711")

    assert await check.verify(OWNER, " 4711 ")

    assert await check.is_fresh(OWNER)
    assert not await check.is_fresh(99)
    time.now_s += GRACE_S
    assert not await check.is_fresh(OWNER)


async def test_too_many_wrong_codes_close_the_door_even_for_the_right_one() -> None:
    time = HandTime()
    check = a_check(time, pin="4711")
    for _ in range(MOST_WRONG):
        assert not await check.verify(OWNER, "0000")

    assert not await check.verify(OWNER, "4711")
    time.now_s += CLOSED_S
    assert await check.verify(OWNER, "4711")


async def test_a_totp_code_works_once_also_where_clocks_differ_a_little() -> None:
    time = HandTime()
    check = a_check(time, secret=SECRET)
    code = pyotp.TOTP(SECRET).at(int(time.wall()) - 30)

    assert await check.verify(OWNER, code)
    assert not await check.verify(OWNER, code)


async def test_a_clock_that_is_set_back_makes_no_grace_and_no_closed_door_longer() -> None:
    time = HandTime()
    check = a_check(time, pin="4711")
    await check.verify(OWNER, "4711")
    for _ in range(MOST_WRONG):
        await check.verify(99, "0000")

    time.ahead_s -= DAY_S
    time.now_s += GRACE_S
    assert not await check.is_fresh(OWNER)

    time.now_s += CLOSED_S
    assert await check.verify(99, "4711")


async def test_a_clock_that_is_set_ahead_opens_no_door() -> None:
    time = HandTime()
    check = a_check(time, pin="4711")
    for _ in range(MOST_WRONG):
        await check.verify(OWNER, "0000")

    time.ahead_s += DAY_S

    assert not await check.verify(OWNER, "4711")


async def test_a_true_totp_code_is_taken_though_the_clock_was_set_back_meanwhile() -> None:
    time = HandTime()
    check = a_check(time, secret=SECRET)
    await check.verify(OWNER, pyotp.TOTP(SECRET).at(int(time.wall())))

    time.ahead_s -= DAY_S

    assert await check.verify(OWNER, pyotp.TOTP(SECRET).at(int(time.wall())))


async def test_a_used_code_stays_used_though_the_clock_was_set_back_a_little() -> None:
    time = HandTime()
    check = a_check(time, secret=SECRET)
    used = pyotp.TOTP(SECRET).at(int(time.wall()))
    await check.verify(OWNER, used)

    time.ahead_s -= 90
    time.now_s += 60

    assert not await check.verify(OWNER, used)
