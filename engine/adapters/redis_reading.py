"""Reading the state back: every text at one moment, and what of it can be understood."""

from typing import Final

from engine.adapters.redis_link import RedisLink, as_name
from engine.adapters.redis_state import ORDERS, PARAMS, POSITIONS, STATE, Damaged, Place, Texts, missing, read_state
from engine.adapters.redis_writer import PREFIX
from engine.model.saved import SavedState

PAPER: Final = PREFIX + "paper"


async def read_texts(link: RedisLink) -> dict[Place, bytes]:
    """Every text of the state, read at one moment. Raises `StoreDown`."""
    async with link.client.pipeline(transaction=True) as pipe:
        pipe.mget(STATE, PARAMS, PAPER)
        pipe.hgetall(POSITIONS)
        pipe.hgetall(ORDERS)
        keys, positions, orders = await link.run(pipe.execute())
    texts = {Place(key, ""): text for key, text in zip((STATE, PARAMS, PAPER), keys, strict=True) if text is not None}
    for key, fields in ((POSITIONS, positions), (ORDERS, orders)):
        texts |= {Place(key, as_name(field)): text for field, text in fields.items()}
    return texts


def readable(texts: Texts, namespace: str) -> tuple[SavedState | None, list[Damaged]]:
    """The state without its broken parts, and these. Raises `StateUnreadable` where none of it can be used."""
    sound = {place: text for place, text in texts.items() if place.key != PAPER}
    damages = list(missing(sound))
    while True:
        try:
            return read_state(sound, namespace), damages
        except Damaged as damage:
            damages.append(damage)
            del sound[damage.place]
