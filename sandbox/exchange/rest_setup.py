"""How the account is set up, and changing it: leverage, margin type, modes, fees, what the key may do (reference 3.4)."""

from typing import Any, Final

from sandbox.exchange.account import Position
from sandbox.exchange.brackets import notional_limit
from sandbox.exchange.contracts import Contract
from sandbox.exchange.endpoints import Answer, Desk
from sandbox.exchange.errors import Refused
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.margin import initial_margin
from sandbox.exchange.news import account_update, leverage_update, multi_assets_update
from sandbox.exchange.params import Params

MARGIN_TYPES: Final = {"ISOLATED": True, "CROSSED": False}
DONE: Final = {"code": 200, "msg": "success"}


def symbol_config(desk: Desk, params: Params) -> Answer:
    """Leverage and margin type per symbol."""
    exchange = desk.exchange
    symbol = params.text("symbol")
    names = list(exchange.contracts) if symbol is None else [exchange.contract(symbol).symbol]
    return [_config_row(exchange, exchange.position(name)) for name in names]


def account_config(desk: Desk, params: Params) -> Answer:
    """What the account may do, and in which mode it is."""
    del params
    account = desk.exchange.account
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": account.dual_side,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets,
        "tradeGroupId": -1,
        "zz": "",
    }


def change_leverage(desk: Desk, params: Params) -> Answer:
    """Set a symbol's leverage: -4028, -4161, -2027, -2028. The same value again is no error."""
    exchange = desk.exchange
    contract = exchange.contract(params.needed("symbol"))
    params.needed("leverage")
    leverage, position = params.integer("leverage") or 0, exchange.position(contract.symbol)
    if not 1 <= leverage <= contract.brackets[0].leverage:
        raise Refused(-4028, leverage)
    if leverage != position.leverage:
        _check_leverage(exchange, contract, position, leverage)
        position.leverage = leverage
        exchange.tell(leverage_update(exchange, position))
    most = notional_limit(contract.brackets, leverage)
    return {"symbol": contract.symbol, "leverage": leverage, "maxNotionalValue": str(most)}


def change_margin_type(desk: Desk, params: Params) -> Answer:
    """Set a symbol's margin type: -4046, -4047, -4048, -4168."""
    exchange = desk.exchange
    symbol = exchange.contract(params.needed("symbol")).symbol
    wanted = MARGIN_TYPES.get(params.needed("marginType"))
    position = exchange.position(symbol)
    if wanted is None:
        raise Refused(-1130, "marginType")
    if wanted == position.isolated:
        raise Refused(-4046)
    if wanted and exchange.account.multi_assets:
        raise Refused(-4168)
    if exchange.orders.open_on(symbol):
        raise Refused(-4047)
    if position.lots:
        raise Refused(-4048)
    position.isolated = wanted
    exchange.tell(account_update(exchange, "MARGIN_TYPE_CHANGE", (symbol,)))
    return dict(DONE)


def position_mode(desk: Desk, params: Params) -> Answer:
    """One-way or hedge mode."""
    del params
    return {"dualSidePosition": desk.exchange.account.dual_side}


def change_position_mode(desk: Desk, params: Params) -> Answer:
    """Set one-way or hedge mode for every symbol: -4059, -4067, -4068."""
    exchange = desk.exchange
    params.needed("dualSidePosition")
    wanted = params.flag("dualSidePosition")
    if wanted == exchange.account.dual_side:
        raise Refused(-4059)
    if exchange.orders.all_open() or exchange.algos.all_open():
        raise Refused(-4067)
    if any(position.lots for position in exchange.account.positions.values()):
        raise Refused(-4068)
    exchange.account.dual_side = wanted
    return dict(DONE)


def multi_assets(desk: Desk, params: Params) -> Answer:
    """Whether other assets count as margin."""
    del params
    return {"multiAssetsMargin": desk.exchange.account.multi_assets}


def change_multi_assets(desk: Desk, params: Params) -> Answer:
    """Set the multi-assets mode: -4171, and -4167 while a symbol is isolated."""
    exchange = desk.exchange
    params.needed("multiAssetsMargin")
    wanted = params.flag("multiAssetsMargin")
    if wanted == exchange.account.multi_assets:
        raise Refused(-4171)
    if wanted and any(position.isolated for position in exchange.account.positions.values()):
        raise Refused(-4167)
    exchange.account.multi_assets = wanted
    exchange.tell(multi_assets_update(exchange))
    return dict(DONE)


def commission_rate(desk: Desk, params: Params) -> Answer:
    """What a fill costs."""
    config = desk.exchange.config
    return {
        "symbol": desk.exchange.contract(params.needed("symbol")).symbol,
        "makerCommissionRate": format(config.maker_rate, "f"),
        "takerCommissionRate": format(config.taker_rate, "f"),
        "rpiCommissionRate": "0",
    }


def leverage_brackets(desk: Desk, params: Params) -> Answer:
    """The maintenance table of one symbol, or of all; always a list here."""
    exchange = desk.exchange
    symbol = params.text("symbol")
    contracts = list(exchange.contracts.values()) if symbol is None else [exchange.contract(symbol)]
    return [_bracket_row(contract) for contract in contracts]


def key_rights(desk: Desk, params: Params) -> Answer:
    """What the API key may do; it lives under the root of the other service, `/sapi`."""
    del params
    config = desk.exchange.config
    return {
        "ipRestrict": config.ip_restricted,
        "createTime": 1_698_645_219_000,
        "enableReading": True,
        "enableFutures": True,
        "enableWithdrawals": config.withdrawals_enabled,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableSpotAndMarginTrading": False,
        "enableVanillaOptions": False,
        "enablePortfolioMarginTrading": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "permitsUniversalTransfer": False,
    }


def _check_leverage(exchange: Exchange, contract: Contract, position: Position, leverage: int) -> None:
    if not position.lots:
        return
    if position.isolated and leverage < position.leverage:
        raise Refused(-4161)
    mark = exchange.mark(contract.symbol)
    notional = position.notional(contract, mark)
    if notional > notional_limit(contract.brackets, leverage):
        raise Refused(-2027)
    more = notional / leverage - initial_margin(position, contract, mark)
    if not position.isolated and more > exchange.available():
        raise Refused(-2028)


def _config_row(exchange: Exchange, position: Position) -> dict[str, Any]:
    contract = exchange.contracts[position.symbol]
    return {
        "symbol": position.symbol,
        "marginType": "ISOLATED" if position.isolated else "CROSSED",
        "isAutoAddMargin": False,
        "leverage": position.leverage,
        "maxNotionalValue": str(notional_limit(contract.brackets, position.leverage)),
        "zz": "",
    }


def _bracket_row(contract: Contract) -> dict[str, Any]:
    rows = [
        {
            "bracket": number,
            "initialLeverage": row.leverage,
            "notionalCap": row.cap,
            "notionalFloor": row.floor,
            "maintMarginRatio": float(row.rate),
            "cum": float(row.amount),
        }
        for number, row in enumerate(contract.brackets, start=1)
    ]
    return {"symbol": contract.symbol, "notionalCoef": 1.0, "brackets": rows}
