"""What an endpoint is: its path, who may call it, what it weighs, and the function that answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from sandbox.exchange.broadcast import Broadcast
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.hub import Hub
from sandbox.exchange.limits import Limits
from sandbox.exchange.params import Params


class Security(Enum):
    """Reference 3: N none, K key only, S signed."""

    OPEN = "N"
    KEY = "K"
    SIGNED = "S"


@dataclass(frozen=True, slots=True)
class Desk:
    """What an endpoint may use."""

    exchange: Exchange
    broadcast: Broadcast
    hub: Hub
    limits: Limits


type Answer = Mapping[str, object] | Sequence[object] | bytes
type Handler = Callable[[Desk, Params], Answer]
type Weight = Callable[[Params], int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the table. `is_order` counts in the order windows, `pool` in the one of funding queries."""

    method: str
    path: str
    security: Security
    weight: Weight
    handler: Handler
    is_order: bool = False
    is_pooled: bool = False


def fixed(weight: int) -> Weight:
    """A weight that does not depend on the parameters."""
    return lambda _: weight


def by_symbol(one: int, every: int) -> Weight:
    """A weight that is larger without a symbol."""
    return lambda params: one if params.text("symbol") else every


def by_limit(usual: int, *steps: tuple[int, int]) -> Weight:
    """A weight by the number of rows: the first step whose bound is not exceeded, the last one otherwise."""

    def weigh(params: Params) -> int:
        text = params.text("limit") or ""
        wanted = int(text) if text.isdecimal() else usual
        return next((weight for bound, weight in steps if wanted <= bound), steps[-1][1])

    return weigh
