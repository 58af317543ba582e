"""`autobot doctor`: looks at everything the trader depends on; each finding is one line, each fault says what to do.

It reads only, except for one test order that the exchange checks and forgets.
"""

import math
import shutil
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from enum import Enum
from typing import Final, NamedTuple

from bot.settings import Mode, Settings, misspelt
from bot.venue import open_rest, patience
from engine.adapters.binance_account import AccountReader
from engine.adapters.binance_broker import BinanceBroker, binance_broker
from engine.adapters.binance_errors import ExchangeFailed, Refused
from engine.adapters.binance_messages import BadMessage
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.machine_clock import MachineClock
from engine.adapters.redis_checks import ServerUnfit, check_server
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_process import NoServer
from engine.adapters.redis_server import connect_or_start
from engine.execution import ids
from engine.model.orders import ApprovedOrder, Role
from engine.model.signals import Side
from engine.ports import StoreDown
from engine.risk.entry_order import entry_order

SMALLEST_FREE_BYTES: Final = 500_000_000
KEY_REFUSED: Final = (-1022, -2008, -2014, -2015)
LARGEST_OFFSET_MS: Final = 1_000
PRICE_ROOM: Final = Decimal("1.2")  # the price may move until the exchange looks


class Weight(Enum):
    """How bad a finding is."""

    GOOD = "✅"
    DOUBT = "⚠️"
    FAULT = "❌"


class Finding(NamedTuple):
    """One line."""

    weight: Weight
    text: str


type Findings = AsyncIterator[Finding]


async def doctor(settings: Settings, say: Callable[[str], None] = print) -> int:
    """Look at everything; return 1 where something is at fault."""
    faults = 0
    for look in (_settings, _folder, _store, _exchange, _chat):
        async for finding in look(settings):
            say(f"{finding.weight.value} {finding.text}")
            faults += finding.weight is Weight.FAULT
    return 1 if faults else 0


async def _settings(settings: Settings) -> Findings:
    yield Finding(Weight.GOOD, f"settings: {settings.label}, {', '.join(settings.symbols)}, bars of {settings.interval}")
    for problem in misspelt():
        yield Finding(Weight.DOUBT, f"settings: {problem}")
    if settings.mode is Mode.LIVE and not (
        settings.owner_pin.get_secret_value() or settings.owner_totp_secret.get_secret_value()
    ):
        yield Finding(
            Weight.DOUBT, "no second factor: set OWNER_PIN or OWNER_TOTP_SECRET, without it live trading cannot start"
        )


async def _folder(settings: Settings) -> Findings:
    folder = settings.data_folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        trial = folder / ".doctor"
        trial.write_bytes(b"")
        trial.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Finding(Weight.FAULT, f"data folder {folder} cannot be written ({error.strerror}): set DATA_FOLDER")
        return
    if free < SMALLEST_FREE_BYTES:
        yield Finding(Weight.DOUBT, f"data folder {folder}: only {free // 1_000_000} MB are free")
    else:
        yield Finding(Weight.GOOD, f"data folder {folder}: writable, {free // 1_000_000_000} GB free")


async def _store(settings: Settings) -> Findings:
    try:
        reached = await connect_or_start(settings.store_url, settings.data_folder / "store")
    except NoServer as error:
        yield Finding(Weight.FAULT, f"store: {error}")
        return
    link = RedisLink(reached.url)
    try:
        for doubt in await check_server(link):
            yield Finding(Weight.DOUBT, f"store: {doubt}")
        where = "the Redis that was named" if settings.store_url else "our own server, on the data folder"
        yield Finding(Weight.GOOD, f"store: {where} answers and remembers")
    except (ServerUnfit, StoreDown) as error:
        yield Finding(Weight.FAULT, str(error))
    finally:
        await link.close()
        await reached.close()


async def _exchange(settings: Settings) -> Findings:
    rest = open_rest(settings, MachineClock())
    try:
        await rest.sync_time()
        offset = rest.exchange_ms() - rest.clock.now_ms()
        weight = Weight.GOOD if abs(offset) <= LARGEST_OFFSET_MS else Weight.DOUBT
        yield Finding(weight, f"exchange {settings.binance_rest_root}: answers, this machine's clock is off by {offset} ms")
        async for finding in _symbols(settings, rest):
            yield finding
        if rest.has_keys:
            async for finding in _account(settings, rest):
                yield finding
        else:
            yield Finding(Weight.GOOD, "no key of the exchange: none is needed on paper")
    except (ExchangeFailed, BadMessage) as error:
        yield exchange_fault(settings, error)
    finally:
        await rest.close()


def exchange_fault(settings: Settings, error: Exception) -> Finding:
    """What the exchange said, and where a refused key is put right."""
    text = f"exchange {settings.binance_rest_root}: {error}"
    if isinstance(error, Refused) and error.code in KEY_REFUSED:
        text += " Look at BINANCE_API_KEY and BINANCE_API_SECRET, at the key's rights and at the addresses that it is bound to"
    return Finding(Weight.FAULT, text)


async def _symbols(settings: Settings, rest: BinanceRest) -> Findings:
    for symbol in settings.symbols:
        try:
            (loaded,) = await rest.rules((symbol,))
        except LookupError as error:
            yield Finding(Weight.FAULT, f"{error.args[0] if error.args else symbol}: change SYMBOLS")
            continue
        rules = loaded.rules
        text = f"{symbol}: smallest order {rules.min_notional} USDT and {rules.min_quantity}, tick {rules.tick_size}"
        yield Finding(Weight.GOOD if rules.is_trading else Weight.FAULT, text)


async def _account(settings: Settings, rest: BinanceRest) -> Findings:
    account = await AccountReader(rest, symbols=settings.symbols, market_ms=rest.exchange_ms).snapshot()
    yield Finding(Weight.GOOD, f"account: wallet {account.wallet:.2f} USDT, {account.available:.2f} free")
    if not account.can_trade:
        yield Finding(Weight.FAULT, "account: the key may not trade futures: allow it where the key was made")
    if not account.is_one_way:
        yield Finding(Weight.FAULT, "account: hedge mode is on: switch the position mode to one-way")
    async for finding in _trial(settings, rest):
        yield finding
    if settings.mode is not Mode.LIVE:
        return
    rights = await rest.key_rights()
    if rights.enable_withdrawals or rights.permits_universal_transfer:
        yield Finding(Weight.FAULT, "key: it may move money out: take the rights to withdraw and to transfer away from it")
    else:
        yield Finding(Weight.GOOD, "key: it cannot move money out")
    if not rights.ip_restrict:
        yield Finding(Weight.DOUBT, "key: it works from every address: bind it to this machine's")


async def _trial(settings: Settings, rest: BinanceRest) -> Findings:
    """Have the exchange check the smallest order, and forget it."""
    try:
        order, _ = await trial_order(settings, rest)
    except LookupError:
        return  # told with the symbols
    try:
        await trial_broker(settings, rest).try_out(order)
        yield Finding(Weight.GOOD, f"orders: the exchange would take {order.quantity} {order.symbol} (checked only, not sent)")
    except ExchangeFailed as error:
        yield Finding(Weight.FAULT, f"orders: the exchange would refuse {order.quantity} {order.symbol}: {error}")


async def trial_order(settings: Settings, rest: BinanceRest) -> tuple[ApprovedOrder, Decimal]:
    """The smallest order in the first symbol, and the tick of its prices. Raises `LookupError` and `ExchangeFailed`."""
    symbol = settings.symbols[0]
    (loaded,) = await rest.rules((symbol,))
    rules, price = loaded.rules, (await rest.premium(symbol)).mark_price
    smallest = max(rules.min_quantity, rules.min_notional * PRICE_ROOM / Decimal(repr(price)))
    intent = ids.intent_id(settings.namespace, symbol, f"doctor:{rest.clock.now_ms()}")
    order = entry_order(
        client_id=ids.client_id(Role.ENTRY, intent, 0),
        intent_id=intent,
        side=Side.LONG,
        lots=math.ceil(smallest / rules.step_size),
        rules=rules,
    )
    return order, rules.tick_size


def trial_broker(settings: Settings, rest: BinanceRest) -> BinanceBroker:
    """What sends orders to the exchange."""
    return binance_broker(
        rest,
        symbols=settings.symbols,
        interval=settings.interval,
        ws_private=settings.binance_ws_private_root,
        patience=patience(settings),
        market_ms=rest.exchange_ms,
    )


async def _chat(settings: Settings) -> Findings:
    if not settings.telegram_bot_token.get_secret_value():
        yield Finding(Weight.FAULT, "chat: TELEGRAM_BOT_TOKEN is missing: ask @BotFather in Telegram for one")
        return
    from aiogram.exceptions import TelegramAPIError

    from bot.pace import Pace
    from bot.polling import TOKEN_REFUSED
    from bot.telegram import make_bot

    bot = make_bot(settings, Pace())
    try:
        me = await bot.get_me()
        yield Finding(Weight.GOOD, f"chat: the bot is @{me.username}")
    except TOKEN_REFUSED:
        yield Finding(Weight.FAULT, "chat: Telegram refuses TELEGRAM_BOT_TOKEN: it was revoked or mistyped")
    except TelegramAPIError as error:
        yield Finding(Weight.DOUBT, f"chat: Telegram cannot be reached ({type(error).__name__})")
    finally:
        await bot.session.close()
    if not settings.telegram_owner_ids:
        yield Finding(
            Weight.DOUBT, "chat: TELEGRAM_OWNER_IDS names nobody: the first one to send the code from the log owns the bot"
        )
