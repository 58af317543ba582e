"""Every path of the REST side: who may ask, what it weighs, who answers (reference 3). Adding one is a row here."""

from typing import Final

from sandbox.exchange import (
    rest_account,
    rest_algo,
    rest_batch,
    rest_history,
    rest_market,
    rest_orders,
    rest_setup,
    rest_trades,
)
from sandbox.exchange.endpoints import Endpoint, Security, Weight, by_limit, by_symbol, fixed

OPEN, KEY, SIGNED = Security.OPEN, Security.KEY, Security.SIGNED
KLINES_WEIGHT: Final[Weight] = by_limit(500, (99, 1), (499, 2), (1000, 5), (1500, 10))
DEPTH_WEIGHT: Final[Weight] = by_limit(500, (50, 2), (100, 5), (500, 10), (1000, 20))

MARKET: Final = (
    Endpoint("GET", "/api/v3/ping", OPEN, fixed(1), rest_market.ping),
    Endpoint("GET", "/api/v3/time", OPEN, fixed(1), rest_market.server_time),
    Endpoint("GET", "/fapi/v1/ping", OPEN, fixed(1), rest_market.ping),
    Endpoint("GET", "/fapi/v1/time", OPEN, fixed(1), rest_market.server_time),
    Endpoint("GET", "/fapi/v1/exchangeInfo", OPEN, fixed(1), rest_market.exchange_info),
    Endpoint("GET", "/fapi/v1/klines", OPEN, KLINES_WEIGHT, rest_market.klines),
    Endpoint("GET", "/fapi/v1/continuousKlines", OPEN, KLINES_WEIGHT, rest_market.klines),
    Endpoint("GET", "/fapi/v1/depth", OPEN, DEPTH_WEIGHT, rest_market.depth),
    Endpoint("GET", "/fapi/v1/aggTrades", OPEN, fixed(20), rest_trades.aggregate_trades),
    Endpoint("GET", "/fapi/v1/ticker/bookTicker", OPEN, by_symbol(2, 5), rest_market.book_ticker),
    Endpoint("GET", "/fapi/v1/ticker/price", OPEN, by_symbol(1, 2), rest_market.last_price),
    Endpoint("GET", "/fapi/v2/ticker/price", OPEN, by_symbol(1, 2), rest_market.last_price),
    Endpoint("GET", "/fapi/v1/ticker/24hr", OPEN, by_symbol(1, 40), rest_market.day_ticker),
    Endpoint("GET", "/fapi/v1/premiumIndex", OPEN, by_symbol(1, 10), rest_market.premium_index),
    Endpoint("GET", "/fapi/v1/fundingRate", OPEN, fixed(0), rest_market.funding_rates, is_pooled=True),
    Endpoint("GET", "/fapi/v1/fundingInfo", OPEN, fixed(0), rest_market.funding_info, is_pooled=True),
)
ORDERS: Final = (
    Endpoint("POST", "/fapi/v1/order", SIGNED, fixed(0), rest_orders.new_order, is_order=True),
    Endpoint("POST", "/fapi/v1/order/test", SIGNED, fixed(0), rest_orders.test_order, is_order=True),
    Endpoint("GET", "/fapi/v1/order", SIGNED, fixed(1), rest_orders.query_order),
    Endpoint("DELETE", "/fapi/v1/order", SIGNED, fixed(1), rest_orders.cancel_order),
    Endpoint("GET", "/fapi/v1/openOrder", SIGNED, fixed(1), rest_orders.query_open_order),
    Endpoint("GET", "/fapi/v1/openOrders", SIGNED, by_symbol(1, 40), rest_orders.open_orders),
    Endpoint("DELETE", "/fapi/v1/allOpenOrders", SIGNED, fixed(1), rest_orders.cancel_all),
    Endpoint("GET", "/fapi/v1/allOrders", SIGNED, fixed(5), rest_orders.all_orders),
    Endpoint("POST", "/fapi/v1/batchOrders", SIGNED, fixed(5), rest_batch.place_batch, is_order=True),
    Endpoint("DELETE", "/fapi/v1/batchOrders", SIGNED, fixed(1), rest_batch.cancel_batch),
    Endpoint("POST", "/fapi/v1/countdownCancelAll", SIGNED, fixed(10), rest_batch.countdown_cancel),
    Endpoint("GET", "/fapi/v1/rateLimit/order", SIGNED, fixed(1), rest_trades.order_limits),
)
ALGO: Final = (
    Endpoint("POST", "/fapi/v1/algoOrder", SIGNED, fixed(0), rest_algo.new_algo, is_order=True),
    Endpoint("GET", "/fapi/v1/algoOrder", SIGNED, fixed(1), rest_algo.query_algo),
    Endpoint("DELETE", "/fapi/v1/algoOrder", SIGNED, fixed(1), rest_algo.cancel_algo),
    Endpoint("GET", "/fapi/v1/openAlgoOrders", SIGNED, by_symbol(1, 40), rest_algo.open_algos),
    Endpoint("DELETE", "/fapi/v1/algoOpenOrders", SIGNED, fixed(1), rest_algo.cancel_all_algo),
    Endpoint("GET", "/fapi/v1/allAlgoOrders", SIGNED, fixed(5), rest_algo.all_algos),
)
ACCOUNT: Final = (
    Endpoint("GET", "/fapi/v2/account", SIGNED, fixed(5), rest_account.account_v2),
    Endpoint("GET", "/fapi/v3/account", SIGNED, fixed(5), rest_account.account_v3),
    Endpoint("GET", "/fapi/v2/balance", SIGNED, fixed(5), rest_account.balance_v3),
    Endpoint("GET", "/fapi/v3/balance", SIGNED, fixed(5), rest_account.balance_v3),
    Endpoint("GET", "/fapi/v2/positionRisk", SIGNED, fixed(5), rest_account.positions_v2),
    Endpoint("GET", "/fapi/v3/positionRisk", SIGNED, fixed(5), rest_account.positions_v3),
    Endpoint("GET", "/fapi/v1/symbolConfig", SIGNED, fixed(5), rest_setup.symbol_config),
    Endpoint("GET", "/fapi/v1/accountConfig", SIGNED, fixed(5), rest_setup.account_config),
    Endpoint("POST", "/fapi/v1/leverage", SIGNED, fixed(1), rest_setup.change_leverage),
    Endpoint("POST", "/fapi/v1/marginType", SIGNED, fixed(1), rest_setup.change_margin_type),
    Endpoint("GET", "/fapi/v1/positionSide/dual", SIGNED, fixed(30), rest_setup.position_mode),
    Endpoint("POST", "/fapi/v1/positionSide/dual", SIGNED, fixed(1), rest_setup.change_position_mode),
    Endpoint("GET", "/fapi/v1/multiAssetsMargin", SIGNED, fixed(30), rest_setup.multi_assets),
    Endpoint("POST", "/fapi/v1/multiAssetsMargin", SIGNED, fixed(1), rest_setup.change_multi_assets),
    Endpoint("GET", "/fapi/v1/commissionRate", SIGNED, fixed(20), rest_setup.commission_rate),
    Endpoint("GET", "/fapi/v1/leverageBracket", SIGNED, fixed(1), rest_setup.leverage_brackets),
    Endpoint("GET", "/fapi/v1/userTrades", SIGNED, fixed(5), rest_history.user_trades),
    Endpoint("GET", "/fapi/v1/income", SIGNED, fixed(30), rest_history.incomes),
    Endpoint("GET", "/sapi/v1/account/apiRestrictions", SIGNED, fixed(1), rest_setup.key_rights),
    Endpoint("POST", "/fapi/v1/listenKey", KEY, fixed(1), rest_batch.start_key),
    Endpoint("PUT", "/fapi/v1/listenKey", KEY, fixed(1), rest_batch.extend_key),
    Endpoint("DELETE", "/fapi/v1/listenKey", KEY, fixed(1), rest_batch.end_key),
)
ENDPOINTS: Final = (*MARKET, *ORDERS, *ALGO, *ACCOUNT)
