"""What the loop has set in motion: requests on their way, and the moment at which it wants to look again."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

from engine.model.events import OrderUnanswered
from engine.model.messages import Errand, SyncAccount
from engine.model.orders import ApprovedOrder, SignedOrder
from engine.ports import Broker, Event, Post

logger = logging.getLogger(__name__)


class Requests:
    """Each request is a task of its own; what the exchange answers enters the queue."""

    def __init__(self, broker: Broker, post: Post, unanswered: Callable[[ApprovedOrder, str], OrderUnanswered]) -> None:
        self._broker = broker
        self._post = post
        self._unanswered = unanswered
        self._tasks = set[asyncio.Task[None]]()
        self._wake: asyncio.TimerHandle | None = None
        self._is_looking = self._look_again = False

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Let something run beside the loop."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def place(self, order: ApprovedOrder) -> None:
        """Send an exit, a stop or a target."""
        self.start(self._placed(order))

    async def send(self, signed: SignedOrder) -> None:
        """Send a journalled entry, once. Whatever cuts it off leaves it unanswered."""
        try:
            self._post_all(await self._broker.send(signed))
        except BaseException as error:
            self._post(self._unanswered(signed.order, type(error).__name__))
            raise

    async def run(self, errand: Errand) -> None:
        """Carry out a read or a cancel. Of looks at the account one is under way: whoever asks meanwhile gets the next."""
        if not isinstance(errand, SyncAccount):
            self._post_all(await self._broker.run(errand))
        elif self._is_looking:
            self._look_again = True
        else:
            await self._look(errand)

    async def _look(self, errand: SyncAccount) -> None:
        self._is_looking = self._look_again = True
        try:
            while self._look_again:
                self._look_again = False
                self._post_all(await self._broker.run(errand))
        finally:
            self._is_looking = False

    def wake_after(self, wake_in_ms: int, woken: Callable[[], None]) -> None:
        """Look again after a while: the earliest wish counts."""
        if not wake_in_ms:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + wake_in_ms / 1_000
        if self._wake is not None:
            if not self._wake.cancelled() and loop.time() < self._wake.when() <= due:
                return
            self._wake.cancel()
        self._wake = loop.call_at(due, woken)

    async def finished(self, limit_s: float) -> None:
        """Wait for all of them, for a while at most, and look no more."""
        if self._wake is not None:
            self._wake.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=limit_s)

    def __len__(self) -> int:
        return len(self._tasks)

    async def _placed(self, order: ApprovedOrder) -> None:
        self._post_all(await self._broker.place(order))

    def _post_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self._post(event)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a request ended with %r", task.exception())
