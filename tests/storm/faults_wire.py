"""Faults of the catalogue that work on requests and frames: 2A and 2C."""

import json
import random
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from tests.storm.loop import EPOCH_S
from tests.storm.weather import Ask, Fault, Treatment

if TYPE_CHECKING:
    from tests.storm.world import World

UNKNOWN_503: Final = b"Unknown error, please check your request or try again later."
NO_TEXT: Final = 0xFF  # in no UTF-8
HTML: Final = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"
AMBIGUOUS: Final = (
    (503, UNKNOWN_503),
    (408, b""),
    (500, b'{"code":-1000,"msg":"An unknown error occurred while processing the request."}'),
    (400, b'{"code":-1006,"msg":"An unexpected response was received from the message bus. Execution status unknown."}'),
    (
        400,
        b'{"code":-1007,"msg":"Timeout waiting for response from backend server. Execution status unknown."}',
    ),
    (504, b"gateway time-out"),
    (200, b'{"orderId":'),
    (400, b'{"code":-9999,"msg":"a code that no list knows"}'),
    (400, b'{"code":-2010,"msg":"NEW_ORDER_REJECTED"}'),
)


def _error(status: int, code: int, text: str = "refused") -> Treatment:
    return Treatment(forged=(status, b'{"code":%d,"msg":"%s"}' % (code, text.encode())))


def _lost_in(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return Treatment(is_lost=True, is_cut=chance.random() < 0.5) if ask.is_write else None


def _answer_lost(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return Treatment(is_unanswered=True, is_cut=chance.random() < 0.5) if ask.is_write else None


def _ambiguous(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return Treatment(forged=chance.choice(AMBIGUOUS), acts_first=chance.random() < 0.5) if ask.is_write else None


def _not_done(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    text = chance.choice(
        (b"Service Unavailable.", b'{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}')
    )
    return Treatment(forged=(503, text)) if ask.is_write else None


def _overload(_: "World", ask: Ask, __: random.Random) -> Treatment | None:
    is_hit = ask.is_algo or ask.is_entry
    return _error(503, -1008, "Request throttled by system-level protection.") if is_hit else None


def _clock(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return _error(400, chance.choice((-1021, -5028)), "Timestamp outside of recvWindow.") if ask.is_write else None


def _no_clock(world: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    """Not where the machine's own clock was set meanwhile, too: nothing that is signed then is ever taken."""
    is_hit = ask.path == "/fapi/v1/time" and not world.is_clock_lost()
    return Treatment(forged=chance.choice(((500, b""), (503, UNKNOWN_503), (200, HTML)))) if is_hit else None


def _late(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return Treatment(delay_s=chance.uniform(0.5, 5.0)) if ask.is_write else None


def _too_many(_: "World", ask: Ask, __: random.Random) -> Treatment:
    return Treatment(forged=(429, b'{"code":-1003,"msg":"Too many requests."}'), headers={"Retry-After": "2"})


def _banned(world: "World", _: Ask, __: random.Random) -> Treatment:
    now_s = EPOCH_S + world.loop.time()  # by the exchange's clock
    world.weather.excuse(8.0)
    body = b'{"code":-1003,"msg":"Way too many requests; IP banned until %d."}' % int((now_s + 6) * 1_000)
    return Treatment(forged=(418, body), headers={"Date": formatdate(now_s, usegmt=True)})


def _firewall(_: "World", ask: Ask, __: random.Random) -> Treatment | None:
    return Treatment(forged=(403, HTML)) if ask.is_write else None


def _too_many_orders(_: "World", ask: Ask, __: random.Random) -> Treatment | None:
    return _error(429, -1015, "Too many new orders.") if ask.is_entry or ask.is_exit else None


def _no_money(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return _error(400, chance.choice((-2019, -2018, -2027, -2028)), "Margin is insufficient.") if ask.is_entry else None


def _not_found(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    is_question = ask.method == "GET" and ask.path in ("/fapi/v1/order", "/fapi/v1/algoOrder")
    return _error(400, -2013, "Order does not exist.") if is_question and chance.random() < 0.6 else None


def _triggers_now(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return _error(400, chance.choice((-2021, -4142)), "Order would immediately trigger.") if ask.is_algo else None


def _reduce_only_refused(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return _error(400, chance.choice((-2022, -4118)), "ReduceOnly Order is rejected.") if ask.is_exit else None


def _quota(_: "World", ask: Ask, __: random.Random) -> Treatment | None:
    return _error(400, -4045, "Reach max stop order limit.") if ask.is_algo else None


def _restricted(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return _error(400, chance.choice((-4400, -4192, -4087)), "Restricted.") if ask.is_entry else None


def _key_refused(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return (
        _error(401, chance.choice((-2015, -1022, -2014)), "Invalid API-key, IP, or permissions.")
        if "signature" in ask.params
        else None
    )


def _lagging(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return Treatment(lag_s=chance.uniform(0.1, 2.0)) if ask.method == "GET" and "signature" in ask.params else None


def _read_fails(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    if ask.method != "GET":
        return None
    return Treatment(forged=chance.choice(((500, b""), (503, UNKNOWN_503), (200, b"{}"), (200, b"[]]"))))


def _set_up_fails(_: "World", ask: Ask, __: random.Random) -> Treatment | None:
    return _error(400, -4000, "Invalid order status.") if ask.path in ("/fapi/v1/leverage", "/fapi/v1/marginType") else None


def _page(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return Treatment(forged=chance.choice(((502, HTML), (451, b""), (302, b""), (200, HTML))), acts_first=chance.random() < 0.5)


def _duplicate(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    """The order is there, and the answer says only that the id is taken."""
    return (
        Treatment(forged=(400, b'{"code":-4116,"msg":"ClientOrderId is duplicated."}'), acts_first=True)
        if ask.is_entry
        else None
    )


def _slow_reads(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    return Treatment(answer_delay_s=chance.uniform(0.2, 4.0)) if ask.method == "GET" else None


def _no_money_shown(_: "World", ask: Ask, chance: random.Random) -> Treatment | None:
    """For a moment the account shows nothing, or less than nothing."""
    if ask.path != "/fapi/v3/balance":
        return None
    body = b'[{"asset":"USDT","balance":"%s","availableBalance":"0"}]' % chance.choice((b"0", b"-1", b"0.00000000"))
    return Treatment(forged=(200, body))


def _no_route(_: "World", ask: Ask, __: random.Random) -> Treatment:
    return Treatment(no_connection=True)


# --- frames -----------------------------------------------------------------------------------------------------------


def _mute_private(world: "World", route: str, text: str, chance: random.Random) -> list[bytes] | None:
    return [] if route == "private" else None


def _mute_market(world: "World", route: str, text: str, chance: random.Random) -> list[bytes] | None:
    return [] if route != "private" else None


def _twice(world: "World", route: str, text: str, chance: random.Random) -> list[bytes]:
    return [text.encode(), text.encode()]


def _corrupt(world: "World", route: str, text: str, chance: random.Random) -> list[bytes]:
    raw = bytearray(text.encode())
    for _ in range(chance.randint(1, 4)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    if _is_readable(raw):  # another number where one stood: no transport lets that through, and nobody could see it
        raw = bytearray(text.encode())
        raw[chance.randrange(len(raw))] = NO_TEXT
    return [bytes(raw)] if chance.random() < 0.7 else [bytes(raw[: chance.randrange(len(raw))]), text.encode()]


def _is_readable(raw: bytearray) -> bool:
    try:
        json.loads(raw)
    except ValueError:
        return False
    return True


def _stranger(world: "World", route: str, text: str, chance: random.Random) -> list[bytes]:
    return [b'{"e":"SOMETHING_NEW","E":1,"x":{"y":[]}}', text.encode()]


def _close_twice_or_never(world: "World", route: str, text: str, chance: random.Random) -> list[bytes] | None:
    if '"x":true' not in text:
        return None
    return [] if chance.random() < 0.5 else [text.encode(), text.encode()]


def _mad_price(world: "World", route: str, text: str, chance: random.Random) -> list[bytes] | None:
    if route == "private" or '"p":"' not in text:
        return None
    head, _, tail = text.partition('"p":"')
    price, _, rest = tail.partition('"')
    return [
        f'{head}"p":"{chance.choice(("0", "-1", "NaN", "1e9", "", str(float(price) * 1.5)))}"{rest}'.encode(),
        text.encode(),
    ]


WIRE: Final = [
    Fault("A1", "a request is lost on its way in", on_request=_lost_in, odds=0.3),
    Fault("A2", "carried out, the answer is lost", on_request=_answer_lost, odds=0.3),
    Fault("A3", "an answer that says nothing for certain", on_request=_ambiguous, odds=0.35),
    Fault("A4", "503: documented as not done", on_request=_not_done, odds=0.35),
    Fault("A5", "-1008 for algo orders and entries", on_request=_overload, odds=0.6),
    Fault("A6", "-1021 or -5028", on_request=_clock, odds=0.3),
    Fault("A6c", "the exchange's clock cannot be read", on_request=_no_clock, odds=1.0, length_s=(30.0, 60.0), is_dry=True),
    Fault("A6b", "a request that arrives late", on_request=_late, odds=0.3, excuse_s=6.0),
    Fault("A7", "429", on_request=_too_many, odds=0.05, length_s=(2.0, 8.0), excuse_s=3.3),
    Fault("A8", "418: banned for some seconds", on_request=_banned, odds=0.02, length_s=(1.0, 3.0)),
    Fault("A8b", "403 of a firewall", on_request=_firewall, odds=0.3),
    Fault("A9", "-1015", on_request=_too_many_orders, odds=0.3),
    Fault("A10", "no margin", on_request=_no_money, odds=0.4, is_dry=True),
    Fault("A12", "-2013 for an order that exists", on_request=_not_found, odds=0.8),
    Fault("A13", "a stop would trigger now", on_request=_triggers_now, odds=0.15),
    Fault("A14", "reduce-only refused", on_request=_reduce_only_refused, odds=0.4),
    Fault("A22", "a duplicate id", on_request=_duplicate, odds=0.5),
    Fault("A29", "the account is restricted", on_request=_restricted, odds=0.3, is_dry=True),
    Fault("A30", "the key is refused", on_request=_key_refused, odds=0.9, length_s=(2.0, 8.0), excuse_s=3.0),
    Fault("A31", "reads lag behind", on_request=_lagging, odds=0.5, excuse_s=2.5),
    Fault("A32", "reads fail", on_request=_read_fails, odds=0.4),
    Fault("A34", "the leverage call fails", on_request=_set_up_fails, odds=0.7, is_dry=True),
    Fault("A36", "a page in the place of an answer", on_request=_page, odds=0.3),
    Fault("A38", "answers and news overtake each other", on_request=_slow_reads, odds=0.3, excuse_s=4.3),
    Fault("F11", "no connection can be made", on_request=_no_route, odds=0.9, length_s=(1.0, 10.0)),
    Fault("B14", "200 conditional orders rest", on_request=_quota, odds=0.7, length_s=(2.0, 10.0)),
    Fault("B21", "a wallet of nothing is shown", on_request=_no_money_shown, odds=0.4, excuse_s=2.5),
    Fault("B17", "maintenance: nothing but pages", on_request=_page, odds=1.0, length_s=(3.0, 20.0), excuse_s=3.0),
    Fault("C3", "the user stream is mute", on_frame=_mute_private, odds=1.0, length_s=(3.0, 20.0), excuse_s=7.0),
    Fault("C8", "prices stand still", on_frame=_mute_market, odds=1.0, length_s=(3.0, 20.0), is_dry=True),
    Fault("C6", "each frame twice", on_frame=_twice, odds=0.4, is_dry=True),
    Fault("C9", "corrupt frames", on_frame=_corrupt, odds=0.1, excuse_s=7.0),
    Fault("C12", "account news are lost", on_frame=_mute_private, odds=0.3, excuse_s=7.0),
    Fault("C14", "an event that nobody knows", on_frame=_stranger, odds=0.2, is_dry=True),
    Fault("C17", "a closed bar twice, or never", on_frame=_close_twice_or_never, odds=0.6, length_s=(40.0, 60.0), is_dry=True),
    Fault("C18", "a mad price", on_frame=_mad_price, odds=0.1, is_dry=True),
]
