"""Where webhooks are taken: whole or not at all, each once, and answered the same however often it comes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from bot.desk import BUSY, Desk
from bot.logs import story
from bot.terminal import flat
from handlers.ports import Busy, Taken
from handlers.web.hooks import HookAnswer
from rules.events import Hooked
from rules.messages import Reply
from storage import inbox
from storage.store import Conflict, Unavailable

log = logging.getLogger(__name__)

#: Of a fault of ours, and of what is paused: its sender has done its part.
_HELD = HookAnswer(
    code="held", sentence="It is kept until a person lets it go on. There is no need to send it again.", held=True
)
#: What a refusal says of what was sent, and of nothing else.
_OF_THE_BODY = frozenset({"unknown_item", "unknown_field", "unreadable", "requester", "workflow", "kind"})
#: What stands in the way of private work is for its own people.
_PRIVATE = "Whoever has it knows why."


class _Answered(Exception):
    """What was done in the transaction is not to stand; the answer says why."""

    def __init__(self, answer: HookAnswer) -> None:
        super().__init__(answer.code)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class HookDesk:
    """Takes hooks over a desk."""

    desk: Desk

    async def take(self, hooked: Hooked, raw: bytes, signature: str) -> HookAnswer:
        """Take a hook. Durable when this returns a key; a refused one left nothing behind. Raises Busy."""
        with story(hooked.id), self.desk.metrics.taking(type(hooked).__name__) as take:
            try:
                answer = await self.desk.store.write(lambda conn: self._within(conn, hooked, raw, signature))
            except (Unavailable, Conflict) as problem:
                raise Busy(BUSY) from problem
            except _Answered as known:
                take.became(Taken(repeat=bool(known.answer.key), ignored=known.answer.code))
                return known.answer
            except Exception:
                log.exception("a hook could not be taken")
            else:
                take.became(Taken(key=answer.key))
                return answer
        # The desk meets the same failure, keeps the hook in quarantine and tells whoever owns that.
        taken = await self.desk.take(hooked, raw)
        return HookAnswer(key=taken.key) if taken.key and not taken.ignored else _HELD

    def _within(self, conn: Any, hooked: Hooked, raw: bytes, signature: str) -> HookAnswer:
        ws = self.desk.books.workspace
        taken = self.desk.within(conn, hooked, raw)
        if taken.repeat:
            raise _Answered(self._before(conn, hooked.id))
        if taken.reply is not None and taken.reply.refused:
            raise _Answered(self._refusal(hooked, taken.reply))
        # The signature does not cover the id: who overheard a hook could send it once more under another one.
        signed = f"hook:{hooked.workflow}:{signature}"
        if not inbox.count(conn, ws, signed, hooked.at, hooked.via, "Signature", b""):
            raise _Answered(self._before(conn, signed))
        if taken.ignored:  # its workflow is paused
            inbox.settle(conn, ws, signed, "ignored", None, taken.ignored)
            return _HELD
        answer = self._done(hooked, taken)
        for outside_id in (hooked.id, signed):
            inbox.settle(conn, ws, outside_id, "taken", answer.key, f"{answer.code} {answer.sentence}".strip())
        return answer

    def _before(self, conn: Any, outside_id: str) -> HookAnswer:
        """The answer that it had the first time."""
        known = inbox.arrival(conn, self.desk.books.workspace, outside_id)
        assert known is not None, "what was counted before is there"
        if known.state in ("quarantined", "paused", "ignored"):
            return _HELD
        code, _, sentence = known.reason.partition(" ")
        return HookAnswer(key=known.item or "", code=code, sentence=sentence)

    def _refusal(self, hooked: Hooked, reply: Reply) -> HookAnswer:
        return HookAnswer(code=reply.code, sentence=self._words(hooked, reply))

    def _done(self, hooked: Hooked, taken: Taken) -> HookAnswer:
        reply = taken.reply
        if reply is None:
            return HookAnswer(key=taken.key)
        return HookAnswer(key=taken.key, code=reply.code, sentence=self._words(hooked, reply))

    def _words(self, hooked: Hooked, reply: Reply) -> str:
        book = self.desk.books.current
        workflow = book.workflows.get(hooked.workflow)
        if (workflow is None or workflow.private) and reply.code not in _OF_THE_BODY:
            return _PRIVATE
        lines = (reply.message.headline, *reply.message.lines)
        return " ".join(flat(line, book.named, book.timezone) for line in lines)
