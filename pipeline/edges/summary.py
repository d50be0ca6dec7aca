"""The few lines on stderr that say what a run did."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.records import Event, FlagEvent, RetractEvent, TagEvent

FLAG_NAMES = {"high_motivation": "高意向", "troublemaker": "捣乱者", "needs_care": "需关怀", "non_target": "非目标客户"}


class Summary:
    """Counts as the run goes. The clock here measures the run, never the conversations."""

    def __init__(self) -> None:
        self.utterances = 0
        self.tags: Counter[str] = Counter()
        self.flags: Counter[tuple[str, str]] = Counter()
        self.retracted = 0
        self._start = time.monotonic()

    def add(self, utterances: int, events: Sequence[Event]) -> None:
        self.utterances += utterances
        for event in events:
            if isinstance(event, TagEvent):
                self.tags[event.tag] += 1
            elif isinstance(event, FlagEvent):
                self.flags[event.flag, event.state] += 1
            elif isinstance(event, RetractEvent):
                self.retracted += 1

    def lines(self, rejects: int, tag_names: Mapping[str, str], colour: bool) -> list[str]:
        seconds = time.monotonic() - self._start
        rate = self.utterances / seconds if seconds else 0.0
        dim, bold, plain = ("\x1b[2m", "\x1b[1m", "\x1b[0m") if colour else ("", "", "")
        lines = [
            f"{bold}{self.utterances:,} utterances{plain}, {rejects:,} rejects, {seconds:.2f} s, {rate:,.0f} utterances/s"
        ]
        for tag, n in self.tags.most_common():
            lines.append(f"  {n:>8,}  {tag} {dim}{tag_names.get(tag, '')}{plain}".rstrip())
        if self.retracted:
            lines.append(f"  {self.retracted:>8,}  tags retracted")
        for flag in sorted({f for f, _ in self.flags}):
            raised, cleared = self.flags[flag, "raised"], self.flags[flag, "cleared"]
            name = f"{flag} {dim}{FLAG_NAMES.get(flag, '')}{plain}"
            lines.append(f"  flag {name}: {raised:,} raised, {cleared:,} cleared")
        return lines
