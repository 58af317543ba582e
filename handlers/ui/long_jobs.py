"""What takes long, while it does: how far it is, and a button to stop it."""

from engine.model.past import NotMeasured, Progress
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import Halt
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, lines, row
from handlers.ui.past import progress, why_not
from handlers.ui.screen import Button, Screen, arranged


def at_work(texts: Texts, title: Html, now: Progress, job: str) -> Screen:
    """How far it is."""
    stop = Button(texts.label(marked("⏹ Stop")), Halt(job=job).pack())
    return Screen(lines(_head(texts, title), progress(texts, now)), arranged([stop]))


def not_done(texts: Texts, title: Html, error: NotMeasured) -> Screen:
    """It came to nothing, and why."""
    text = lines(_head(texts, title), texts.say("Not measured: {reason}.", reason=why_not(texts, error)))
    return Screen(text, arranged([keys.back(texts)]))


def too_much(texts: Texts, title: Html) -> Screen:
    """Too many things at once."""
    text = lines(_head(texts, title), texts.say("Too much is going on already. Try again in a moment."))
    return Screen(text, arranged([keys.back(texts)]))


def no_file(texts: Texts) -> Screen:
    """The result stands, its file did not arrive."""
    return Screen(texts.say("The file with the trades could not be sent. Ask once more to get it."))


def over(texts: Texts) -> Screen:
    """A stop for something that is not at work any more."""
    return Screen(texts.say("This is over: it ended, or I was restarted meanwhile."), arranged([keys.back(texts)]))


def _head(texts: Texts, title: Html) -> Html:
    return row(texts.tag, bold(title))
