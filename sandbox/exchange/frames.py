"""Market frames, in the exchange's words (reference 5), each with one key that no document knows.

They are written as text at once: at full speed this is most of what the venue does.
"""

from sandbox.exchange.board import Board, Trade
from sandbox.exchange.contracts import Contract
from sandbox.exchange.history import Kline, kline_texts

_TAIL = '"zz":""'  # reference 11 #18: guards against models that refuse unknown keys


def quote_frame(board: Board, event_ms: int) -> str:
    """Write the book as it was shown last, on bookTicker."""
    contract = board.contract
    board.update_id += 1
    return (
        f'{{"e":"bookTicker","u":{board.update_id},"s":"{contract.symbol}","ps":"{contract.symbol}","E":{event_ms},'
        f'"T":{event_ms},"b":"{contract.price_text(board.shown_bid)}","B":"{contract.quantity_text(3100)}",'
        f'"a":"{contract.price_text(board.shown_ask)}","A":"{contract.quantity_text(2700)}","st":1,{_TAIL}}}'
    )


def trade_frame(contract: Contract, event_ms: int, trade: Trade) -> str:
    """Write a trade on aggTrade."""
    text = contract.quantity_text(trade.lots)
    return (
        f'{{"e":"aggTrade","E":{event_ms},"s":"{contract.symbol}","a":{trade.id},"p":"{contract.price_text(trade.ticks)}",'
        f'"q":"{text}","nq":"{text}","f":{trade.id},"l":{trade.id},"T":{trade.time_ms},'
        f'"m":{"true" if trade.seller_is_aggressive else "false"},"st":1,{_TAIL}}}'
    )


def mark_frame(board: Board, event_ms: int, rate: str, next_funding_ms: int) -> str:
    """Write the mark price as it was shown last."""
    mark = board.shown_mark
    return (
        f'{{"e":"markPriceUpdate","E":{event_ms},"s":"{board.contract.symbol}","p":"{mark}","ap":"{mark}","i":"{mark}",'
        f'"P":"{mark}","r":"{rate}","T":{next_funding_ms},"st":1,{_TAIL}}}'
    )


def kline_frame(board: Board, event_ms: int, kline: Kline, interval: str, interval_ms: int, *, is_closed: bool) -> str:
    """Write a bar; exactly one frame of it says that it is closed."""
    contract, texts = board.contract, kline_texts(board.contract, kline)
    price = contract.price_text
    return (
        f'{{"e":"kline","E":{event_ms},"s":"{contract.symbol}","k":{{"t":{kline.open_time_ms},'
        f'"T":{kline.open_time_ms + interval_ms - 1},"s":"{contract.symbol}","i":"{interval}",'
        f'"f":{max(1, board.trade_id - texts.trades + 1)},"L":{board.trade_id},'
        f'"o":"{price(kline.open)}","c":"{price(kline.close)}","h":"{price(kline.high)}","l":"{price(kline.low)}",'
        f'"v":"{texts.volume}","n":{texts.trades},"x":{"true" if is_closed else "false"},"q":"{texts.quote}",'
        f'"V":"{texts.taker}","Q":"{texts.taker_quote}","B":"0"}},"st":1,{_TAIL}}}'
    )


def depth_frame(board: Board, event_ms: int, levels: int) -> str:
    """Write a partial book."""
    bids, asks = (_levels(side) for side in board.levels(levels))
    first, board.update_id = board.update_id, board.update_id + 1
    symbol = board.contract.symbol
    return (
        f'{{"e":"depthUpdate","E":{event_ms},"T":{event_ms},"s":"{symbol}","ps":"{symbol}","U":{first + 1},'
        f'"u":{board.update_id},"pu":{first},"b":{bids},"a":{asks},"st":1,{_TAIL}}}'
    )


def ticker_frame(board: Board, event_ms: int, day: Kline, *, is_mini: bool) -> str:
    """Write the rolling day, the short or the long form."""
    contract, texts = board.contract, kline_texts(board.contract, day)
    price = contract.price_text
    head = (
        f'"E":{event_ms},"s":"{contract.symbol}","ps":"{contract.symbol}","c":"{price(day.close)}","o":"{price(day.open)}",'
        f'"h":"{price(day.high)}","l":"{price(day.low)}","v":"{texts.volume}","q":"{texts.quote}","st":1,{_TAIL}'
    )
    if is_mini:
        return f'{{"e":"24hrMiniTicker",{head}}}'
    change = day.close - day.open
    return (
        f'{{"e":"24hrTicker",{head},"p":"{"-" if change < 0 else ""}{price(abs(change))}","P":"{change / day.open * 100:.3f}",'
        f'"w":"{price((day.high + day.low) // 2)}","Q":"{contract.quantity_text(1)}","O":{day.open_time_ms},"C":{event_ms},'
        f'"F":1,"L":{board.trade_id},"n":{texts.trades}}}'
    )


def _levels(side: list[list[str]]) -> str:
    return "[" + ",".join(f'["{price}","{quantity}"]' for price, quantity in side) + "]"
