"""Market data over REST (reference 3.1). Server time is wire time; every other time in these answers is market time."""

from typing import Any, Final

from sandbox.exchange.contracts import (
    LIQUIDATION_FEE,
    MAX_OPEN_ORDERS,
    MULTIPLIER_DOWN,
    MULTIPLIER_UP,
    TRIGGER_PROTECT,
    Contract,
)
from sandbox.exchange.endpoints import Answer, Desk
from sandbox.exchange.errors import Refused
from sandbox.exchange.funding import FUNDING_INTERVAL_MS, funding_rate, next_settlement
from sandbox.exchange.history import kline_texts
from sandbox.exchange.params import Params
from sandbox.market.intervals import DAY_MS, EXCHANGE_INTERVALS, INTERVAL_MS

MAX_KLINES: Final = 1500
DELIVERY_MS: Final = 4_133_404_800_000
ORDER_TYPES: Final = ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"]


def ping(desk: Desk, params: Params) -> Answer:
    """An empty answer."""
    del desk, params
    return {}


def server_time(desk: Desk, params: Params) -> Answer:
    """The wire clock, which signatures are judged by."""
    del params
    return {"serverTime": desk.exchange.wire.now_ms()}


def exchange_info(desk: Desk, params: Params) -> Answer:
    """Every contract with its filters, and the limits that really apply."""
    del params
    return {
        "timezone": "UTC",
        "serverTime": desk.exchange.wire.now_ms(),
        "futuresType": "U_MARGINED",
        "rateLimits": desk.limits.published(),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [_symbol_row(contract) for contract in desk.exchange.contracts.values()],
        "zz": "",
    }


def klines(desk: Desk, params: Params) -> Answer:
    """Bars, oldest first; the last row is unfinished where the market is inside a bar, and nothing says so."""
    exchange = desk.exchange
    symbol = exchange.contract(params.needed("symbol") if params.text("symbol") else params.needed("pair")).symbol
    interval = params.needed("interval")
    if interval not in EXCHANGE_INTERVALS:
        raise Refused(-1120)
    length, bars = INTERVAL_MS.get(interval, 1), exchange.bars[symbol]
    first, last, count = params.integer("startTime"), params.integer("endTime"), params.limit(500, MAX_KLINES)
    newest = exchange.clock.seen_ms if last is None else last
    oldest = max(newest - (count + 1) * length, 0) if first is None else first  # one more: the newest may not have opened yet
    found = bars.find(length, max(oldest, bars.oldest_ms() // length * length), newest, exchange.boards[symbol].forming)
    found = found[:count] if first is not None else found[-count:]
    known_until_ms = bars.newest_ms() + bars.interval_ms
    return ("[" + ",".join(bars.row_text(one, length, known_until_ms) for one in found) + "]").encode()


def depth(desk: Desk, params: Params) -> Answer:
    """A made-up book around the best prices."""
    contract = desk.exchange.contract(params.needed("symbol"))
    board = desk.exchange.boards[contract.symbol]
    bids, asks = board.levels(params.limit(500, 1000))
    now_ms = desk.exchange.clock.seen_ms
    return {"lastUpdateId": board.update_id, "E": now_ms, "T": now_ms, "bids": bids, "asks": asks}


def book_ticker(desk: Desk, params: Params) -> Answer:
    """Best prices of one symbol, or of all."""

    def row(symbol: str) -> dict[str, object]:
        contract, board = desk.exchange.contracts[symbol], desk.exchange.boards[symbol]
        return {
            "lastUpdateId": board.update_id,
            "symbol": symbol,
            "pair": symbol,
            "bidPrice": contract.price_text(board.bid),
            "bidQty": contract.quantity_text(3100),
            "askPrice": contract.price_text(board.ask),
            "askQty": contract.quantity_text(2700),
            "time": desk.exchange.clock.seen_ms,
        }

    return _one_or_all(desk, params, row)


def last_price(desk: Desk, params: Params) -> Answer:
    """Last prices."""

    def row(symbol: str) -> dict[str, object]:
        board = desk.exchange.boards[symbol]
        price = desk.exchange.contracts[symbol].price_text(board.last)
        return {"symbol": symbol, "ps": symbol, "price": price, "time": desk.exchange.clock.seen_ms}

    return _one_or_all(desk, params, row)


def day_ticker(desk: Desk, params: Params) -> Answer:
    """The rolling day."""

    def row(symbol: str) -> dict[str, object]:
        contract, day = desk.exchange.contracts[symbol], desk.broadcast.day_of(symbol)
        texts, change = kline_texts(contract, day), day.close - day.open
        sign = "-" if change < 0 else ""
        now_ms = desk.exchange.clock.seen_ms
        return {
            "symbol": symbol,
            "priceChange": sign + contract.price_text(abs(change)),
            "priceChangePercent": f"{change / day.open * 100:.3f}",
            "weightedAvgPrice": contract.price_text((day.high + day.low) // 2),
            "lastPrice": contract.price_text(day.close),
            "lastQty": contract.quantity_text(1),
            "openPrice": contract.price_text(day.open),
            "highPrice": contract.price_text(day.high),
            "lowPrice": contract.price_text(day.low),
            "volume": texts.volume,
            "quoteVolume": texts.quote,
            "openTime": now_ms - DAY_MS,
            "closeTime": now_ms,
            "firstId": 1,
            "lastId": desk.exchange.boards[symbol].trade_id,
            "count": texts.trades,
        }

    return _one_or_all(desk, params, row)


def premium_index(desk: Desk, params: Params) -> Answer:
    """Mark price and coming funding; `time` is how a client reads market time."""

    def row(symbol: str) -> dict[str, object]:
        board, clock = desk.exchange.boards[symbol], desk.exchange.clock
        upcoming = next_settlement(clock.now_ms)
        mark = board.mark_text
        return {
            "symbol": symbol,
            "pair": symbol,
            "markPrice": mark,
            "indexPrice": mark,
            "estimatedSettlePrice": mark,
            "lastFundingRate": desk.broadcast.rate_text(symbol, upcoming),
            "interestRate": "0.00010000",
            "nextFundingTime": upcoming,
            "time": clock.seen_ms,
        }

    return _one_or_all(desk, params, row)


def funding_rates(desk: Desk, params: Params) -> Answer:
    """Settled rates: recorded ones where there are any, the usual rate for the rest of the known time."""
    exchange = desk.exchange
    asked = params.text("symbol")
    symbols = (
        [exchange.contract(asked).symbol] if asked else [name for name in exchange.contracts if exchange.bars[name].klines]
    )
    first, last, count = params.integer("startTime"), params.integer("endTime"), params.limit(100, 1000)
    now_ms = exchange.clock.now_ms
    newest = min(now_ms, last) if last is not None else now_ms
    rows: list[dict[str, Any]] = []
    for symbol in symbols:
        oldest = max(exchange.bars[symbol].oldest_ms(), first or 0)
        begin = -(-oldest // FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS
        moments = list(range(begin, newest + 1, FUNDING_INTERVAL_MS))
        moments = moments[:count] if first is not None else moments[-count:]
        rows += [_funding_row(desk, symbol, moment) for moment in moments]
    return sorted(rows, key=lambda row: int(row["fundingTime"]))[-count:]


def funding_info(desk: Desk, params: Params) -> Answer:
    """Only symbols whose interval or caps differ from the usual ones are listed: none here (reference 3.1)."""
    del desk, params
    return []


def _funding_row(desk: Desk, symbol: str, moment_ms: int) -> dict[str, Any]:
    exchange = desk.exchange
    contract, bars = exchange.contracts[symbol], exchange.bars[symbol]
    rate = funding_rate(exchange.funding, exchange.config.funding_rate, symbol, moment_ms)
    near = bars.find(bars.interval_ms, moment_ms - bars.interval_ms, moment_ms, None)
    mark = contract.price_text(near[-1].open) if near else exchange.boards[symbol].mark_text
    return {"symbol": symbol, "fundingTime": moment_ms, "fundingRate": f"{rate:.8f}", "markPrice": mark, "rateType": "SETTLED"}


def _one_or_all(desk: Desk, params: Params, row: Any) -> Answer:
    asked = params.text("symbol")
    if asked is not None:
        answer: dict[str, object] = row(desk.exchange.contract(asked).symbol)
        return answer
    return [row(symbol) for symbol in desk.exchange.contracts]


def _symbol_row(contract: Contract) -> dict[str, object]:
    return {
        "symbol": contract.symbol,
        "pair": contract.symbol,
        "contractType": contract.kind,
        "deliveryDate": DELIVERY_MS,
        "onboardDate": 1_569_398_400_000,
        "status": contract.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": contract.base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": contract.price_digits,
        "quantityPrecision": contract.quantity_digits,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN" if contract.kind == "PERPETUAL" else "COMMODITY",
        "underlyingSubType": [],
        "triggerProtect": str(TRIGGER_PROTECT),
        "liquidationFee": f"{LIQUIDATION_FEE:.6f}",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": _filters(contract),
        "orderTypes": ORDER_TYPES,
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        "permissionSets": ["GRID", "COPY"],
        "zz": "",
    }


def _filters(contract: Contract) -> list[dict[str, object]]:
    step = format(contract.step, "f")
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": contract.price_text(contract.min_ticks),
            "maxPrice": contract.price_text(contract.max_ticks),
            "tickSize": format(contract.tick * contract.coarseness, "f"),
        },
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": contract.quantity_text(contract.max_lots), "stepSize": step},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": step,
            "maxQty": contract.quantity_text(contract.max_market_lots),
            "stepSize": step,
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": MAX_OPEN_ORDERS},
        {"filterType": "MIN_NOTIONAL", "notional": format(contract.min_notional, "f")},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": str(MULTIPLIER_UP),
            "multiplierDown": str(MULTIPLIER_DOWN),
            "multiplierDecimal": "4",
        },
    ]
