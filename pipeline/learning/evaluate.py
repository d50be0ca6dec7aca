"""How right the tags are on labelled lines: precision, recall and F1 per tag and over all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from pipeline.learning.labels import Labelled
from pipeline.records import Utterance
from pipeline.tagger import Conversation, Tagger

BLOCK = 1024


class Figures(msgspec.Struct):
    """Counts of one tag (or of all): right, wrongly said, missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def examples(self) -> int:
        return self.right + self.missed

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.examples)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


class Evaluation(msgspec.Struct):
    tags: dict[str, Figures]
    micro: Figures
    wrong: list[tuple[Labelled, frozenset[str]]]
    """Lines that were not tagged as labelled, each with the tags it got."""
    lines: int


def tags_of(tagger: Tagger, lines: Sequence[Labelled]) -> list[frozenset[str]]:
    """What the pipeline says of each line after its context, as the stream would: one conversation a line."""
    at = datetime(2000, 1, 1, tzinfo=UTC)
    utterances: list[Utterance] = []
    last: list[bool] = []
    for number, line in enumerate(lines):
        turns = [(role, text) for role, _, text in (c.partition(": ") for c in line.context)]
        for k, (role, text) in enumerate([*turns, ("customer", line.text)]):
            agent = role == "agent"
            utterances.append(
                Utterance(
                    utterance_id=f"{number}-{k}",
                    conversation_id=str(number),
                    channel=line.channel,
                    speaker_id="agent" if agent else "customer",
                    role="agent" if agent else "customer",
                    at=at,
                    text=text,
                    customer_id="customer",
                )
            )
            last.append(k == len(turns))
    states: dict[str, Conversation] = {}
    found: list[frozenset[str]] = []
    for start in range(0, len(utterances), BLOCK):
        tagged = tagger.tag_block(states, utterances[start : start + BLOCK])
        found += [frozenset(t.tags) for t, wanted in zip(tagged, last[start:], strict=False) if wanted]
    return found


def evaluate(tagger: Tagger, lines: Sequence[Labelled]) -> Evaluation:
    return compare(lines, tags_of(tagger, lines), tagger.rules.tags)


def compare(lines: Sequence[Labelled], found: Sequence[frozenset[str]], tags: Iterable[str]) -> Evaluation:
    by_tag = {tag: Figures() for tag in tags}
    micro = Figures()
    wrong = []
    for line, said in zip(lines, found, strict=True):
        truth = frozenset(line.tags)
        for tag in truth | said:
            for figures in (by_tag[tag], micro):
                if tag in truth and tag in said:
                    figures.right += 1
                elif tag in said:
                    figures.wrong += 1
                else:
                    figures.missed += 1
        if truth != said:
            wrong.append((line, said))
    return Evaluation(by_tag, micro, wrong, len(lines))
