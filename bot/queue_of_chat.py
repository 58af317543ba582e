"""Alerts that wait for one chat: the most urgent first, an edit taking the place of what it would have edited."""

from dataclasses import dataclass, field
from typing import Final

from handlers.ui.alerts import Alert, Loudness

RANK: Final = {
    Loudness.CRITICAL: 0,
    Loudness.ASK: 1,
    Loudness.MONEY: 2,
    Loudness.NOTICE: 3,
    Loudness.REPORT: 4,
}
MANY: Final = 30  # with so many waiting, what may be left out is left out
MOST: Final = 1_000  # of a chat that nobody reaches; then even what disturbs is left out


@dataclass(slots=True)
class Waiting:
    """One alert, and the notices that are told with it."""

    alert: Alert
    number: int
    notices: list[str] = field(default_factory=list)
    is_on_its_way: bool = False  # its notices are counted when it arrives: until then it is not taken out
    is_outdated: bool = False  # made stale on its way: what did not arrive is not sent again

    @property
    def urgency(self) -> tuple[int, int]:
        return RANK[self.alert.loudness], self.number


class QueueOfChat:
    """The alerts of one chat."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, alert: Alert, notice: str) -> list[str]:
        """Put an alert in; give the notices that are told by nothing any more, because newer ones make them needless."""
        self._number += 1
        target = next((one for one in self._waiting if alert.edits and one.alert.name == alert.edits), None)
        if target is not None:
            louder = min(alert.loudness, target.alert.loudness, key=RANK.__getitem__)
            told = target.alert
            target.alert = alert._replace(edits=told.edits, follows=told.follows or alert.follows, loudness=louder)
            target.notices.append(notice)
            return []
        self._waiting.append(Waiting(alert, self._number, [*self._outdated(alert), notice]))
        return self._thinned() if len(self._waiting) > MANY else []

    def _outdated(self, alert: Alert) -> list[str]:
        """Take out what this alert makes stale; its notices are told with it. What is on its way is only marked."""
        stale = [one for one in self._waiting if alert.outdates and one.alert.name == alert.outdates]
        for one in stale:
            one.is_outdated = True
        resting = [one for one in stale if not one.is_on_its_way]
        for one in resting:
            self._waiting.remove(one)
        return [notice for one in resting for notice in one.notices]

    def first(self) -> Waiting | None:
        """The most urgent one, left where it is."""
        return min(self._waiting, key=lambda one: one.urgency, default=None)

    def done(self, one: Waiting) -> None:
        """Take one out."""
        if one in self._waiting:
            self._waiting.remove(one)

    def _thinned(self) -> list[str]:
        """Leave out the oldest silent alert that nothing else refers to; of far too many the oldest of the least urgent."""
        dull = (one for one in self._resting() if one.alert.loudness is Loudness.NOTICE and not one.alert.name)
        oldest = min(dull, key=lambda one: one.number, default=None)
        if oldest is None and len(self._waiting) > MOST:
            oldest = max(self._resting(), key=lambda one: (RANK[one.alert.loudness], -one.number))
        if oldest is None:
            return []
        self._waiting.remove(oldest)
        return oldest.notices

    def _resting(self) -> list[Waiting]:
        return [one for one in self._waiting if not one.is_on_its_way]
