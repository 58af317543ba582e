"""The conversation's machinery: the bot, the dispatcher behind its gate, polling, and the delivery of alerts.

Imported late. Whatever breaks here never reaches the engine.
"""

import asyncio
import logging
import time
from typing import Final

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError
from aiogram.types import BotCommand

from bot.access import Access
from bot.alerts import Alerts
from bot.kept_messages import KeptMessages
from bot.logs import Redaction
from bot.outbox import Delivery
from bot.owners import Owners
from bot.pace import Pace
from bot.panel_refresh import PanelRefresh
from bot.polling import Polling
from bot.second_factor import CodeCheck
from bot.sending import Sender
from bot.settings import Settings
from bot.turns import Turns
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_store import RedisStore
from engine.control import EngineControl
from engine.ports import Clock
from handlers import build_router
from handlers.ui import commands
from handlers.ui.language import Languages

REQUEST_TIMEOUT_S: Final = 30.0

logger = logging.getLogger(__name__)


async def talk(
    settings: Settings, control: EngineControl, store: RedisStore, link: RedisLink, clock: Clock, redaction: Redaction
) -> None:
    """Talk until cancelled. Raises what Telegram or the store could not do."""
    pace, languages = Pace(), Languages(settings.label)
    owners = Owners(settings.telegram_owner_ids, store.users)
    await owners.load()
    bot = make_bot(settings, pace)
    factor = CodeCheck(settings.owner_pin.get_secret_value(), settings.owner_totp_secret.get_secret_value(), time.time)
    alerts = Alerts(control, languages, store.users, store.tokens, factor, language=settings.language)
    delivery = Delivery(store.outbox, alerts, owners, Sender(bot, KeptMessages(link), redaction), pace.wait_s)
    gate = Access(owners, store.users, link, languages, language=settings.language, clock=clock, heard=delivery.heard)
    refresh = PanelRefresh(
        bot,
        control,
        store.users,
        texts=alerts.texts,
        is_free=lambda chat: not delivery.waiting(chat) and not pace.wait_s(chat),
        clock=clock,
    )
    dispatcher = Dispatcher(
        events_isolation=Turns(),
        engine=control,
        languages=languages,
        users=store.users,
        tokens=store.tokens,
        factor=factor,
    )
    dispatcher.update.outer_middleware(gate)
    dispatcher.update.outer_middleware(refresh)
    dispatcher.include_router(build_router())
    logger.info("the chat is open")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(delivery.run())
            group.create_task(refresh.run())
            group.create_task(Polling(bot, dispatcher).run())
            group.create_task(_show_commands(bot, languages, settings.language))
    finally:
        await bot.session.close()


def make_bot(settings: Settings, pace: Pace) -> Bot:
    """The bot at the Bot API that the settings name."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api_root), timeout=REQUEST_TIMEOUT_S)
    session.middleware(pace)
    return Bot(settings.telegram_bot_token.get_secret_value(), session=session)


async def _show_commands(bot: Bot, languages: Languages, language: str) -> None:
    """Fill Telegram's own menu; without it everything works too."""
    try:
        for known in languages.known:
            menu = [BotCommand(command=name, description=does) for name, does in commands.in_menu(languages.texts(known))]
            await bot.set_my_commands(menu, language_code=known[:2])
            if known == languages.best(language):
                await bot.set_my_commands(menu)
    except TelegramAPIError as error:
        logger.warning("the menu of commands was not set: %s", type(error).__name__)
