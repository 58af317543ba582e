"""Defects of the process and of the conversation: its end, its keepers, logs, alerts, the gate, codes, cards, second taps."""

from typing import Final

from tests.storm.planted import Defect

BOT: Final = "tests/bot/"

TALK: Final = (
    Defect(
        "a notice without words is thrown away",
        "bot/outbox.py",
        "alert = self._alerts.unworded(notice)",
        "return None",
        (BOT + "test_outbox.py",),
    ),
    Defect(
        "who claimed the bot has no chat at a start without the store",
        "bot/owners.py",
        "return self._file.read() if self._file is not None else frozenset()",
        "return frozenset()",
        (BOT + "test_past_store.py",),
    ),
    # --- the process --------------------------------------------------------------------------------------------------
    Defect(
        "a newer writer does not end this process",
        "bot/store_watch.py",
        "            self.was_fenced.set()\n",
        "",
        ("tests/engine/adapters/test_redis_outage.py",),
    ),
    Defect(
        "a store that knows less than this machine is believed",
        "bot/store_watch.py",
        "if self._sequence.has_lost_tail(taken.seq):",
        "if self._sequence.read() is None:",
        ("tests/engine/adapters/test_redis_outage.py",),
    ),
    Defect(
        "a process that another one superseded ends as if it was asked to",
        "bot/ending.py",
        "TAKEN: Final = 75",
        "TAKEN: Final = 0",
        (BOT + "test_ending.py", BOT + "test_cli.py"),
    ),
    Defect(
        "the dead man's switch is held while a position is naked",
        "bot/keeping.py",
        "return runner.is_ready() and runner.store_is_up and is_covered and",
        "return runner.is_ready() and runner.store_is_up and",
        (BOT + "test_keeping.py",),
    ),
    Defect(
        "a process that stood still a moment ago counts as even",
        "bot/beat.py",
        "return self._stalled_at_s is None or",
        "return self._alarmed_at_s is None or",
        (BOT + "test_keeping.py",),
    ),
    Defect(
        "an alert is given up while Telegram is away",
        "bot/outbox.py",
        "except (*PASSING, TelegramForbiddenError):",
        "except TelegramForbiddenError:",
        (BOT + "test_outbox.py",),
    ),
    Defect(
        "an audit that cannot be written holds up an exit",
        "bot/audited.py",
        '        except OSError as error:\n            logger.error(\n                "a line',
        '        except ValueError as error:\n            logger.error(\n                "a line',
        (BOT + "test_audited.py",),
    ),
    Defect(
        "tracebacks reach the log with their secrets",
        "bot/logs.py",
        "return self._redaction(self._writer.format(record))",
        "record.msg = self._redaction(str(record.msg))\n        return self._writer.format(record)",
        (BOT + "test_logs.py",),
    ),
    Defect(
        "a secret that begins with another one keeps its rest",
        "bot/logs.py",
        "longest_first = sorted(secrets, key=len, reverse=True)",
        "longest_first = sorted(secrets, key=len)",
        (BOT + "test_logs.py",),
    ),
    # --- the chat -----------------------------------------------------------------------------------------------------
    Defect(
        "an owner is obeyed in a group, where others read along",
        "bot/access.py",
        'not user.is_bot and chat.type == "private" and chat.id == user.id',
        "not user.is_bot",
        (BOT + "test_access.py",),
    ),
    Defect(
        "a message that was forwarded is obeyed",
        "bot/access.py",
        "not (spoken.sender_chat or spoken.via_bot or spoken.forward_origin)",
        "not (spoken.sender_chat or spoken.via_bot)",
        (BOT + "test_access.py",),
    ),
    Defect(
        "a wish that is an hour old is granted",
        "bot/access.py",
        "return age_ms < LATE_MS",
        "return age_ms < LATE_MS * 1_000",
        (BOT + "test_access.py",),
    ),
    Defect(
        "an update that Telegram repeats acts twice",
        "bot/access.py",
        '"1", nx=True, ex=SEEN_S',
        '"1", ex=SEEN_S',
        (BOT + "test_access.py",),
    ),
    Defect(
        "codes may be guessed for ever",
        "bot/second_factor.py",
        "self._closed_until_s[user] = now_s + CLOSED_S",
        "self._closed_until_s[user] = now_s",
        (BOT + "test_second_factor.py",),
    ),
    Defect(
        "a code may be used twice",
        "bot/second_factor.py",
        "self._used_steps.append(step)",
        "self._used_steps.clear()",
        (BOT + "test_second_factor.py",),
    ),
    Defect(
        "a card may be taken by whoever finds its button",
        "handlers/approvals.py",
        'return "intent_id" in record and record["user"] == owner.user and record["chat"] == owner.chat',
        'return "intent_id" in record',
        ("tests/handlers/test_approvals.py",),
    ),
    Defect(
        "a card that is pressed twice at once acts twice",
        "handlers/approvals.py",
        "if await owner.tokens.claim(callback_data.token) is None:",
        "if await owner.tokens.peek(callback_data.token) is None:",
        ("tests/handlers/test_approvals.py",),
    ),
    Defect(
        "what needs a code is granted by a tap",
        "handlers/consent.py",
        'if record is None or record.get("by") != "tap" or not',
        "if record is None or not",
        ("tests/handlers/test_consent.py",),
    ),
    Defect(
        "a second tap of somebody else is taken",
        "handlers/consent.py",
        'return bool(record["user"] == owner.user and record["chat"] == owner.chat)',
        'return bool(record["chat"] and record["user"])',
        ("tests/handlers/test_consent.py",),
    ),
    Defect(
        "a code that was right once is never asked for again",
        "handlers/consent.py",
        "is_fresh = not owner.factor.is_configured or await owner.factor.is_fresh(owner.user)",
        "is_fresh = True",
        ("tests/handlers/test_consent.py",),
    ),
)
