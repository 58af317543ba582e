"""The weather of one run: which faults of the catalogue (reliability, section 2) are about, when, and how hard.

A fault blows in a window of time. Every time that it really hits it is counted, and it excuses cover for a moment: what the
exchange refused or the wire lost cannot be there yet. When nothing hits any more nothing is excused.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.storm.world import World

EXCUSE_S: Final = 1.3
KINDS_PER_SEED: Final = (12, 18)


@dataclass(slots=True)
class Treatment:
    """What happens to one request on its way."""

    no_connection: bool = False
    is_lost: bool = False  # it never reaches the exchange
    is_cut: bool = False  # the caller sees the connection break
    is_unanswered: bool = False
    delay_s: float = 0.0
    answer_delay_s: float = 0.0
    forged: tuple[int, bytes] | None = None  # a status and a body in the place of the true answer
    acts_first: bool = False  # ... although it was carried out
    headers: Mapping[str, str] = field(default_factory=dict)
    lag_s: float = 0.0  # the exchange answers a read from what was known so long ago


@dataclass(frozen=True, slots=True)
class StoreFate:
    """What becomes of a write or a read."""

    delay_s: float = 0.0005
    is_done: bool = True


@dataclass(frozen=True, slots=True)
class ChatFate:
    """What Telegram does with a request of the bot."""

    delay_s: float = 0.0
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as the weather sees it."""

    method: str
    path: str
    params: Mapping[str, str]

    @property
    def is_write(self) -> bool:
        return self.path in ("/fapi/v1/order", "/fapi/v1/algoOrder") and self.method in ("POST", "DELETE")

    @property
    def is_entry(self) -> bool:
        return self.path == "/fapi/v1/order" and self.method == "POST" and self.params.get("reduceOnly") != "true"

    @property
    def is_exit(self) -> bool:
        return self.path == "/fapi/v1/order" and self.method == "POST" and self.params.get("reduceOnly") == "true"

    @property
    def is_algo(self) -> bool:
        return self.path == "/fapi/v1/algoOrder" and self.method == "POST"


type OnRequest = Callable[["World", Ask, random.Random], Treatment | None]
type OnFrame = Callable[["World", str, str, random.Random], list[bytes] | None]
type OnStore = Callable[["World", random.Random], StoreFate | None]
type OnChat = Callable[["World", Any, random.Random], ChatFate | None]
type Act = Callable[["World", random.Random], bool]


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the catalogue. Exactly one of the five ways in which it works is given."""

    id: str
    what: str
    on_request: OnRequest | None = None
    on_frame: OnFrame | None = None
    on_store: OnStore | None = None
    on_chat: OnChat | None = None
    act: Act | None = None
    odds: float = 0.35
    length_s: tuple[float, float] = (4.0, 25.0)
    excuse_s: float = EXCUSE_S
    is_dry: bool = False  # the exchange's own habit, no fault of the wire: it excuses nothing


@dataclass(frozen=True, slots=True)
class Blow:
    """A fault's window in one run, in seconds since its begin."""

    fault: Fault
    begin_s: float
    end_s: float

    def is_on(self, now_s: float) -> bool:
        """Whether it blows."""
        return self.begin_s <= now_s < self.end_s


CLEAR: Final = Treatment()


class Weather:
    """All blows of a run."""

    def __init__(self, world: "World", blows: list[Blow]) -> None:
        self.blows = blows
        self.hits = Counter[str]()
        self.excused_until_s = 0.0
        self._world = world
        self._is_clear = False
        self._request = [blow for blow in blows if blow.fault.on_request is not None]
        self._frame = [blow for blow in blows if blow.fault.on_frame is not None]
        self._chat = [blow for blow in blows if blow.fault.on_chat is not None]
        self._store = [blow for blow in blows if blow.fault.on_store is not None]

    def clear(self) -> None:
        """It is over."""
        self._is_clear = True

    def request(self, method: str, path: str, params: Mapping[str, str]) -> Treatment:
        """What becomes of a request."""
        world, ask = self._world, Ask(method, path, params)
        return (
            self._struck(self._request, lambda fault: fault.on_request and fault.on_request(world, ask, world.chance)) or CLEAR
        )

    def frame(self, route: str, text: str) -> list[bytes]:
        """What arrives of a frame."""
        world = self._world
        found = self._struck(self._frame, lambda fault: fault.on_frame and fault.on_frame(world, route, text, world.chance))
        return [text.encode()] if found is None else found

    def store(self) -> StoreFate:
        """What becomes of a write or read of the store."""
        world = self._world
        return self._struck(self._store, lambda fault: fault.on_store and fault.on_store(world, world.chance)) or StoreFate()

    def chat(self, method: Any) -> ChatFate:
        """What becomes of a request to Telegram."""
        world = self._world
        return (
            self._struck(self._chat, lambda fault: fault.on_chat and fault.on_chat(world, method, world.chance)) or ChatFate()
        )

    def _struck[Fate](self, blows: list[Blow], strike: Callable[[Fault], Fate | None]) -> Fate | None:
        """What the first blow that strikes makes of it; None where none does."""
        now = self._world.loop.time()
        for blow in () if self._is_clear else blows:
            if blow.is_on(now) and self._strikes(blow.fault) and (fate := strike(blow.fault)) is not None:
                self.hit(blow.fault)
                return fate
        return None

    def is_unreachable(self, route: str) -> bool:
        """Whether a connection to a route fails now."""
        now = self._world.loop.time()
        down = [blow for blow in self.blows if blow.fault.id == "C4" and blow.is_on(now)]
        if self._is_clear or not down:
            return False
        self.hit(down[0].fault)
        return True

    def slowness(self) -> float:
        """How much slower than usual the wire is."""
        now = self._world.loop.time()
        is_slow = not self._is_clear and any(blow.fault.id == "A38" and blow.is_on(now) for blow in self.blows)
        return 12.0 if is_slow and self._world.chance.random() < 0.3 else 1.0

    def hit(self, fault: Fault) -> None:
        """A fault really struck."""
        self.hits[fault.id] += 1
        if not fault.is_dry:
            self.excuse(fault.excuse_s)

    def excuse(self, seconds: float) -> None:
        """For so long cover may be missing."""
        self.excused_until_s = max(self.excused_until_s, self._world.loop.time() + seconds)

    def _strikes(self, fault: Fault) -> bool:
        return self._world.chance.random() < fault.odds


def drawn(chance: random.Random, faults: list[Fault], begin_s: float, end_s: float) -> list[Blow]:
    """Draw the blows of a seed: a dozen kinds or more, each in a window of its own; acts twice."""
    count = min(len(faults), chance.randint(*KINDS_PER_SEED))
    blows = list[Blow]()
    for fault in chance.sample(faults, count):
        for _ in range(2 if fault.act is not None else 1):
            begin = chance.uniform(begin_s, end_s - 2.0)
            blows.append(Blow(fault, begin, min(end_s, begin + chance.uniform(*fault.length_s))))
    return blows
