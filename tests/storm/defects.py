"""The defects that `planted` plants: mistakes that a careful person could make, each with money, safety or honesty at stake."""

from typing import Final

from tests.storm.defects_brakes import BRAKES
from tests.storm.defects_desk import DESKS
from tests.storm.defects_edges import EDGES
from tests.storm.defects_engine import ENGINE
from tests.storm.defects_orders import ORDERS
from tests.storm.defects_talk import TALK
from tests.storm.planted import Defect

DEFECTS: Final[tuple[Defect, ...]] = (*ORDERS, *DESKS, *ENGINE, *BRAKES, *EDGES, *TALK)
