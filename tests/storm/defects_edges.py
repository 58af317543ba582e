"""Defects at the edges: the exchange's adapters, the store, the data folder, paper."""

from typing import Final

from tests.storm.planted import Defect

WIRE: Final = "engine/adapters/"
ADAPTERS: Final = "tests/engine/adapters/"

EDGES: Final = (
    # --- the exchange -------------------------------------------------------------------------------------------------
    Defect(
        "a time-out counts as not done",
        WIRE + "binance_errors.py",
        "if not isinstance(failure, Refused):\n        return Verdict.UNKNOWN",
        "if not isinstance(failure, Refused):\n        return Verdict.NOT_DONE",
        (ADAPTERS + "test_binance_errors.py",),
        "A2",
    ),
    Defect(
        "a duplicate name counts as not placed",
        WIRE + "binance_errors.py",
        "        return Verdict.EXISTS\n",
        "        return Verdict.NOT_DONE\n",
        (ADAPTERS + "test_binance_errors.py",),
        "A22",
    ),
    Defect(
        "an unknown answer of the gateway counts as not done",
        WIRE + "binance_errors.py",
        "if refused.status == 503:\n",
        "if refused.status >= 500:\n        return True\n    if refused.status == 503:\n",
        (ADAPTERS + "test_binance_errors.py",),
        "A3",
    ),
    Defect(
        "re-send on time-out",
        WIRE + "binance_broker.py",
        "        return await self._classified(order, self._rest.send_signed(call, text))",
        "        heard = await self._classified(order, self._rest.send_signed(call, text))\n"
        "        again = isinstance(heard, OrderUnanswered)\n"
        "        return await self._classified(order, self._rest.send_signed(call, text)) if again else heard",
        (ADAPTERS + "test_binance_broker.py",),
        "A2",
    ),
    Defect(
        "an entry that was signed long ago is sent",
        WIRE + "binance_broker.py",
        "if not 0 <= self._rest.clock.now_ms() - signed.signed_ms <= SEND_WITHIN_MS:",
        "if not 0 <= self._rest.clock.now_ms() - signed.signed_ms:",
        (ADAPTERS + "test_binance_broker.py",),
    ),
    Defect(
        "a DNS error is read as not found",
        WIRE + "binance_account.py",
        "    except Refused as refused:\n        if refused.code != NO_SUCH_ORDER:",
        "    except ConnectionError as refused:\n        if getattr(refused, 'code', NO_SUCH_ORDER) != NO_SUCH_ORDER:",
        (ADAPTERS + "test_binance_account.py",),
        "F11,A32",
    ),
    Defect(
        "a cancel without an answer counts as nothing to cancel",
        WIRE + "binance_errands.py",
        "return CancelRefused(errand.symbol, errand.client_id, True, *self._times())",
        "return CancelRefused(errand.symbol, errand.client_id, False, *self._times())",
        (ADAPTERS + "test_binance_errands.py",),
    ),
    Defect(
        "an exit is not sent as reduce-only",
        WIRE + "binance_orders.py",
        'return {**params, "reduceOnly": "true"} if order.reduce_only else params',
        "return params",
        (ADAPTERS + "test_binance_broker.py",),
    ),
    Defect(
        "a frame of the user stream that cannot be read is skipped",
        WIRE + "binance_user_stream.py",
        "needs_sync=True)  # it may",
        "needs_sync=False)  # it may",
        (ADAPTERS + "test_binance_user_stream.py",),
        "C9",
    ),
    Defect(
        "exits wait out a 429 with everything else",
        WIRE + "binance_budget.py",
        "if need is not Need.EXIT:",
        "if need <= Need.EXIT:",
        (ADAPTERS + "test_binance_budget.py",),
    ),
    Defect(
        "a 429 is heard and not obeyed",
        WIRE + "binance_client.py",
        "self.budget.note_too_many(headers)",
        "self.budget.note_headers(headers)",
        (ADAPTERS + "test_binance_client.py",),
        "A7,A13,A10,C1",
    ),
    Defect(
        "requests go on during a ban",
        WIRE + "binance_budget.py",
        "waits = [self._banned_until - now]",
        "waits = [self._paused_until - now - self._banned_until]",
        (ADAPTERS + "test_binance_budget.py",),
        "A8",
    ),
    Defect(
        "a mad price is believed when it comes once",
        WIRE + "binance_beliefs.py",
        "return is_believed",
        "return True",
        (ADAPTERS + "test_binance_feed.py",),
        "C18",
    ),
    Defect(
        "old bars that were read later are decided on",
        WIRE + "binance_bars.py",
        "is_history=opened != self.last_open_ms or not is_fresh",
        "is_history=opened != self.last_open_ms",
        (ADAPTERS + "test_binance_bars.py",),
    ),
    # --- the store and the folder -------------------------------------------------------------------------------------
    Defect(
        "a token is not consumed",
        WIRE + "redis_tokens.py",
        "self._link.client.getdel(",
        "self._link.client.get(",
        (ADAPTERS + "test_redis_tokens.py",),
    ),
    Defect(
        "a card of paper money acts in live",
        WIRE + "redis_tokens.py",
        'return kept["record"] if kept["namespace"] == self._namespace else None',
        'return kept["record"]',
        (ADAPTERS + "test_redis_tokens.py",),
    ),
    Defect(
        "a process that was superseded goes on writing",
        WIRE + "redis_writer.py",
        'if answer == b"FENCED":',
        'if answer == "FENCED":',
        (ADAPTERS + "test_redis_store.py", ADAPTERS + "test_redis_outage.py"),
    ),
    Defect(
        "a write on a store that lost its tail goes through",
        WIRE + "redis_writer.py",
        "if last_seq ~= tonumber(ARGV[3]) then",
        "if last_seq > tonumber(ARGV[3]) then",
        (ADAPTERS + "test_redis_outage.py", ADAPTERS + "test_redis_store.py"),
    ),
    Defect(
        "a write that got no answer is written again without a question",
        WIRE + "redis_store.py",
        "entries = wish.entries.without(self._unheard)",
        "entries = wish.entries",
        (ADAPTERS + "test_redis_outage.py", ADAPTERS + "test_redis_unanswered.py"),
    ),
    Defect(
        "the number of an entry's write is not kept beside the store",
        WIRE + "redis_store.py",
        "if self._unnoted and self._on_intent is not None:",
        "if self._unnoted and self._on_intent is None:",
        (ADAPTERS + "test_redis_store.py",),
    ),
    Defect(
        "a latch file that cannot be read is no latch",
        WIRE + "local_files.py",
        "        except Undecodable:\n            return self._damaged()",
        "        except Undecodable:\n            return None",
        (ADAPTERS + "test_local_files.py",),
    ),
    Defect(
        "a damaged sequence file is good news",
        WIRE + "local_files.py",
        "return noted is None or last_write < noted",
        "return noted is not None and last_write < noted",
        (ADAPTERS + "test_local_files.py",),
    ),
    Defect(
        "a folder that another process uses is taken",
        WIRE + "local_files.py",
        "if not self._lock.take():",
        "if self._lock.take() is None:",
        (ADAPTERS + "test_local_files.py",),
    ),
    Defect(
        "a line of the audit may be changed",
        WIRE + "audit_log.py",
        "if not hmac.compare_digest(self._seal(_unsealed(line)), _seal_of(line)):",
        "if not self._seal(_unsealed(line)):",
        (ADAPTERS + "test_audit_log.py",),
    ),
    Defect(
        "a paper stop is set off by prices from before it was placed",
        WIRE + "paper_exchange.py",
        "if at is not None and stop.placed_ms <= since_ms and stop",
        "if at is not None and stop",
        (ADAPTERS + "test_paper_exchange.py", ADAPTERS + "test_paper_broker.py"),
    ),
    Defect(
        "paper trades cost no fee",
        WIRE + "paper_exchange.py",
        "self.books.wallet -= fee",
        "self.books.wallet -= 0 * fee",
        (ADAPTERS + "test_paper_exchange.py",),
    ),
)
