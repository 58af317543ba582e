"""How a venue is set up. Every switch stands for something that the real exchange does, or is suspected to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

MAKER_RATE = Decimal("0.0002")  # reference 9: maker 2 bps, taker 5 bps at the lowest fee tier
TAKER_RATE = Decimal("0.0005")


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueConfig:
    """What a venue is told before it opens. `speed` is market seconds per wire second, None = as fast as the bot settles."""

    api_key: str
    api_secret: str
    host: str = "127.0.0.1"
    port: int = 0
    # the account
    wallet: Decimal = Decimal("10000")
    default_leverage: int = 20
    isolated: bool = False
    hedge_mode: bool = False
    ip_restricted: bool = True
    withdrawals_enabled: bool = False
    # the market
    spread_bps: float = 1.0
    slippage_bps: float = 1.0
    fills_per_order: int = 1
    maker_rate: Decimal = MAKER_RATE
    taker_rate: Decimal = TAKER_RATE
    funding_rate: Decimal = Decimal("0.0001")
    funding_files: Mapping[str, str | Path] = field(default_factory=dict)
    seed: int = 0
    # how market time goes on
    speed: float | None = 60.0
    follow_url: str = ""
    wait_for_cards: bool = False
    hold_at_bars: tuple[int, ...] = ()
    dead_bot_timeout_s: float | None = None
    quotes_lead: bool = True  # the next bar's quotes are shown before the closed bar, not after it
    # limits of the wire
    limit_scale: float = 1.0
    listen_key_validity_ms: int = 3_600_000
    connection_lifetime_s: float = 86_400.0
    ping_interval_s: float = 180.0
    pong_timeout_s: float = 600.0
    # habits that the documents leave open (reference 12)
    close_position_expires: bool = True
    child_keeps_client_id: bool = True
    legacy_order_fields: bool = False
    shuffle_news: bool = False

    def __post_init__(self) -> None:
        if self.speed is None and not self.follow_url:
            raise ValueError("speed max needs a follow_url: the market steps only when the bot has settled")
        if self.speed is not None and self.speed <= 0:
            raise ValueError(f"speed must be above 0, not {self.speed}")
        if not 1 <= self.fills_per_order <= 3:
            raise ValueError(f"fills_per_order is 1, 2 or 3, not {self.fills_per_order}")


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the venue listens. A socket's address is a root followed by its route, `/public`, `/market` or `/private`."""

    rest: str
    ws_public: str
    ws_market: str
    ws_private: str
