"""How a storm ends: calm, its last acts, the judgement, and the evidence that is left."""

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.storm.processes_acts import last_acts
from tests.storm.processes_draws import Point
from tests.storm.processes_judge import doubled, grown, naked_too_long, troubles_of
from tests.storm.processes_watch import Hit, Stretch
from tests.storm.processes_world import KEY, SECRET, StormWorld

if TYPE_CHECKING:
    from tests.storm.processes_run import Storm

SIGNATURE: Final = re.compile(rb"[0-9a-f]{64}")

type Say = Callable[[str], None]


@dataclass(slots=True)
class Ending:
    """What a storm leaves behind. Times are seconds."""

    seed: int
    blows: int = 0
    kills: int = 0
    pauses: int = 0
    with_position: int = 0
    at_point: dict[str, int] = field(default_factory=dict)
    entries: int = 0
    requests: int = 0
    stop_moves: int = 0
    races: int = 0
    strikes: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fill_to_cover: list[float] = field(default_factory=list)
    kill_to_first_request: list[float] = field(default_factory=list)
    kill_to_verified: list[float] = field(default_factory=list)
    kill_to_cover_of_naked: list[float] = field(default_factory=list)
    race_to_left: list[float] = field(default_factory=list)
    seconds: float = 0.0


async def end_storm(storm: "Storm", say: Say) -> Ending:
    """End it and judge it."""
    world, found = storm.world, list[str]()
    for link in world.links.values():
        link.calm()
    found += await last_acts(storm, say)
    hits, exchange = world.watch.hits, world.venue.exchange
    troubles = troubles_of(hits, storm.link_faults)
    found += naked_too_long(world.watch.cover.stretches, troubles, time.monotonic())
    found += doubled(exchange, world.market, f"testnet-{world.account}")
    found += grown(exchange)
    found += [f"stop gap: {gap}" for gap in world.watch.gaps]
    foreign = exchange.orders.find(None, storm.foreign_id)
    found += [] if foreign is not None and foreign.is_open else [f"foreign: {storm.foreign_id} is gone"]
    found += leaked(world)
    found += _odd_ends(world)
    keep_evidence(world)
    return _ending(storm, found)


def keep_evidence(world: StormWorld) -> None:
    """Write down what the venue saw, for whoever has to understand it."""
    stretches = [
        f"{one.began_s:.3f} to {one.ended_s or 0:.3f} {one.symbol} without cover, after: {one.cause}"
        for one in world.watch.cover.stretches
    ]
    hits = [
        f"{hit.at_s:.3f} life {hit.life} {hit.blow};"
        f" first request {hit.first_request_s or 0:.3f}, verified {hit.verified_s or 0:.3f}"
        for hit in world.watch.hits
    ]
    lives = [f"{life.began_s:.3f} to {life.ended_s or 0:.3f} life {life.number} code {life.code}" for life in world.life.lives]
    (world.folder / "venue.json").write_text(json.dumps(world.venue.report(), indent=1), encoding="utf-8")
    (world.folder / "seen.log").write_text("\n".join((*hits, *lives, *stretches, *world.watch.trace)) + "\n", encoding="utf-8")


def leaked(world: StormWorld) -> list[str]:
    """Secrets in anything that the product wrote or said."""
    secrets = {"the bot's token": world.token.encode(), "the API secret": SECRET.encode(), "the API key": KEY.encode()}
    said = "\n".join(str(event.get("message", "")) for event in world.bot_api.transcript()).encode()
    places = [(path.name, path.read_bytes()) for path in _written(world.folder)] + [("the chat", said)]
    signatures = {signature.encode() for signature in world.watch.signatures}
    found = [f"leak: {what} in {name}" for name, text in places for what, value in secrets.items() if value in text]
    found += [f"leak: a signature in {name}" for name, text in places if signatures.intersection(SIGNATURE.findall(text))]
    return found + [
        f"leak: a listen key in {name}" for name, text in places if any(key.encode() in text for key in world.watch.listen_keys)
    ]


def _written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _odd_ends(world: StormWorld) -> list[str]:
    """Lives that ended by themselves: nobody had killed or stopped them."""
    ended = [life for life in world.life.lives if life.code is not None and life.code > 0]
    return [f"ended: life {life.number} ended with code {life.code}: {_last_line(world, life.number)}" for life in ended]


def _last_line(world: StormWorld, number: int) -> str:
    life = world.life.lives[number - 1]
    lines = world.life.words(life).strip().splitlines()
    return lines[-1][:200] if lines else ""


def _ending(storm: "Storm", violations: list[str]) -> Ending:
    world = storm.world
    hits, exchange, stretches = world.watch.hits, world.venue.exchange, world.watch.cover.stretches
    kills = [hit for hit in hits if not hit.blow.pause_s]
    held = [hit for hit in kills if hit.held or (hit.at_point and hit.blow.point in (Point.ENTRY, Point.JOURNAL))]
    troubles = troubles_of(hits, storm.link_faults)
    calm = [
        one
        for one in stretches
        if one.cause == "entry" and not any(_meets(one, t.began_s, t.ended_s + t.grace_s) for t in troubles)
    ]
    failing = storm.link_faults
    undisturbed = [hit for hit in held if not any(began < hit.at_s + 4 and ended > hit.at_s for began, ended in failing)]
    verified = [hit for hit in undisturbed if hit.verified_s is not None and not _hit_again(hit, hits)]
    moves = [algo for algo in exchange.algos.by_id.values() if algo.client_id.startswith("abT")]
    points = {str(point): sum(hit.at_point and hit.blow.point is point for hit in hits) for point in Point}
    naked = [
        hit
        for hit in verified
        if any(one.began_s <= (hit.verified_s or 0) and (one.ended_s or 0) > hit.at_s for one in stretches)
    ]
    return Ending(
        seed=world.seed,
        blows=len(hits),
        kills=len(kills),
        pauses=len(hits) - len(kills),
        with_position=len(held),
        at_point=points,
        entries=sum(order.client_id.startswith("abE") for order in exchange.orders.by_id.values()),
        requests=world.watch.requests,
        stop_moves=len(moves),
        strikes={f"{name} {kind.value}": count for name, link in world.links.items() for kind, count in link.strikes.items()},
        violations=violations,
        notes=storm.stuck,
        fill_to_cover=[(one.ended_s or 0) - one.began_s for one in calm if one.ended_s],
        kill_to_first_request=[hit.first_request_s - hit.at_s for hit in kills if hit.first_request_s],
        kill_to_verified=[hit.verified_s - hit.at_s for hit in verified if hit.verified_s],
        kill_to_cover_of_naked=[hit.verified_s - hit.at_s for hit in naked if hit.verified_s],
    )


def _hit_again(hit: Hit, hits: Sequence[Hit]) -> bool:
    """Whether the next blow came before this one was made good."""
    return any(hit.at_s < other.at_s < (hit.verified_s or 0) for other in hits)


def _meets(stretch: Stretch, began_s: float, ended_s: float) -> bool:
    return began_s <= (stretch.ended_s or stretch.began_s) and ended_s >= stretch.began_s
