"""A language in which everything is 40 % longer: what still fits in it will fit in the next real one."""

import gettext
import math

from handlers.ui.language import Texts
from tests.handlers.messages import placeholders

LONGER_BY = 0.4


class Longer(gettext.NullTranslations):
    """English with a tail of dashes behind every message."""

    def gettext(self, message: str) -> str:
        bare = message
        for name in placeholders(message):
            bare = bare.replace(f"{{{name}}}", "")
        return message + "~" * math.ceil(LONGER_BY * len(bare))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def longer(environment: str = "LIVE") -> Texts:
    """Texts in that language."""
    return Texts("en", environment, Longer())
