"""The table of methods, and how a call is counted, met by faults, carried out and answered."""

from collections.abc import Callable
from typing import Any, Final

from sandbox.telegram import deeds, sending
from sandbox.telegram.call import Call
from sandbox.telegram.desk import Desk
from sandbox.telegram.refusals import Refused

type Method = Callable[[Desk, Call], object]

METHODS: Final[dict[str, Method]] = {
    "getme": deeds.get_me,
    "sendmessage": sending.send_message,
    "sendphoto": sending.send_photo,
    "senddocument": sending.send_document,
    "editmessagetext": sending.edit_message_text,
    "editmessagecaption": sending.edit_message_caption,
    "editmessagereplymarkup": sending.edit_message_reply_markup,
    "editmessagemedia": sending.edit_message_media,
    "answercallbackquery": deeds.answer_callback_query,
    "deletemessage": deeds.delete_message,
    "deletemessages": deeds.delete_messages,
    "sendchataction": deeds.send_chat_action,
    "pinchatmessage": deeds.pin_chat_message,
    "unpinchatmessage": deeds.unpin_chat_message,
    "unpinallchatmessages": deeds.unpin_all_chat_messages,
    "setmessagereaction": deeds.set_message_reaction,
    "setmycommands": deeds.set_my_commands,
    "getmycommands": deeds.get_my_commands,
    "deletemycommands": deeds.delete_my_commands,
    "setchatmenubutton": deeds.set_chat_menu_button,
    "getchatmenubutton": deeds.get_chat_menu_button,
    "setmyname": deeds.set_profile,
    "setmydescription": deeds.set_profile,
    "setmyshortdescription": deeds.set_profile,
    "getmyname": deeds.get_profile,
    "getmydescription": deeds.get_profile,
    "getmyshortdescription": deeds.get_profile,
    "getchat": deeds.get_chat,
    "setwebhook": deeds.set_webhook,
    "deletewebhook": deeds.delete_webhook,
    "getwebhookinfo": deeds.get_webhook_info,
    "logout": deeds.log_out,
    "close": deeds.log_out,
}


async def carry_out(desk: Desk, call: Call) -> object:
    """Do what a call asks for. Raises `Refused`."""
    if call.method == "getupdates":
        return await get_updates(desk, call)
    method = METHODS.get(call.method)
    if method is None:
        raise Refused(404, "Not Found: method not found")
    return method(desk, call)


async def get_updates(desk: Desk, call: Call) -> list[dict[str, Any]]:
    """Give the next updates."""
    kinds = call.json("allowed_updates", None)
    allowed = [str(kind) for kind in kinds] if isinstance(kinds, list) else None
    return await desk.updates.poll(call.number("offset"), call.number("limit", 100), call.number("timeout"), allowed)
