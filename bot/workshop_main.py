"""The workshop's process: takes jobs from its standard input until that ends, one after the other, and answers each.

It steps back behind everything else on the machine, and ends with whoever began it.
"""

import ctypes
import importlib
import os
import pickle
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from engine.model.past import NotMeasured, Progress

HEAD_BYTES: Final = 8
NICENESS: Final = 10
PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Work until the other end closes."""
    os.nice(NICENESS)
    _be_given_up_first()
    _end_with_parent()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints does not disturb the answers
    jobs = importlib.import_module(sys.argv[1])
    while (asked := _read(sys.stdin.buffer)) is not None:
        name, given = asked
        try:
            _answer(answers, "done", getattr(jobs, name)(*given, told=lambda progress: _tell(answers, progress)))
        except NotMeasured as error:
            _answer(answers, "refused", (error.reason, error.detail))
        except Exception:  # the last place before the other process: it logs what is said here
            _answer(answers, "broke", traceback.format_exc())


def _tell(answers: BinaryIO, progress: Progress) -> None:
    _answer(answers, "told", progress)


def _answer(answers: BinaryIO, kind: str, value: Any) -> None:
    body = pickle.dumps((kind, value), protocol=5)
    answers.write(len(body).to_bytes(HEAD_BYTES) + body)
    answers.flush()


def _read(pipe: BinaryIO) -> tuple[str, tuple[Any, ...]] | None:
    head = pipe.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        return None
    body = pipe.read(int.from_bytes(head))
    name, given = pickle.loads(body)  # noqa: S301  # from the process that began this one
    return name, given


def _be_given_up_first() -> None:
    """Where memory runs out, Linux ends this process and not the one that trades."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _end_with_parent() -> None:
    """Linux only; elsewhere the end of the input does it, when a job is done."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
