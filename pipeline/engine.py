"""The steps joined for a file run: utterances in, every event out. On Kafka the same steps run as two stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from pipeline.customers.fold import fold, fold_utterance
from pipeline.customers.policy import Policy
from pipeline.customers.policy import load_policy as load_flag_policy
from pipeline.customers.profile import profile
from pipeline.customers.state import CustomerState
from pipeline.edges.locations import built_in
from pipeline.edges.store import SpillingStore
from pipeline.groups.observing import observe
from pipeline.groups.policy import GroupPolicy
from pipeline.groups.policy import load_policy as load_group_policy
from pipeline.groups.repeats import CopyPasteIndex
from pipeline.groups.state import GroupState
from pipeline.loading import load_tagger
from pipeline.records import CustomerEvent, Event, FlagEvent, Profile, TagEvent, Utterance
from pipeline.tagger import Conversation, Tagged, Tagger

ACTIVE_CONVERSATIONS = 20_000
ACTIVE_GROUPS = 2_000
ACTIVE_CUSTOMERS = 50_000
"""States kept in memory; those not used for longest wait on disk."""


class Engine:
    """Rules, model, policies and all state of a run."""

    def __init__(self, tagger: Tagger, groups: GroupPolicy, flags: Policy) -> None:
        self.tagger = tagger
        self.tag_names = {name: tag.name for name, tag in tagger.rules.tags.items()}
        self._group_policy = groups
        self._flag_policy = flags
        self._conversations = SpillingStore(Conversation, ACTIVE_CONVERSATIONS)
        self._groups = SpillingStore(GroupState, ACTIVE_GROUPS)
        self._customers = SpillingStore(CustomerState, ACTIVE_CUSTOMERS)
        self._copies = CopyPasteIndex()

    @classmethod
    def load(cls, rules: Path | None = None, models: Path | None = None) -> Engine:
        """Raises ``InputError`` where rules or models are missing or broken."""
        directory = rules or built_in("rules")
        tagger = load_tagger(directory, models)
        return cls(tagger, load_group_policy(directory), load_flag_policy(directory / "flags.yml", tagger.rules.tags))

    def run(self, block: Sequence[Utterance]) -> list[list[Event]]:
        """One list of events per utterance, in order. How a stream is cut into blocks changes nothing."""
        results: list[list[Event]] = []
        for tagged in self.tagger.tag_block(self._conversations, block):
            about = [*tagged.events, *self._observe(tagged)]
            results.append([*about, *self._fold(about)] if about else [])
        for store in (self._conversations, self._groups, self._customers):
            store.trim()
        return results

    def _fold(self, about: Sequence[CustomerEvent]) -> Iterator[FlagEvent]:
        """The flags that change; the tags of the utterance together, anything else one by one."""
        for _, group in groupby(about, key=_together):
            events = list(group)
            state = self._customers.get(events[0].customer_id)
            if isinstance(events[0], TagEvent):
                state, flags = fold_utterance(self._flag_policy, state, [e for e in events if isinstance(e, TagEvent)])
                yield from flags
            else:
                for event in events:
                    state, flags = fold(self._flag_policy, state, event)
                    yield from flags
            if state is not None:
                self._customers[state.customer_id] = state

    def _observe(self, tagged: Tagged) -> Sequence[CustomerEvent]:
        utterance, reading = tagged.utterance, tagged.reading
        if utterance.channel != "group_chat" or reading is None:
            return ()
        state = self._groups.get(utterance.conversation_id)
        if state is None:
            state = self._groups[utterance.conversation_id] = GroupState()
        return observe(self._group_policy, state, utterance, tagged.tags, reading.normal.text, self._copies)

    def profiles(self) -> Iterator[Profile]:
        """Every customer ever seen, in the order of ``customer_id`` as UTF-8."""
        for state in self._customers.values():
            yield profile(self._flag_policy, state)


def _together(event: CustomerEvent) -> tuple[str, bool]:
    return event.customer_id, isinstance(event, TagEvent)
