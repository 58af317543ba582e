"""Orders and a broker for the Binance adapters' tests."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from engine.adapters.binance_broker import BinanceBroker, binance_broker
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.binance_socket import Patience
from engine.model.orders import ApprovedOrder, Role, TriggerBy
from engine.model.signals import Side

MARKET_MS: Final = 1_795_399_700_000
ENTRY_ID: Final = "abEabcdefghijklmnop000"

QUICK: Final = Patience(
    reconnect_delay_s=0.02,
    max_reconnect_delay_s=0.1,
    ping_timeout_s=5.0,
    healthy_after_s=5.0,
    overlap_s=0.1,
    silence_s=0.25,
    public_silence_s=10.0,
)


def an_entry(**changes: Any) -> ApprovedOrder:
    entry = ApprovedOrder(
        client_id=ENTRY_ID,
        intent_id="abcdefghijklmnop",
        symbol="BTCUSDT",
        role=Role.ENTRY,
        side=Side.LONG,
        quantity=Decimal("0.010"),
        trigger_price=None,
        trigger_by=None,
        reduce_only=False,
    )
    return replace(entry, **changes)


def an_exit(**changes: Any) -> ApprovedOrder:
    return an_entry(
        **{"client_id": "abXabcdefghijklmnop001", "role": Role.EXIT, "side": Side.SHORT, "reduce_only": True, **changes}
    )


def a_tight_stop(**changes: Any) -> ApprovedOrder:
    stop = {
        "client_id": "abTabcdefghijklmnop002",
        "role": Role.TIGHT_STOP,
        "trigger_price": Decimal("58000.10"),
        "trigger_by": TriggerBy.LAST,
    }
    return an_exit(**{**stop, **changes})


def a_wide_stop(**changes: Any) -> ApprovedOrder:
    stop = {"client_id": "abCabcdefghijklmnop003", "role": Role.WIDE_STOP, "quantity": None, "trigger_by": TriggerBy.MARK}
    return a_tight_stop(**{**stop, **changes})


def a_target(**changes: Any) -> ApprovedOrder:
    return a_tight_stop(
        **{"client_id": "abPabcdefghijklmnop004", "role": Role.TARGET, "trigger_price": Decimal(65000), **changes}
    )


def a_broker(rest: BinanceRest, ws_private: str = "ws://127.0.0.1:1", market_ms: int = MARKET_MS) -> BinanceBroker:
    return binance_broker(
        rest, symbols=["BTCUSDT"], interval="1h", ws_private=ws_private, patience=QUICK, market_ms=lambda: market_ms
    )
