"""Balance, account and positions over REST (reference 3.4). Version 3 shows only what is open, version 2 every symbol."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.exchange.account import ZERO, Position
from sandbox.exchange.brackets import notional_limit
from sandbox.exchange.contracts import Contract
from sandbox.exchange.endpoints import Answer, Desk
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.margin import cross_unrealised, initial_margin, liquidation_price, maintenance_margin, order_margin
from sandbox.exchange.news import MARGIN_TYPE_TEXT, money_text, number_text
from sandbox.exchange.params import Params


@dataclass(frozen=True, slots=True)
class Figures:
    """What one symbol's position is worth and binds, at the mark price."""

    mark: Decimal
    notional: Decimal
    unrealised: Decimal
    initial: Decimal
    maintenance: Decimal
    orders: Decimal

    @property
    def bound(self) -> Decimal:
        """Margin of position and resting orders together."""
        return self.initial + self.orders


def positions_v3(desk: Desk, params: Params) -> Answer:
    """Symbols with a position or an open order only: a flat account gets an empty list (reference 3.4)."""
    exchange = desk.exchange
    return [_risk_row(exchange, position) for position in _asked(exchange, params) if _is_shown(exchange, position)]


def positions_v2(desk: Desk, params: Params) -> Answer:
    """Every symbol, with leverage and margin type."""
    exchange = desk.exchange
    return [_risk_row(exchange, position) | _setup_of(exchange, position) for position in _asked(exchange, params)]


def balance_v3(desk: Desk, params: Params) -> Answer:
    """One row per asset; this account holds one."""
    del params
    exchange = desk.exchange
    account, sums = exchange.account, _sums(exchange)
    free = money_text(max(exchange.available(), ZERO))
    return [
        {
            "accountAlias": "SgsR",
            "asset": "USDT",
            "balance": money_text(account.wallet),
            "crossWalletBalance": money_text(account.cross_wallet),
            "crossUnPnl": sums["totalCrossUnPnl"],
            "availableBalance": free,
            "maxWithdrawAmount": free,
            "marginAvailable": True,
            "updateTime": account.updated_ms,
            "zz": "",
        }
    ]


def account_v3(desk: Desk, params: Params) -> Answer:
    """Totals, assets, open positions."""
    del params
    exchange = desk.exchange
    shown = [position for position in exchange.account.positions.values() if _is_shown(exchange, position)]
    rows = [_account_row(exchange, position) for position in shown]
    return _sums(exchange) | {"assets": [_asset_row(exchange)], "positions": rows, "zz": ""}


def account_v2(desk: Desk, params: Params) -> Answer:
    """The older form: what the account may do, and every symbol with its settings."""
    del params
    exchange = desk.exchange
    account = exchange.account
    rows = [
        _account_row(exchange, position)
        | {
            "entryPrice": number_text(position.entry_price(exchange.contracts[position.symbol])),
            "breakEvenPrice": number_text(position.break_even(exchange.contracts[position.symbol])),
            "leverage": str(position.leverage),
            "isolated": position.isolated,
            "maxNotional": str(notional_limit(exchange.contracts[position.symbol].brackets, position.leverage)),
        }
        for position in account.positions.values()
    ]
    rights = {
        "feeTier": 0,
        "feeBurn": False,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "tradeGroupId": -1,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets,
    }
    return rights | _sums(exchange) | {"assets": [_asset_row(exchange)], "positions": rows, "zz": ""}


def figures(exchange: Exchange, position: Position) -> Figures:
    """Work out one position at the mark price."""
    contract, mark = exchange.contracts[position.symbol], exchange.mark(position.symbol)
    return Figures(
        mark=mark,
        notional=contract.quantity(position.lots) * mark,
        unrealised=position.unrealised(contract, mark) if position.lots else ZERO,
        initial=initial_margin(position, contract, mark),
        maintenance=maintenance_margin(position, contract, mark),
        orders=order_margin(position, contract, exchange.orders.open_on(position.symbol)),
    )


def _asked(exchange: Exchange, params: Params) -> list[Position]:
    symbol = params.text("symbol")
    if symbol is None:
        return list(exchange.account.positions.values())
    return [exchange.position(exchange.contract(symbol).symbol)]


def _is_shown(exchange: Exchange, position: Position) -> bool:
    return bool(position.lots or exchange.orders.open_on(position.symbol))


def _risk_row(exchange: Exchange, position: Position) -> dict[str, Any]:
    contract, seen = exchange.contracts[position.symbol], figures(exchange, position)
    isolated = position.isolated_wallet + seen.unrealised if position.isolated else ZERO
    liquidation = liquidation_price(exchange.account, exchange.contracts, exchange.mark, position.symbol)
    return {
        "symbol": position.symbol,
        "positionSide": "BOTH",
        "positionAmt": contract.quantity_text(position.lots),
        "entryPrice": number_text(position.entry_price(contract)),
        "breakEvenPrice": number_text(position.break_even(contract)),
        "markPrice": money_text(seen.mark),
        "unRealizedProfit": money_text(seen.unrealised),
        "liquidationPrice": number_text(liquidation),
        "isolatedMargin": money_text(isolated),
        "notional": money_text(seen.notional),
        "marginAsset": "USDT",
        "isolatedWallet": money_text(position.isolated_wallet),
        "initialMargin": money_text(seen.bound),
        "maintMargin": money_text(seen.maintenance),
        "positionInitialMargin": money_text(seen.initial),
        "openOrderInitialMargin": money_text(seen.orders),
        "adl": 1 if position.lots else 0,
        "bidNotional": _waiting(exchange, contract, 1),
        "askNotional": _waiting(exchange, contract, -1),
        "updateTime": position.updated_ms,
        "zz": "",
    }


def _setup_of(exchange: Exchange, position: Position) -> dict[str, Any]:
    """What only version 2 tells of a position."""
    contract = exchange.contracts[position.symbol]
    return {
        "leverage": str(position.leverage),
        "marginType": MARGIN_TYPE_TEXT[position.isolated],
        "isAutoAddMargin": "false",
        "maxNotionalValue": str(notional_limit(contract.brackets, position.leverage)),
    }


def _account_row(exchange: Exchange, position: Position) -> dict[str, Any]:
    contract, seen = exchange.contracts[position.symbol], figures(exchange, position)
    isolated = position.isolated_wallet + seen.unrealised if position.isolated else ZERO
    return {
        "symbol": position.symbol,
        "positionSide": "BOTH",
        "positionAmt": contract.quantity_text(position.lots),
        "unrealizedProfit": money_text(seen.unrealised),
        "isolatedMargin": money_text(isolated),
        "notional": money_text(seen.notional),
        "isolatedWallet": money_text(position.isolated_wallet),
        "initialMargin": money_text(seen.bound),
        "positionInitialMargin": money_text(seen.initial),
        "openOrderInitialMargin": money_text(seen.orders),
        "maintMargin": money_text(seen.maintenance),
        "updateTime": position.updated_ms,
    }


def _asset_row(exchange: Exchange) -> dict[str, Any]:
    sums = _sums(exchange)
    return {
        "asset": "USDT",
        "walletBalance": sums["totalWalletBalance"],
        "unrealizedProfit": sums["totalUnrealizedProfit"],
        "marginBalance": sums["totalMarginBalance"],
        "maintMargin": sums["totalMaintMargin"],
        "initialMargin": sums["totalInitialMargin"],
        "positionInitialMargin": sums["totalPositionInitialMargin"],
        "openOrderInitialMargin": sums["totalOpenOrderInitialMargin"],
        "crossWalletBalance": sums["totalCrossWalletBalance"],
        "crossUnPnl": sums["totalCrossUnPnl"],
        "availableBalance": sums["availableBalance"],
        "maxWithdrawAmount": sums["maxWithdrawAmount"],
        "marginAvailable": True,
        "updateTime": exchange.account.updated_ms,
    }


def _sums(exchange: Exchange) -> dict[str, Any]:
    account = exchange.account
    seen = [figures(exchange, one) for one in account.positions.values() if _is_shown(exchange, one)]
    unrealised = sum((one.unrealised for one in seen), ZERO)
    free = money_text(max(exchange.available(), ZERO))
    return {
        "totalInitialMargin": money_text(sum((one.bound for one in seen), ZERO)),
        "totalMaintMargin": money_text(sum((one.maintenance for one in seen), ZERO)),
        "totalWalletBalance": money_text(account.wallet),
        "totalUnrealizedProfit": money_text(unrealised),
        "totalMarginBalance": money_text(account.wallet + unrealised),
        "totalPositionInitialMargin": money_text(sum((one.initial for one in seen), ZERO)),
        "totalOpenOrderInitialMargin": money_text(sum((one.orders for one in seen), ZERO)),
        "totalCrossWalletBalance": money_text(account.cross_wallet),
        "totalCrossUnPnl": money_text(cross_unrealised(account, exchange.contracts, exchange.mark)),
        "availableBalance": free,
        "maxWithdrawAmount": free,
    }


def _waiting(exchange: Exchange, contract: Contract, side: int) -> str:
    """The value of a side's resting orders."""
    orders = (order for order in exchange.orders.open_on(contract.symbol) if order.side == side)
    value = sum((contract.quantity(order.left_lots) * contract.price(order.price_ticks) for order in orders), ZERO)
    return number_text(value)
