"""Alerts about the process itself: too many starts, a loop that stood still, a second listener, the audit's newest seal."""

from typing import Final

from engine.model.machine_notices import AuditSealed, ProcessTroubled, Trouble
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.language import Texts, marked
from handlers.ui.markup import bold, code, lines, row

HEADS: Final = {
    Trouble.CRASH_LOOP: marked("🛟 Guard mode"),
    Trouble.CRASH_LOOP_OVER: marked("🛟 Guard mode is over"),
    Trouble.STALL: marked("🐢 I stood still for {span}"),
    Trouble.OTHER_POLLER: marked("👥 Another program uses this bot's token"),
}
WORDS: Final = {
    Trouble.CRASH_LOOP: marked(
        "Started {count} times within {span}. Positions are covered, exits go on, nothing is entered: /run ends it."
    ),
    Trouble.CRASH_LOOP_OVER: marked("I ran for {span} without a fault. Entries are possible again."),
    Trouble.STALL: marked("The machine is too slow, or something kept me busy. Stops rest on the exchange."),
    Trouble.OTHER_POLLER: marked(
        "I no longer listen here, and enter nothing. Stops and exits go on. End the other one, then start me anew."
    ),
}
CRITICAL: Final = (Trouble.CRASH_LOOP, Trouble.OTHER_POLLER)
SEAL_GROUP: Final = 8  # in one piece it looks like a key, and whatever looks like one is blanked on its way to the chat


def of_process(texts: Texts, notice: ProcessTroubled | AuditSealed) -> Alert:
    """The alert for one of them."""
    if isinstance(notice, AuditSealed):
        return audit_sealed(texts, notice)
    facts = {"count": str(notice.count), "span": texts.numbers.duration(notice.span_ms)}
    text = lines(
        row(texts.tag, bold(texts.say(HEADS[notice.trouble], **facts))),
        texts.say(WORDS[notice.trouble], **facts),
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.CRITICAL if notice.trouble in CRITICAL else Loudness.NOTICE)


def audit_sealed(texts: Texts, notice: AuditSealed) -> Alert:
    """Kept in the chat, where nobody who reaches the machine can change it."""
    text = lines(
        row(texts.tag, bold(texts.say("🔏 Audit: line {number}", number=str(notice.number)))),
        code(" ".join(notice.seal[at : at + SEAL_GROUP] for at in range(0, len(notice.seal), SEAL_GROUP))),
        texts.say("Keep this message: it shows later whether lines were cut off."),
    )
    return Alert(text, Loudness.REPORT)
