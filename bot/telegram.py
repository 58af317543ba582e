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
from bot.app import House
from bot.keeping import Keeping
from bot.kept_messages import KeptMessages
from bot.line import Line
from bot.outbox import Delivery
from bot.owners import Owners, OwnersFile
from bot.pace import Pace
from bot.panel_refresh import PanelRefresh
from bot.past_store import PastStore
from bot.polling import Polling
from bot.second_factor import CodeCheck
from bot.sending import Sender
from bot.settings import Settings
from bot.turns import Turns
from bot.unreadable import told_plainly
from engine.model.notices import Notice
from engine.ports import StoreDown
from handlers import build_router
from handlers.later import Later
from handlers.ui import commands
from handlers.ui.alerts import Alert
from handlers.ui.language import Languages
from handlers.ui.notices import alert

REQUEST_TIMEOUT_S: Final = 30.0

logger = logging.getLogger(__name__)


async def talk(house: House, keeping: Keeping, line: Line, factor: CodeCheck) -> None:
    """Talk until cancelled. Raises what Telegram or the store could not do."""
    settings, control, store, link, clock = house.settings, house.control, house.store, house.link, house.clock
    pace, languages = Pace(), Languages(settings.label)
    owners = Owners(settings.telegram_owner_ids, store.users, OwnersFile(settings.data_folder))
    await owners.load()
    bot = make_bot(settings, pace)
    alerts = Alerts(control, languages, store.users, store.tokens, factor, language=settings.language)
    sender = Sender(bot, KeptMessages(link), house.redaction)
    delivery = Delivery(store.outbox, alerts, owners, sender, pace.wait_s)

    async def past_the_store(user: int, notice: Notice) -> Alert:
        try:
            return await alerts.write(user, notice)
        except StoreDown:
            return alert(languages.texts(settings.language), notice, control, "")

    gate = Access(owners, store.users, link, languages, language=settings.language, clock=clock, heard=delivery.heard)
    refresh = PanelRefresh(
        bot,
        control,
        store.users,
        texts=alerts.texts,
        is_free=lambda chat: not delivery.waiting(chat) and not pace.wait_s(chat),
        clock=clock,
    )
    later = Later()
    dispatcher = Dispatcher(
        events_isolation=Turns(),
        engine=control,
        languages=languages,
        users=store.users,
        tokens=store.tokens,
        factor=factor,
        later=later,
    )
    dispatcher.update.outer_middleware(gate)
    dispatcher.update.outer_middleware(refresh)
    dispatcher.include_router(build_router())
    logger.info("the chat is open")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(delivery.run())
            group.create_task(PastStore(line, owners, sender, past_the_store, alerts.unworded).run())
            group.create_task(refresh.run())
            group.create_task(Polling(bot, dispatcher, keeping).run())
            group.create_task(_show_commands(bot, languages, settings.language))
    finally:
        await later.close()
        await bot.session.close()


def code_check(settings: Settings) -> CodeCheck:
    """The second factor that the settings name. It remembers wrong codes: one is made for the whole process."""
    pin, secret = settings.owner_pin.get_secret_value(), settings.owner_totp_secret.get_secret_value()
    return CodeCheck(pin, secret, clock=time.time, steady=time.monotonic)


def make_bot(settings: Settings, pace: Pace) -> Bot:
    """The bot at the Bot API that the settings name."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api_root), timeout=REQUEST_TIMEOUT_S)
    session.middleware(pace)
    session.middleware(told_plainly)
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
