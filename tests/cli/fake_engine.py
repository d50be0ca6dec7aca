"""An engine of a few lines, and ``python fake_engine.py tag …``: convtag with it in place of the real one.

The edges are held to their promises whatever the engine says. A text that holds 需要 earns ``need``, a customer's
second one raises a flag, and 慢 makes a block take long.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from pipeline.records import Event, Evidence, FlagEvent, Profile, TagEvent, Utterance


class FakeEngine:
    def __init__(self) -> None:
        self.tag_names = {"need": "明确需求"}
        self.seen: dict[str, list[Utterance]] = {}
        self.tags: dict[str, list[str]] = {}
        self.blocks: list[int] = []

    def run(self, block: Sequence[Utterance]) -> list[list[Event]]:
        self.blocks.append(len(block))
        return [self._one(u) for u in block]

    def _one(self, u: Utterance) -> list[Event]:
        if u.customer_id is None:
            return []
        self.seen.setdefault(u.customer_id, [])[:1] = [u]
        if "慢" in u.text:
            time.sleep(0.3)
        at = u.text.find("需要")
        if u.role != "customer" or at < 0:
            return []
        tag_id = f"{u.utterance_id}/need"
        because = self.tags.setdefault(u.customer_id, [])
        because.append(tag_id)
        events: list[Event] = [
            TagEvent(
                tag_id=tag_id,
                customer_id=u.customer_id,
                conversation_id=u.conversation_id,
                utterance_id=u.utterance_id,
                channel=u.channel,
                tag="need",
                dimension="motivation",
                score=0.9,
                revision=u.revision,
                at=u.at,
                evidence=(Evidence(at, at + 2, "需要", "rule:fake"),),
                sources=("rule:fake@1",),
            )
        ]
        if len(because) == 2:
            events.append(
                FlagEvent(
                    flag_id=f"{u.customer_id}/high_motivation/{u.at.isoformat()}",
                    customer_id=u.customer_id,
                    flag="high_motivation",
                    state="raised",
                    score=7.5,
                    because=tuple(because),
                    conversation_id=u.conversation_id,
                    at=u.at,
                    expires_at=u.at + timedelta(days=14),
                )
            )
        return events

    def profiles(self) -> Iterator[Profile]:
        for customer, (u, *_) in sorted(self.seen.items()):
            yield Profile(customer, (), {"need": len(self.tags.get(customer, ()))}, {}, 1, 1, u.at, u.at)


if __name__ == "__main__":
    from pipeline import cli
    from pipeline.cli import tag

    tag.load_engine = lambda _args: FakeEngine()  # type: ignore[assignment]  # a stand-in of the same shape
    sys.exit(cli.main())
