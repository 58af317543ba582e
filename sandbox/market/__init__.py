"""The world's prices: recorded or made-up bars, joined in time, ready to be replayed by the venue."""

from sandbox.market.candles import BadCandles, Candle, Candles, read_candles
from sandbox.market.funding import FundingRates, read_funding
from sandbox.market.generated import generated_candles
from sandbox.market.market import Market, from_candles, generate

__all__ = [
    "BadCandles",
    "Candle",
    "Candles",
    "FundingRates",
    "Market",
    "from_candles",
    "generate",
    "generated_candles",
    "read_candles",
    "read_funding",
]
