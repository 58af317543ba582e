"""HTML that is safe by construction: whatever is not yet `Html` is escaped on its way in."""

import html
import re
from typing import Final

TAG: Final = re.compile(r"</?[a-z][^>]*>")


class Html(str):
    """Text that Telegram may read as HTML. Made by the functions of this file and by `Texts.say` only."""

    __slots__ = ()


def safe(value: object) -> Html:
    """Escape a value, unless it is `Html` already."""
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=False))


def lines(*parts: str | None) -> Html:
    """Put parts under each other. None leaves a line out, "" leaves it blank."""
    return Html("\n".join(safe(part) for part in parts if part is not None))


def row(*parts: str | None, gap: str = " · ") -> Html:
    """Put parts beside each other. None and "" leave a part out."""
    return Html(safe(gap).join(safe(part) for part in parts if part))


def bold(value: object) -> Html:
    return Html(f"<b>{safe(value)}</b>")


def italic(value: object) -> Html:
    return Html(f"<i>{safe(value)}</i>")


def code(value: object) -> Html:
    return Html(f"<code>{safe(value)}</code>")


def fold(*parts: str | None) -> Html:
    """Fold details away; the phone opens them on a tap."""
    return Html(f"<blockquote expandable>{lines(*parts)}</blockquote>")


def moment(time_ms: int, shown: str, form: str) -> Html:
    """A time that the phone draws in its own zone (`form`: t, T, d, r ...). `shown` stands where it cannot."""
    return Html(f'<tg-time unix="{time_ms // 1000}" format="{form}">{safe(shown)}</tg-time>')


def plain(text: Html) -> str:
    """The words alone: for apps that refused the HTML, for toasts, and to see whether anything changed."""
    return html.unescape(TAG.sub("", text))


def clipped(text: str, width: int) -> str:
    """Cut a plain text to a width, with an ellipsis where something is missing."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
