"""One seeded life of a Trader that is told mutated frames: nothing may be raised, nothing entered on bad data (I16),
and when true news come again both books agree.

Frames go the product's way: parser, beliefs, bar queue, `Trader.handle`; an exchange in memory answers its orders.
"""

import math
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from engine.adapters import binance_answers as answers
from engine.adapters.binance_account_messages import read_account
from engine.adapters.binance_bars import BarQueue
from engine.adapters.binance_beliefs import Beliefs
from engine.adapters.binance_errors import NoAnswer
from engine.adapters.binance_messages import BadMessage, event_time, read_market
from engine.model.commands import StartTrading
from engine.model.events import BarClosed
from engine.model.market import Bar
from engine.model.orders import ApprovedOrder, Role
from tests.engine.trader.rising import EAGER, WARMUP
from tests.engine.trader.world import HOUR, SYMBOL, World
from tests.storm.fuzz_mutations import mutated
from tests.storm.fuzz_templates import account_templates, market_templates, rest_templates

MOST_AT_ONCE: Final = 3_000  # events that one frame may set in motion before we say that it never ends
CALM_S: Final = 90
FRESH_MS: Final = 3_000


class Step(NamedTuple):
    """One thing that happens: raw frames of a kind, or wire time that passes."""

    kind: str
    raws: tuple[bytes, ...] = ()
    number: int = 0
    shape: Any = None


class Violation(AssertionError):
    """A promise was broken."""


class FuzzedWorld(World):
    """An exchange in memory that looks at every order as it comes."""

    looks: Callable[[ApprovedOrder], None] = staticmethod(lambda _: None)

    def _run(self) -> None:
        for _ in range(MOST_AT_ONCE):
            if not self._inbox:
                return
            self._act(self.trader.handle(self._inbox.popleft()))
        raise Violation(f"one frame set more than {MOST_AT_ONCE} events in motion")

    def _order(self, order: ApprovedOrder) -> None:
        self.looks(order)
        super()._order(order)


class Life:
    """Draws its steps from a seed; `apply` can also be given steps of an earlier life."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.most_market = 0.62 if seed % 2 else 0.85  # in every other life the account is told of truly, so that entries go on
        self.world = FuzzedWorld(params=EAGER, warmup=WARMUP)
        self.world.wish(StartTrading)
        self.beliefs, self.queue = Beliefs(), BarQueue(SYMBOL, HOUR)
        self.bars: list[Bar] = []
        self.price, self.drift, self.newest_ms = 1_000.0, 3.0, 0
        self.entries = self.bad = self.passed = 0
        for _ in range(WARMUP):
            self.world.close(self._next_bar(), self.price, is_history=True)
            self.queue.last_open_ms = self.bars[-1].open_time_ms
        self.world.looks = self._look

    # --- drawing ----------------------------------------------------------------------------------------------------

    def draw(self) -> Step:
        """The next thing that happens."""
        dice, chance = self.chance.random(), self.chance
        if dice < self.most_market:
            return Step("market", (mutated(chance.choice(market_templates()), self._parts(), chance),))
        if dice < 0.85:
            return Step("account", (mutated(chance.choice(account_templates()), self._parts(), chance),))
        if dice < 0.95:
            shape, template = chance.choice(rest_templates())
            return Step("rest", (mutated(template, {}, chance),), shape=shape)
        if dice < 0.985:
            return Step("bar", number=int(chance.random() * 1_000))
        return Step("time", number=chance.choice((200, 1_000, 1_000, 5_000, 30_000)))

    def _parts(self) -> dict[bytes, bytes]:
        """What is true now, as frames would say it."""
        world, draw = self.world, self.chance.random
        now, price = world.time + int(draw() * 1_000), self.price * (0.999 + draw() * 0.002)
        opened = self.bars[-1].open_time_ms + (HOUR if draw() < 0.3 else 0)
        orders = world.orders[-4:]
        name = orders[int(draw() * len(orders))].client_id if orders else "abE" + "a" * 16 + "000"
        return {
            b'"@P"': b'"%.2f"' % price,
            b'"@T"': b"%d" % now,
            b'"@O"': b"%d" % opened,
            b'"@U"': b"%d" % (opened + HOUR - 1),
            b'"@F"': b"%d" % (now + 8 * HOUR),
            b'"@C"': b'"' + name.encode() + b'"',
            b'"@Q"': b'"%.3f"' % (draw() * 2),
            b'"@I"': b"%d" % int(draw() * 1_000),
            b'"@N"': b"%d" % int(1 + draw() * 100_000),
            b'"@H"': str(world.held[SYMBOL]).encode().join((b'"', b'"')),
            b'"@W"': str(world.wallet).encode().join((b'"', b'"')),
        }

    # --- applying ---------------------------------------------------------------------------------------------------

    def apply(self, step: Step) -> None:
        """Let it happen. Raises whatever the product raises, or `Violation`."""
        match step.kind:
            case "market":
                self._market(step.raws[0])
            case "account":
                self._account(step.raws[0])
            case "rest":
                self._answer(step.shape, step.raws[0])
            case "bar":
                self._bar(step.number)
            case _:
                self.world.pass_time(step.number, is_check=step.number > 10_000)

    def _market(self, raw: bytes) -> None:
        event_time(raw)
        try:
            frame = read_market(raw, self.world.now)
        except BadMessage:
            self.bad += 1
            return
        news = frame.news
        if news is None or news.symbol != SYMBOL:
            return
        if not self.beliefs.takes(news):
            self.bad += 1
            return
        self.passed += 1
        if isinstance(news, BarClosed):
            self._closed(news)
        else:
            self.world.give(news)

    def _closed(self, news: BarClosed) -> None:
        posts = self.queue.arrived(news)
        if self.queue.has_hole:
            self.queue.is_repairing = True
            missed = [bar for bar in self.bars if bar.open_time_ms > self.queue.last_open_ms]
            posts = self.queue.repaired([BarClosed(SYMBOL, bar, True, self.world.time, self.world.now) for bar in missed])
        for event in posts:
            self.world.give(event)

    def _account(self, raw: bytes) -> None:
        try:
            frame = read_account(raw, self.world.now)
        except BadMessage:
            self.bad += 1
            return
        self.passed += len(frame.news)
        for event in frame.news:
            self.world.give(event)

    def _answer(self, shape: Any, raw: bytes) -> None:
        try:
            read = answers.decoded(raw, shape)
        except NoAnswer:
            self.bad += 1
            return
        for row in read if isinstance(read, list) else [read]:
            try:
                _said(row)
            except BadMessage:
                self.bad += 1
            else:
                self.passed += 1

    def _bar(self, number: int) -> None:
        """A bar closes, and the stream says so in frames that are whole."""
        bar = self._next_bar(number)
        self.world.time, self.world.now = bar.open_time_ms + HOUR, self.world.now + 1_000
        self.world.touch(SYMBOL, bar)
        self.world.price[SYMBOL] = Decimal(repr(self.price))
        time, now = self.world.time + 20, b"%d" % (self.world.time + 20)
        text = b'"%.4f"' % self.price
        head = b'{"stream":"x","data":{"e":"%s","s":"ETHUSDT","E":' + now + b","
        row = f'"o":{bar.open},"h":{bar.high},"l":{bar.low},"c":{bar.close},"v":{bar.volume},"x":true,"i":"1h"'.encode()
        span = b'"t":%d,"T":%d,' % (bar.open_time_ms, bar.open_time_ms + HOUR - 1)
        self._market(head % b"aggTrade" + b'"p":' + text + b"}}")
        self._market(head % b"bookTicker" + b'"b":' + text + b',"a":' + text + b"}}")
        self._market(head % b"markPriceUpdate" + b'"p":' + text + b',"r":"0.0001","T":%d}}' % (time + 8 * HOUR))
        self._market(head % b"kline" + b'"k":{' + span + row + b"}}}")

    def _next_bar(self, number: int = 1) -> Bar:
        if number % 17 == 0:
            self.drift = -self.drift
        step = self.price * 0.003 * (1.6 if number % 3 else -0.7) * (1 if self.drift > 0 else -1)
        close = min(max(round(self.price + step, 2), 100.0), 10_000.0)
        opened = self.bars[-1].open_time_ms + HOUR if self.bars else HOUR
        low, high = min(self.price, close) * 0.999, max(self.price, close) * 1.001
        self.bars.append(Bar(opened, self.price, round(high, 2), round(low, 2), close, 100.0 + number % 5))
        self.price = close
        return self.bars[-1]

    # --- what must hold ---------------------------------------------------------------------------------------------

    def _look(self, order: ApprovedOrder) -> None:
        for number in (order.quantity, order.trigger_price):
            if number is not None and not (number.is_finite() and number > 0):
                raise Violation(f"an order of {number}: {order}")
        if order.role is Role.ENTRY:
            self.entries += 1
            self._look_at_entry(order)
        elif not order.reduce_only:
            raise Violation(f"not reduce-only: {order}")

    def _look_at_entry(self, order: ApprovedOrder) -> None:
        """Its bar is the newest one, prices are sound and near the true one, and there is money for its margin.

        A bar all of whose times lie an hour ahead cannot be told from a true one.
        """
        trader, desk = self.world.trader, self.world.trader.desks[SYMBOL]
        made, sight, quantity = desk.rulings[0], desk.sight, float(order.quantity or 0)
        seen = (made.bar.open, made.bar.high, made.bar.low, made.bar.close, made.features.atr, sight.bid, sight.ask)
        wrong = [value for value in (*seen, made.features.adx) if not math.isfinite(value) or value <= 0]
        far = [value for value in (*seen[:4], *seen[5:]) if not 0.4 * self.price <= value <= 1.6 * self.price]
        if wrong or far:
            raise Violation(f"an entry on {wrong or far}, the price being {self.price}")
        if made.close_time_ms > self.world.time + HOUR or made.bar.open_time_ms % HOUR:
            raise Violation(f"an entry on a bar that closes at {made.close_time_ms}, now being {self.world.time}")
        if trader.is_blind or not trader.is_ready or self.world.now - sight.frame_ms > FRESH_MS:
            raise Violation("an entry without sight")
        if quantity * made.bar.close / EAGER.leverage > float(trader.books.available) * 1.01:
            raise Violation(f"an entry of {quantity} without its margin")

    def calm(self) -> None:
        """True news again: the exchange's position, ours and the stops' agree. Raises `Violation`."""
        world = self.world
        for second in range(CALM_S):
            world.pass_time(1_000, is_check=second % 30 == 0)
        holding = world.trader.desks[SYMBOL].memory.holding
        ours = holding.quantity * int(holding.trade.side) if holding is not None else Decimal(0)
        if ours != world.held[SYMBOL]:
            raise Violation(f"in calm we believe in {ours}, the exchange holds {world.held[SYMBOL]}")
        for role in (Role.TIGHT_STOP, Role.WIDE_STOP):
            covers = any(stop.role is role for stop in world.stops.values())
            if covers != bool(ours):
                raise Violation(f"in calm {'an orphan' if covers else 'no stop'} {role.name} at {ours}")
        world.trader.view()


def _said(row: Any) -> None:
    """What the adapters make of a row."""
    match row:
        case answers.Kline():
            answers.bar(row, 60_000)
        case answers.Balance():
            answers.quote_balance([row])
        case answers.SymbolConfig():
            answers.setup(row)
        case answers.Position():
            answers.positions([row])
        case answers.Order():
            answers.resting_order(row)
        case answers.AlgoOrder():
            answers.resting_stop(row)
        case answers.AccountTrade():
            answers.fill(row, "abc")


def lived(seed: int, count: int) -> tuple[list[Step], Exception | None]:
    """A whole life, step by step; what broke it."""
    life, steps = Life(seed), list[Step]()
    try:
        for _ in range(count):
            steps.append(life.draw())
            life.apply(steps[-1])
        life.calm()
    except Exception as error:  # whatever it is, it is what we look for
        return steps, error
    return steps, None


def breaks_again(seed: int, steps: Sequence[Step], like: Exception) -> bool:
    """Whether these steps alone end the same way."""
    life = Life(seed)
    try:
        for step in steps:
            life.apply(step)
        life.calm()
    except Exception as error:
        return type(error) is type(like) and str(error)[:20] == str(like)[:20]
    return False
