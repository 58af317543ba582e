"""The exchange's refusals: documented codes, their texts and HTTP status (reference 7)."""

from typing import Final

UNAUTHORISED: Final = 401
TOO_MANY: Final = 429
BANNED: Final = 418
UNAVAILABLE: Final = 503
BAD_REQUEST: Final = 400

TEXTS: Final = {
    -1000: "An unknown error occurred while processing the request.",
    -1001: "Internal error; unable to process your request. Please try again.",
    -1003: "Too many requests; current limit is {} requests per minute. Please use the websocket for live updates.",
    -1006: "An unexpected response was received from the message bus. Execution status unknown.",
    -1007: "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    -1008: "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again.",
    -1015: "Too many new orders; current limit is {} orders per {}.",
    -1021: "Timestamp for this request is outside of the recvWindow.",
    -1022: "Signature for this request is not valid.",
    -1100: "Illegal characters found in parameter '{}'; legal range is '{}'.",
    -1101: "Too many parameters sent for this endpoint.",
    -1102: "Mandatory parameter '{}' was not sent, was empty/null, or malformed.",
    -1106: "Parameter '{}' sent when not required.",
    -1111: "Precision is over the maximum defined for this asset.",
    -1115: "Invalid timeInForce.",
    -1116: "Invalid orderType.",
    -1117: "Invalid side.",
    -1120: "Invalid interval.",
    -1121: "Invalid symbol.",
    -1125: "This listenKey does not exist.",
    -1127: "Lookup interval is too big.",
    -1128: "Combination of optional parameters invalid.",
    -1130: "Data sent for parameter '{}' is not valid.",
    -1136: "Invalid newOrderRespType.",
    -2010: "New order rejected.",
    -2011: "Unknown order sent.",
    -2013: "Order does not exist.",
    -2014: "API-key format invalid.",
    -2015: "Invalid API-key, IP, or permissions for action.",
    -2018: "Balance is insufficient.",
    -2019: "Margin is insufficient.",
    -2021: "Order would immediately trigger.",
    -2022: "ReduceOnly Order is rejected.",
    -2025: "Reach max open order limit.",
    -2027: "Exceeded the maximum allowable position at current leverage.",
    -2028: "Leverage is smaller than permitted: insufficient margin balance.",
    -4001: "Price less than or equal to zero.",
    -4002: "Price greater than max price.",
    -4003: "Quantity less than or equal to zero.",
    -4004: "Quantity less than min quantity.",
    -4005: "Quantity greater than max quantity.",
    -4013: "Price less than min price.",
    -4014: "Price not increased by tick size.",
    -4015: "Client order id length should be less than 36 chars.",
    -4016: "Limit price can't be higher than {}.",
    -4023: "Qty not increased by step size.",
    -4024: "Limit price can't be lower than {}.",
    -4028: "Leverage {} is not valid.",
    -4045: "Reach max stop order limit.",
    -4046: "No need to change margin type.",
    -4047: "Margin type cannot be changed if there exists open orders.",
    -4048: "Margin type cannot be changed if there exists position.",
    -4059: "No need to change position side.",
    -4060: "Invalid position side.",
    -4061: "Order's position side does not match user's setting.",
    -4062: "Invalid or improper reduceOnly value.",
    -4067: "Position side cannot be changed if there exists open orders.",
    -4068: "Position side cannot be changed if there exists position.",
    -4088: "User can not place order currently.",
    -4116: "ClientOrderId is duplicated.",
    -4118: "ReduceOnly Order Failed. Please check your existing position and open orders.",
    -4120: "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
    -4130: "An open stop or take profit order with GTE and closePosition in the direction is existing.",
    -4131: "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
    -4136: "Target strategy invalid for orderType {}, closePosition {}.",
    -4137: "Quantity must be zero with closePosition equals true.",
    -4138: "Reduce only must be true with closePosition equals true.",
    -4140: "Invalid symbol status for opening position.",
    -4161: "Leverage reduction is not supported in Isolated Margin Mode with open positions.",
    -4164: "Order's notional must be no smaller than {} (unless you choose reduce only).",
    -4165: "Invalid time interval, maximum is {} days.",
    -4167: "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under isolated-margin mode.",
    -4168: "Unable to adjust to isolated-margin mode under the Multi-Assets mode.",
    -4171: "No need to change multi-assets mode.",
    -4411: "Please sign TradFi-Perps agreement contract fapi.",
    -4509: "Time in Force (TIF) GTE can only be used with open positions. Please ensure that positions are available.",
    -5000: "Path {}, Method {} is invalid",
    -5028: "ME RecvWindow reject",
    -5021: "Due to the order could not be filled immediately, the FOK order has been rejected.",
    -5022: "Due to the order could not be executed as maker, the Post Only order will be rejected.",
}
STATUS: Final = {
    -1003: TOO_MANY,
    -1007: 408,
    -1008: UNAVAILABLE,
    -1001: UNAVAILABLE,
    -1015: TOO_MANY,
    -2014: UNAUTHORISED,
    -2015: UNAUTHORISED,
    -5000: 404,
}


class Refused(Exception):
    """The exchange says no, with one of its codes."""

    def __init__(self, code: int, *details: object, text: str = "") -> None:
        self.code = code
        self.text = text or TEXTS[code].format(*details)
        super().__init__(f"{code} {self.text}")

    @property
    def status(self) -> int:
        """The HTTP status that carries this code."""
        return STATUS.get(self.code, BAD_REQUEST)
