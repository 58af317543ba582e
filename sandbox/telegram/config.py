"""How the Bot API is set up. The defaults are the habits of the real one as far as they are known."""

import secrets
from dataclasses import dataclass, field
from typing import Final

BOT_ID: Final = 7_000_000_001
OWNER_ID: Final = 1
SECRET_BYTES: Final = 26  # 35 characters, like a real token's


def made_up_token() -> str:
    """Make a token that looks like a real one and opens nothing else."""
    return f"{BOT_ID}:{secrets.token_urlsafe(SECRET_BYTES)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotApiConfig:
    """What the Bot API is told before it opens. Port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: int = 0
    language: str = "en"
    token: str = field(default_factory=made_up_token, repr=False)
    bot_name: str = "AUTOBOT"
    bot_username: str = "autobot_demo_bot"
    owner_name: str = "Owner"
    owner_has_started: bool = False  # a bot cannot write first: until START its chat is not found
    # limits
    strict_limits: bool = True
    messages_per_s: float = 1.0
    burst: int = 5
    penalty_s: int = 3
    callback_timeout_s: float = 15.0
    updates_kept_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the Bot API listens, and the token that it knows."""

    api_root: str
    chat_url: str
    token: str
