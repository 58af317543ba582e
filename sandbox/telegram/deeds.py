"""The methods that cost no message: who the bot is, answers to presses, menus, pins, reactions, deletions."""

from typing import Any, Final

from sandbox.telegram.call import Call
from sandbox.telegram.desk import Desk
from sandbox.telegram.refusals import bad_request

MAX_COMMANDS: Final = 100
TOAST_LENGTH: Final = 200
DELETE_WINDOW_S: Final = 48 * 3600
CHAT_ACTIONS: Final = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
NAME_LENGTHS: Final = {"name": 64, "description": 512, "short_description": 120}


def get_me(desk: Desk, call: Call) -> dict[str, Any]:
    """Say who the bot is."""
    return {
        **desk.chats.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def answer_callback_query(desk: Desk, call: Call) -> bool:
    """Answer a press: the spinner ends, a toast or an alert may show."""
    text = call.text("text")
    if len(text) > TOAST_LENGTH:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": call.flag("show_alert"), "url": call.text("url")}
    query = desk.callbacks.close(call.text("callback_query_id"), answer)
    facts = {"query_id": query.query_id, "message_id": query.message_id, "data": query.data}
    desk.transcript.add("answer", query.chat_id, **facts, **answer)
    return True


def delete_message(desk: Desk, call: Call) -> bool:
    """Delete a message that is younger than two days."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    message = chat.message(call.number("message_id"), "delete")
    if desk.clock() - message["date"] > DELETE_WINDOW_S:
        raise bad_request("message can't be deleted for everyone")
    _delete(desk, chat.chat_id, message["message_id"])
    return True


def delete_messages(desk: Desk, call: Call) -> bool:
    """Delete several; those that are not there are skipped."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    for message_id in call.json("message_ids", []):
        if message_id in chat.messages:
            _delete(desk, chat.chat_id, message_id)
    return True


def _delete(desk: Desk, chat_id: int, message_id: int) -> None:
    chat = desk.chats.chats[chat_id]
    del chat.messages[message_id]
    if message_id in chat.pinned:
        chat.pinned.remove(message_id)
    desk.transcript.add("delete", chat_id, message_id=message_id)


def send_chat_action(desk: Desk, call: Call) -> bool:
    """Show for a few seconds that the bot is busy."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    if call.text("action") not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    desk.transcript.add("action", chat.chat_id, action=call.text("action"))
    return True


def pin_chat_message(desk: Desk, call: Call) -> bool:
    """Pin a message."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    message_id = chat.message(call.number("message_id"), "pin")["message_id"]
    if message_id in chat.pinned:
        chat.pinned.remove(message_id)
    chat.pinned.append(message_id)
    desk.transcript.add("pin", chat.chat_id, pinned=list(chat.pinned))
    return True


def unpin_chat_message(desk: Desk, call: Call) -> bool:
    """Unpin a message, the newest one where none is named."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    message_id = call.number("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    desk.transcript.add("pin", chat.chat_id, pinned=list(chat.pinned))
    return True


def unpin_all_chat_messages(desk: Desk, call: Call) -> bool:
    """Unpin everything."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    chat.pinned.clear()
    desk.transcript.add("pin", chat.chat_id, pinned=[])
    return True


def set_message_reaction(desk: Desk, call: Call) -> bool:
    """Put one emoji under a message, or take it away."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    message = chat.message(call.number("message_id"), "react")
    reactions = call.json("reaction", [])
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    emoji = str(reactions[0].get("emoji", "")) if reactions else ""
    desk.transcript.add("reaction", chat.chat_id, message_id=message["message_id"], emoji=emoji, by="bot")
    return True


def set_my_commands(desk: Desk, call: Call) -> bool:
    """Fill the command menu of a scope and language."""
    commands = call.json("commands", [])
    if not isinstance(commands, list) or len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for row in commands:
        name, words = str(row.get("command", "")).removeprefix("/"), str(row.get("description", ""))
        if not 1 <= len(name) <= 32 or not name.replace("_", "a").isalnum() or name != name.lower() or not name.isascii():
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(words) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    desk.commands[_scope(call)] = [
        {"command": row["command"].removeprefix("/"), "description": row["description"]} for row in commands
    ]
    _tell_commands(desk)
    return True


def get_my_commands(desk: Desk, call: Call) -> list[dict[str, str]]:
    """Give the commands of exactly this scope and language."""
    return desk.commands.get(_scope(call), [])


def delete_my_commands(desk: Desk, call: Call) -> bool:
    """Empty the menu of a scope and language."""
    desk.commands.pop(_scope(call), None)
    _tell_commands(desk)
    return True


def _scope(call: Call) -> tuple[str, str]:
    scope = call.json("scope", {"type": "default"})
    name = f"chat:{scope.get('chat_id')}" if scope.get("type") == "chat" else str(scope.get("type", "default"))
    return name, call.text("language_code")


def _tell_commands(desk: Desk) -> None:
    for chat in desk.chats.chats.values():
        desk.transcript.add("commands", chat.chat_id, commands=desk.commands_for(chat))


def set_chat_menu_button(desk: Desk, call: Call) -> bool:
    """Choose what the button beside the input row does."""
    desk.menu_button = call.json("menu_button", {"type": "commands"})
    return True


def get_chat_menu_button(desk: Desk, call: Call) -> dict[str, Any]:
    """Say what the button beside the input row does."""
    return desk.menu_button


def set_profile(desk: Desk, call: Call) -> bool:
    """Set name, description or short description, by the method's own name."""
    field = call.method.removeprefix("setmy").replace("shortdescription", "short_description")
    if len(call.text(field)) > NAME_LENGTHS[field]:
        raise bad_request(f"{field} is too long")
    desk.profile[field] = call.text(field)
    desk.transcript.add("profile", 0, profile=dict(desk.profile))
    return True


def get_profile(desk: Desk, call: Call) -> dict[str, str]:
    """Give name, description or short description, by the method's own name."""
    field = call.method.removeprefix("getmy").replace("shortdescription", "short_description")
    return {field: desk.profile[field]}


def get_chat(desk: Desk, call: Call) -> dict[str, Any]:
    """Describe a chat."""
    chat = desk.chats.for_bot(call.text("chat_id"))
    pinned = {"pinned_message": chat.messages[chat.pinned[-1]]} if chat.pinned else {}
    return {
        **chat.described(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
        ),
        **pinned,
    }


def delete_webhook(desk: Desk, call: Call) -> bool:
    """There is no webhook; what waits can be dropped with it."""
    if call.flag("drop_pending_updates"):
        desk.updates.forget()
    return True


def get_webhook_info(desk: Desk, call: Call) -> dict[str, Any]:
    """Say that there is no webhook and how much waits."""
    return {"url": "", "has_custom_certificate": False, "pending_update_count": len(desk.updates)}


def set_webhook(desk: Desk, call: Call) -> bool:
    """Refuse: this one answers on loopback and calls nobody. An empty address removes the webhook, as in the real one."""
    if call.text("url"):
        raise bad_request("bad webhook: this sandbox delivers updates by getUpdates only")
    return delete_webhook(desk, call)


def log_out(desk: Desk, call: Call) -> bool:
    """Leave; nothing has to be done for it here."""
    return True
