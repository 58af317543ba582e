"""How the saved state lies in the store: a text per place (a key, or a field of a hash); only changed ones are written."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import msgspec

from engine.adapters.codec import Undecodable, decode, encode, from_plain, plain
from engine.adapters.redis_link import shown
from engine.adapters.redis_writer import PREFIX, Command
from engine.model.saved import SAVED_VERSION, EntryIntent, Override, SavedAccount, SavedDesk, SavedState
from engine.model.signals import Side, Sides
from engine.ports import StateUnreadable

STATE: Final = PREFIX + "state"
POSITIONS: Final = PREFIX + "positions"
ORDERS: Final = PREFIX + "orders"
PARAMS: Final = PREFIX + "params"


class Place(NamedTuple):
    """Where a text lies. `field` "" = the key itself."""

    key: str
    field: str


WHOLE: Final = (Place(STATE, ""), Place(PARAMS, ""))  # what every state has

type Texts = Mapping[Place, bytes]


class Damaged(StateUnreadable):
    """The text at one place cannot be read."""

    def __init__(self, place: Place, error: Undecodable | str) -> None:
        super().__init__(f"{shown(' '.join(place).strip())} is damaged ({error})")
        self.place = place


class StateTexts:
    """Turns states into texts. A desk that did not change since the last time is not written out again."""

    def __init__(self) -> None:
        self._desks: dict[str, tuple[SavedDesk, bytes, bytes | None]] = {}

    def of(self, state: SavedState) -> dict[Place, bytes]:
        """Every text of a state."""
        head = {"version": state.version, "namespace": state.namespace, "account": plain(state.account)}
        texts = {Place(STATE, ""): msgspec.json.encode(head), Place(PARAMS, ""): encode(state.overrides)}
        for symbol, desk in state.desks.items():
            _, position, order = self._desk(desk)
            texts[Place(POSITIONS, symbol)] = position
            if order is not None:
                texts[Place(ORDERS, symbol)] = order
        return texts

    def _desk(self, desk: SavedDesk) -> tuple[SavedDesk, bytes, bytes | None]:
        known = self._desks.get(desk.symbol)
        if known is None or known[0] is not desk:
            order = None if desk.entry is None else encode(desk.entry)
            known = self._desks[desk.symbol] = (desk, encode(replace(desk, entry=None)), order)
        return known


def changes(before: Texts | None, after: Texts) -> Iterator[Command]:
    """The commands that lead from one state to the next. `before` None = unknown, everything is written anew."""
    if before is None:
        yield ("DEL", STATE, PARAMS, POSITIONS, ORDERS)
        before = {}
    for place, text in after.items():
        if before.get(place) != text:
            yield ("HSET", *place, text) if place.field else ("SET", place.key, text)
    for place in before.keys() - after.keys():
        yield ("HDEL", *place) if place.field else ("DEL", place.key)


def is_weighty(before: Texts, after: Texts) -> bool:
    """Whether something changed that must not come undone unnoticed: an entry, or what the owner wished."""
    changed = [place for place, text in after.items() if before.get(place) != text]
    return any(
        place.key in (ORDERS, PARAMS)
        or (place.key == STATE and _wished(before.get(place), _AccountWish) != _wished(after[place], _AccountWish))
        or (place.key == POSITIONS and _wished(before.get(place), _DeskWish) != _wished(after[place], _DeskWish))
        for place in changed
    )


def _wished[T](text: bytes | None, kind: type[T]) -> T | None:
    return None if text is None else msgspec.json.decode(text, type=kind)


def read_state(texts: Texts, namespace: str) -> SavedState | None:
    """Put a state together, or None where there is none. Raises `StateUnreadable`, `Damaged` where a text is broken."""
    if not texts:
        return None
    account = _account(texts, namespace)
    overrides = _read(texts, Place(PARAMS, ""), tuple[Override, ...])
    symbols = sorted({place.field for place in texts if place.field})
    desks = {symbol: _desk(texts, symbol) for symbol in symbols}
    return SavedState(namespace, account, desks, overrides or ())


def missing(texts: Texts) -> Iterator[Damaged]:
    """Whatever is saved is saved with these two: where one is gone beside other texts, it was lost."""
    for place in WHOLE:
        if texts and place not in texts:
            yield Damaged(place, "it is gone, or of another type")


def _account(texts: Texts, namespace: str) -> SavedAccount:
    head = _read(texts, Place(STATE, ""), _Head)
    if head is None:
        return SavedAccount()
    if head.version != SAVED_VERSION:
        is_newer = head.version > SAVED_VERSION
        remedy = "start the newer program again" if is_newer else "start with an empty store; positions are adopted"
        kind = "a newer" if is_newer else "an unknown older"
        raise StateUnreadable(f"{STATE} was written by {kind} program (version {head.version}, not {SAVED_VERSION}): {remedy}")
    if head.namespace != namespace:
        raise StateUnreadable(
            f"{STATE} belongs to {head.namespace!r}, not to {namespace!r}: use another store or folder for it"
        )
    try:
        return from_plain(head.account, SavedAccount)
    except Undecodable as error:
        raise Damaged(Place(STATE, ""), error) from error


def _desk(texts: Texts, symbol: str) -> SavedDesk:
    desk = _read(texts, Place(POSITIONS, symbol), SavedDesk)
    entry = _read(texts, Place(ORDERS, symbol), EntryIntent)
    if entry is not None and entry.symbol != symbol:
        raise Damaged(Place(ORDERS, symbol), f"it is of {entry.symbol}")
    if desk is None:
        assert entry is not None, "the symbol was found in one of the two"
        only = Sides.LONG if entry.side is Side.LONG else Sides.SHORT  # the wish was lost: no more than was at work
        return SavedDesk(symbol, only, entry=entry)
    if desk.symbol != symbol:
        raise Damaged(Place(POSITIONS, symbol), f"it is of {desk.symbol}")
    return desk if entry is None else replace(desk, entry=entry)


def _read[T](texts: Texts, place: Place, kind: type[T]) -> T | None:
    text = texts.get(place)
    if text is None:
        return None
    try:
        return decode(text, kind)
    except Undecodable as error:
        raise Damaged(place, error) from error


class _Head(msgspec.Struct):
    """What stands in `autobot:state`. The account is read last: a newer program may have another one."""

    version: int
    namespace: str
    account: Any


class _Wishes(msgspec.Struct):
    running: str = ""
    mode: str = ""


class _AccountWish(msgspec.Struct):
    """What the owner wished of the account. Nothing else is looked at: this stands before each save's confirmation."""

    account: _Wishes


class _DeskWish(msgspec.Struct):
    """What the owner wished of a symbol."""

    sides: int
