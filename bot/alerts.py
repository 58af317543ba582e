"""A notice becomes an alert for one reader: in their language, and a proposal with a token that only they can use."""

from bot.access import LANGUAGE
from engine.adapters.redis_tokens import Tokens
from engine.adapters.redis_users import Users
from engine.control import EngineControl
from engine.model.notices import EntryProposed, Notice
from handlers.approvals import issued
from handlers.owner import Owner
from handlers.ports import SecondFactor
from handlers.ui import trouble
from handlers.ui.alerts import Alert
from handlers.ui.language import Languages, Texts
from handlers.ui.notices import alert


class Alerts:
    """Writes alerts."""

    def __init__(
        self,
        engine: EngineControl,
        languages: Languages,
        users: Users,
        tokens: Tokens,
        factor: SecondFactor,
        *,
        language: str,
    ) -> None:
        self._engine = engine
        self._languages = languages
        self._users = users
        self._tokens = tokens
        self._factor = factor
        self._language = language

    async def write(self, user: int, notice: Notice) -> Alert:
        """An alert for one owner. Raises `StoreDown`."""
        texts, token = await self.texts(user), ""
        if isinstance(notice, EntryProposed):
            reader = Owner(user, user, texts, self._engine, self._users, self._tokens, self._factor)
            token = await issued(notice.proposal, reader)
        return alert(texts, notice, self._engine, token)

    def unworded(self, notice: Notice) -> Alert:
        """What is said of a notice where its own words failed."""
        return trouble.unworded(self._languages.texts(self._language), type(notice).__name__)

    async def texts(self, user: int) -> Texts:
        """The language of an owner: as chosen, as their Telegram's, as the settings say."""
        chosen, spoken = await self._users.language(user), await self._users.get_value(user, LANGUAGE)
        return self._languages.texts(chosen, spoken, self._language)
