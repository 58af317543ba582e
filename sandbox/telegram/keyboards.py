"""Inline keyboards: read, checked as strictly as the real one does, and compared."""

from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.telegram.call import Call
from sandbox.telegram.refusals import bad_request

DATA_BYTES: Final = 64
COPY_LENGTH: Final = 256
MAX_BUTTONS: Final = 100
MAX_COLUMNS: Final = 8
STYLES: Final = frozenset({"danger", "success", "primary"})
ACTIONS: Final = frozenset(
    {
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
    }
)
PLAIN_HOSTS: Final = frozenset({"localhost"})

type Markup = dict[str, Any]


def read_markup(call: Call) -> Markup | None:
    """Read `reply_markup`; None where there is no inline keyboard. Raises `Refused`."""
    raw = call.json("reply_markup", {})
    if not isinstance(raw, dict):
        raise bad_request("object expected as reply markup")
    if any(name in raw for name in ("keyboard", "remove_keyboard", "force_reply")):
        return None  # accepted, but this chat page draws inline keyboards only
    rows = raw.get("inline_keyboard")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('can\'t parse reply keyboard markup JSON object: Field "inline_keyboard" must be of type Array')
    kept = [[read_button(button) for button in row] for row in rows if row]
    if sum(map(len, kept)) > MAX_BUTTONS or any(len(row) > MAX_COLUMNS for row in kept):
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def read_button(raw: Any) -> dict[str, Any]:
    """Check one button."""
    if not isinstance(raw, dict):
        raise bad_request("can't parse inline keyboard button: expected an Object")
    button = {name: value for name, value in raw.items() if value is not None}
    if not isinstance(button.get("text"), str):
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"].strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    actions = {name for name in ACTIONS & button.keys() if button[name] != "" or name.startswith("switch_inline")}
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: exactly one action is expected")
    if "style" in button and button["style"] not in STYLES:
        raise bad_request("can't parse inline keyboard button: invalid button style specified")
    check_action(button)
    return button


def check_action(button: dict[str, Any]) -> None:
    """Check what a button does."""
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    elif "url" in button:
        check_url(str(button["url"]))
    elif "copy_text" in button:
        copied = button["copy_text"]
        words = copied.get("text", "") if isinstance(copied, dict) else ""
        if not isinstance(words, str) or not 1 <= len(words) <= COPY_LENGTH:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    elif "web_app" in button:
        url = str(button["web_app"].get("url", "")) if isinstance(button["web_app"], dict) else ""
        if urlsplit(url).scheme != "https":
            raise bad_request(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")


def check_url(url: str) -> None:
    """Refuse links that the real one does not open; a bare host is completed by it."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in ("http", "https", "tg", "ton"):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    host = parts.hostname or ""
    if parts.scheme in ("http", "https") and ("." not in host or host in PLAIN_HOSTS):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def has_data(markup: Markup | None, data: str) -> bool:
    """Say whether a keyboard holds a button with this data."""
    rows = (markup or {}).get("inline_keyboard", [])
    return any(button.get("callback_data") == data for row in rows for button in row)
