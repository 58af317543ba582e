"""What one step of the storm does to the product, drawn from a seed: where it is hit, how, and what else happens meanwhile."""

import math
import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.storm.proxy import Failing


class Point(StrEnum):
    """Where the product is hit: at a random instant, or when this request reaches the venue or the store."""

    RANDOM = "random"
    STARTING = "starting"  # a random instant of the first seconds of a life
    ENTRY = "entry"
    WIDE = "wide"
    TIGHT = "tight"
    TARGET = "target"
    CANCEL = "cancel"
    EXIT = "exit"
    POSITIONS = "positions"
    STOPS_LISTED = "stops_listed"
    LISTEN_KEY = "listen_key"
    JOURNAL = "journal"  # the entry's intent reaches the store


class Moment(StrEnum):
    """When, seen from the request."""

    BEFORE = "before"  # the request is lost
    LATE = "late"  # the request lives on in the network and arrives later
    AFTER = "after"  # it was carried out, the answer is lost


class Meanwhile(StrEnum):
    """What others do while the product is dead or stopped."""

    NOTHING = ""
    STOP_CANCELLED = "a stop cancelled by hand"
    ALL_CANCELLED = "all orders cancelled by hand"
    REDUCED = "the position reduced by hand"
    CLOSED = "the position closed by hand"
    GAP = "the price jumped against the position"


WEIGHTS: Final = {
    Point.RANDOM: 34,
    Point.STARTING: 8,
    Point.ENTRY: 8,
    Point.JOURNAL: 6,
    Point.WIDE: 4,
    Point.TIGHT: 10,
    Point.TARGET: 3,
    Point.CANCEL: 9,
    Point.EXIT: 3,
    Point.POSITIONS: 5,
    Point.STOPS_LISTED: 6,
    Point.LISTEN_KEY: 4,
}
MEANWHILE: Final = {
    Meanwhile.NOTHING: 64,
    Meanwhile.STOP_CANCELLED: 14,
    Meanwhile.ALL_CANCELLED: 6,
    Meanwhile.REDUCED: 6,
    Meanwhile.CLOSED: 4,
    Meanwhile.GAP: 6,
}
PAUSES: Final = 0.05
LONGEST_PAUSE_S: Final = 40.0
LINKS: Final = ("venue", "telegram", "store")
LINK_FAILS: Final = 0.2
STORE_DIES: Final = 0.06
LONGEST_LATE_S: Final = 4.0  # longer than the lease of an entry


@dataclass(frozen=True, slots=True)
class LinkFault:
    """A link that fails for a while."""

    link: str
    failing: Failing
    seconds: float


@dataclass(frozen=True, slots=True)
class Blow:
    """One step."""

    number: int
    point: Point
    moment: Moment
    wait_s: float  # before a random instant
    late_s: float
    pause_s: float  # 0 = kill -9
    meanwhile: Meanwhile
    fault: LinkFault | None
    store_dies: bool

    def __str__(self) -> str:
        what = f"SIGSTOP for {self.pause_s:.1f} s" if self.pause_s else "kill -9"
        where = (
            f"{self.wait_s:.2f} s"
            if self.point in (Point.RANDOM, Point.STARTING)
            else f"{self.moment.value} {self.point.value}"
        )
        fault = f", {self.fault.link} {self.fault.failing.value} {self.fault.seconds:.1f} s" if self.fault else ""
        also = f", {self.meanwhile.value}" if self.meanwhile else ""
        return f"blow {self.number}: {what} at {where}{also}{fault}{', store killed' if self.store_dies else ''}"


def draw(number: int, chance: random.Random) -> Blow:
    """Draw one step; every step takes the same number of chances, so that one seed is one storm."""
    point, meanwhile = _one_of(WEIGHTS, chance), _one_of(MEANWHILE, chance)
    moment, is_pause = chance.choice(tuple(Moment)), chance.random() < PAUSES
    pause_s = math.exp(chance.uniform(0.0, math.log(LONGEST_PAUSE_S)))
    wait_s = chance.uniform(0.0, 2.5) if point is Point.STARTING else chance.uniform(0.0, 3.0)
    late_s = chance.uniform(0.05, LONGEST_LATE_S)
    fault = LinkFault(chance.choice(LINKS), chance.choice(tuple(Failing)), chance.uniform(0.5, 5.0))
    has_fault, store_dies = chance.random() < LINK_FAILS, chance.random() < STORE_DIES
    return Blow(
        number=number,
        point=point,
        moment=moment,
        wait_s=wait_s,
        late_s=late_s,
        pause_s=pause_s if is_pause else 0.0,
        meanwhile=meanwhile,
        fault=fault if has_fault else None,
        store_dies=store_dies,
    )


def _one_of[T](weights: dict[T, int], chance: random.Random) -> T:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]
