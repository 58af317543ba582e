"""What Prometheus may read: the engine's counters, gathered anew at every look."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bot.venue import Venue
from engine.model.events import Route
from engine.runner import Runner

NATURAL_MS: Final = 3_600_000  # a larger delay tells that the market has a time of its own, as in the demo


def exposition(runner: Runner, venue: Venue) -> bytes:
    """Everything that is counted, as text."""
    registry = CollectorRegistry()
    registry.register(_Engine(runner, venue))
    return generate_latest(registry)


class _Engine:
    def __init__(self, runner: Runner, venue: Venue) -> None:
        self._runner = runner
        self._venue = venue

    def collect(self) -> Iterator[Metric]:
        """One family after another."""
        runner, feed = self._runner, self._venue.feed
        view = runner.trader.view()
        yield _gauge("autobot_ready", "Recovered, compared and connected", float(runner.is_ready()))
        yield _gauge("autobot_halted", "The engine stopped deciding", float(view.is_halted))
        yield _gauge("autobot_latched", "Entries are latched", float(view.latch is not None))
        yield _gauge("autobot_store_up", "The store confirmed the newest save", float(runner.store_is_up))
        yield _gauge("autobot_guarded", "Starts failed again and again: nothing is entered", float(runner.trader.is_guarded))
        yield _gauge("autobot_equity", "Wallet and unrealised result, USDT", float(view.equity))
        yield _gauge("autobot_positions", "Open positions", sum(desk.position is not None for desk in view.desks.values()))
        yield _gauge("autobot_cards_open", "Proposals waiting for the owner", runner.cards_open())
        yield _gauge("autobot_inbox", "Items waiting", len(runner.inbox))
        yield _gauge("autobot_inbox_longest", "The longest queue so far", runner.inbox.longest)
        yield CounterMetricFamily("autobot_items", "Items taken out of the queue", value=runner.inbox.taken)
        yield CounterMetricFamily("autobot_frames", "Frames of the market feed", value=feed.counters.frames)
        yield CounterMetricFamily("autobot_bad_frames", "Frames that could not be read", value=feed.counters.bad)
        delays = feed.latencies.percentiles()
        if delays.p50 < NATURAL_MS:
            delay = GaugeMetricFamily("autobot_feed_delay_ms", "From the exchange's clock to ours", labels=["percentile"])
            for name, value in zip(delays._fields, delays, strict=True):
                delay.add_metric([name], value)
            yield delay
        losses = CounterMetricFamily("autobot_feed_losses", "Lost connections", labels=["route"])
        for route in (Route.PUBLIC, Route.MARKET):
            losses.add_metric([route.value], feed.losses(route))
        yield losses


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
