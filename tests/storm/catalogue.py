"""All faults that a run can draw, by the id of their row in the catalogue."""

from typing import Final

from tests.storm.faults_chat import CHAT
from tests.storm.faults_wire import WIRE
from tests.storm.faults_world import WORLD
from tests.storm.weather import Fault

FAULTS: Final[dict[str, Fault]] = {fault.id: fault for fault in (*WIRE, *WORLD, *CHAT)}


def chosen(ids: str) -> list[Fault]:
    """The faults that are named, or all of them. Raises `ValueError` naming one that does not exist."""
    if not ids:
        return list(FAULTS.values())
    names = [name.strip() for name in ids.split(",") if name.strip()]
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return [FAULTS[name] for name in names]
