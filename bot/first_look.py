"""One look at Telegram before the conversation: a token that it refuses ends the start, unless a position needs us.

Light on purpose: the library that talks later takes seconds to import. Telegram's absence is no refusal.
"""

import logging
from typing import Final

import aiohttp

from bot.settings import LOOPBACK, Settings

WAIT_S: Final = 5.0
REFUSED: Final = (401, 404)  # unauthorized, and what a token of a wrong shape gets

logger = logging.getLogger(__name__)


async def is_refused(settings: Settings) -> bool:
    """Whether Telegram knows the token not. The address holds the token, so no error of the connection is shown."""
    root, token = settings.telegram_api_root.rstrip("/"), settings.telegram_bot_token.get_secret_value()
    is_near = any(f"//{host}" in root for host in LOOPBACK)
    timeout = aiohttp.ClientTimeout(total=WAIT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=not is_near) as session,
            session.get(f"{root}/bot{token}/getMe") as response,
        ):
            return response.status in REFUSED
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        logger.warning("Telegram cannot be reached yet (%s)", type(error).__name__)
        return False
