"""The methods that put something into a chat or change it. Each costs one message of the chat's budget."""

from typing import Any

from sandbox.telegram.call import Call
from sandbox.telegram.chats import Chat, Message
from sandbox.telegram.desk import Desk
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.person import bare
from sandbox.telegram.refusals import NOT_MODIFIED, bad_request
from sandbox.telegram.text import Formatted, read_caption, read_text

COMPARED = ("text", "entities", "caption", "caption_entities", "photo", "document", "reply_markup")


def send_message(desk: Desk, call: Call) -> Message:
    """Send a text."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    content = {**text_content(read_text(call)), **around(chat, call)}
    desk.budget.spend(chat.chat_id)
    return desk.say(chat, content, is_silent=call.flag("disable_notification"))


def send_photo(desk: Desk, call: Call) -> Message:
    """Send a picture."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    source = source_of(call, "photo")
    content = {**caption_content(read_caption(call)), **around(chat, call)}
    desk.budget.spend(chat.chat_id)
    return desk.say(chat, {"photo": desk.files.photo(call, source), **content}, is_silent=call.flag("disable_notification"))


def send_document(desk: Desk, call: Call) -> Message:
    """Send a file."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    source = source_of(call, "document")
    content = {**caption_content(read_caption(call)), **around(chat, call)}
    desk.budget.spend(chat.chat_id)
    return desk.say(
        chat, {"document": desk.files.document(call, source), **content}, is_silent=call.flag("disable_notification")
    )


def edit_message_text(desk: Desk, call: Call) -> Message:
    """Change the text; a call without a keyboard takes the keyboard away."""
    chat, message = edited_message(desk, call)
    formatted = read_text(call)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return changed(desk, chat, message, {**text_content(formatted), **keyboard(call)}, ("text", "entities", "reply_markup"))


def edit_message_caption(desk: Desk, call: Call) -> Message:
    """Change the caption of a picture or file."""
    chat, message = edited_message(desk, call)
    if "text" in message:
        raise bad_request("there is no caption in the message to edit")
    content = {**caption_content(read_caption(call)), **keyboard(call)}
    return changed(desk, chat, message, content, ("caption", "caption_entities", "reply_markup"))


def edit_message_reply_markup(desk: Desk, call: Call) -> Message:
    """Change the keyboard alone."""
    chat, message = edited_message(desk, call)
    return changed(desk, chat, message, keyboard(call), ("reply_markup",))


def edit_message_media(desk: Desk, call: Call) -> Message:
    """Put another picture or file in place; a text can become one."""
    chat, message = edited_message(desk, call)
    media = call.json("media", None)
    if not isinstance(media, dict) or media.get("type") not in ("photo", "document"):
        raise bad_request("can't parse InputMedia: media of this type can't be read by this sandbox")
    inner = Call(call.method, {name: value for name, value in media.items() if isinstance(value, str)}, call.files)
    content = {**caption_content(read_caption(inner)), **keyboard(call)}
    if media["type"] == "photo":
        content["photo"] = desk.files.photo(call, inner.text("media"))
    else:
        content["document"] = desk.files.document(call, inner.text("media"))
    return changed(desk, chat, message, content, COMPARED)


def edited_message(desk: Desk, call: Call) -> tuple[Chat, Message]:
    """Find the message to edit. Raises `Refused`."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    if not call.text("message_id"):
        raise bad_request("message identifier is not specified")
    message = chat.message(call.number("message_id"), "edit")
    if not message["from"]["is_bot"]:
        raise bad_request("message can't be edited")
    return chat, message


def changed(desk: Desk, chat: Chat, message: Message, content: dict[str, Any], dropped: tuple[str, ...]) -> Message:
    """Carry out an edit, unless it would change nothing. The refusal costs budget too."""
    desk.budget.spend(chat.chat_id)
    after = {name: value for name, value in message.items() if name not in dropped} | content
    if all(message.get(name) == after.get(name) for name in COMPARED):
        raise bad_request(NOT_MODIFIED)
    return desk.change(chat, message, content, dropped)


def text_content(formatted: Formatted) -> dict[str, Any]:
    """Give text and entities as messages carry them."""
    text, entities = formatted
    return {"text": text, **({"entities": entities} if entities else {})}


def caption_content(formatted: Formatted) -> dict[str, Any]:
    """Give caption and entities as messages carry them."""
    text, entities = formatted
    return {**({"caption": text} if text else {}), **({"caption_entities": entities} if entities else {})}


def keyboard(call: Call) -> dict[str, Any]:
    """Give the keyboard of a call as messages carry it."""
    markup = read_markup(call)
    return {} if markup is None else {"reply_markup": markup}


def around(chat: Chat, call: Call) -> dict[str, Any]:
    """Read what a new message has besides its content: keyboard, quoted message, protection."""
    content = keyboard(call)
    reply = call.json("reply_parameters", {})
    target = reply.get("message_id") if isinstance(reply, dict) else None
    target = target or call.number("reply_to_message_id") or None
    if target is not None:
        may_lack = bool(reply.get("allow_sending_without_reply")) or call.flag("allow_sending_without_reply")
        quoted = chat.messages.get(int(target))
        if quoted is None and not may_lack:
            raise bad_request("message to be replied not found")
        if quoted is not None:
            content["reply_to_message"] = bare(quoted)
    if call.flag("protect_content"):
        content["has_protected_content"] = True
    return content


def source_of(call: Call, name: str) -> str:
    """Give where a file comes from; a part of that name is the file itself."""
    source = call.text(name)
    if not source and name in call.files:
        return f"attach://{name}"
    if not source:
        raise bad_request(f"there is no {name} in the request")
    return source
