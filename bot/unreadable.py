"""What an answer means that the library cannot read: a gateway's page is Telegram's absence, a new kind of yes is still a yes.

Told as Telegram's own errors, which everybody who calls it expects; what was in the answer is left out of them.
"""

from aiogram import Bot
from aiogram.client.session.middlewares.base import NextRequestMiddlewareType
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramNetworkError
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType


async def told_plainly(
    make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
) -> Response[TelegramType]:
    """A middleware of the bot's session. Updates that came are left to whoever asked for them."""
    try:
        return await make_request(bot, method)
    except ClientDecodeError as error:  # `from None`: the error holds the whole answer
        if not (isinstance(error.data, dict) and error.data.get("ok") is True):
            raise TelegramNetworkError(method, "no answer of Telegram's") from None
        if isinstance(method, GetUpdates):
            raise
        raise TelegramAPIError(method, "it was done, but the answer is of a new kind") from None  # not to be done again
    except (UnicodeDecodeError, TypeError, AttributeError) as error:  # a page in another encoding, a refusal without its words
        raise TelegramNetworkError(method, f"an answer that cannot be read ({type(error).__name__})") from None
