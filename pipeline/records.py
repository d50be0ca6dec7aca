"""What flows through the pipeline: utterances in, events out. Plain typed records that import nothing of ours.

The shapes are the public contract (``docs/contract.md``). All are immutable; times are aware datetimes (event time),
offsets are code points into the utterance's original text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Channel = Literal["call", "chat", "group_chat"]
Role = Literal["customer", "agent", "system"]
FlagName = Literal["high_motivation", "troublemaker", "needs_care", "non_target"]
AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
Identifier = Annotated[str, msgspec.Meta(min_length=1)]
Revision = Annotated[int, msgspec.Meta(ge=0)]


class Utterance(msgspec.Struct, frozen=True):
    """One spoken sentence of a call, or one chat message."""

    utterance_id: Identifier
    conversation_id: Identifier
    channel: Channel
    speaker_id: Identifier
    role: Role
    at: AwareTime
    text: str
    customer_id: str | None = None
    revision: Revision = 0
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    reply_to: str | None = None
    mentions: list[str] | None = None


class Evidence(msgspec.Struct, frozen=True):
    """The stretch of the original text that a source rests its tag on: ``text == utterance.text[start:end]``."""

    start: int
    end: int
    text: str
    source: str


class TagEvent(msgspec.Struct, frozen=True, tag_field="event", tag="tag"):
    tag_id: str
    customer_id: str
    conversation_id: str
    utterance_id: str
    channel: Channel
    tag: str
    dimension: str
    score: float
    revision: int
    at: AwareTime
    evidence: tuple[Evidence, ...]
    sources: tuple[str, ...]


class RetractEvent(msgspec.Struct, frozen=True, tag_field="event", tag="retract"):
    """Takes a tag back. Beats tag events of the same id with a lower or equal ``revision``, whichever arrives first."""

    tag_id: str
    customer_id: str
    conversation_id: str
    revision: int
    reason: str
    at: AwareTime


class ContactEvent(msgspec.Struct, frozen=True, tag_field="event", tag="contact"):
    contact_id: str
    customer_id: str
    conversation_id: str
    channel: Channel
    first_by: Role
    spoke: bool
    at: AwareTime


class Impact(msgspec.Struct, frozen=True):
    """A group's mood (mean polarity of the others' messages, -1 to 1) before and after, and who was carried along."""

    before: float
    after: float
    members: tuple[str, ...]


class SignalEvent(msgspec.Struct, frozen=True, tag_field="event", tag="signal"):
    """What no single utterance shows: a member turned the group's mood, flooded it, or pasted the same text around."""

    signal_id: str
    customer_id: str
    conversation_id: str
    signal: Literal["mood_turn", "flooding", "copy_paste"]
    at: AwareTime
    because: tuple[str, ...]
    """``utterance_id`` of the member's own messages that the signal rests on."""
    impact: Impact | None = None


class FlagEvent(msgspec.Struct, frozen=True, tag_field="event", tag="flag", omit_defaults=True):
    flag_id: str
    customer_id: str
    flag: FlagName
    state: Literal["raised", "cleared"]
    score: float
    because: tuple[str, ...]
    """``tag_id``s and ``signal_id``s that decided."""
    conversation_id: str
    at: AwareTime
    expires_at: AwareTime | None = None
    impact: Impact | None = None


CustomerEvent = TagEvent | RetractEvent | ContactEvent | SignalEvent
"""What a customer's flags follow from; all of it is on the topic ``customer-tag``, keyed by ``customer_id``."""

Event = CustomerEvent | FlagEvent


class StandingFlag(msgspec.Struct, frozen=True, omit_defaults=True):
    flag: FlagName
    flag_id: str
    score: float
    because: tuple[str, ...]
    raised_at: AwareTime
    expires_at: AwareTime | None = None
    conversation_id: str | None = None
    impact: Impact | None = None


class Profile(msgspec.Struct, frozen=True):
    """A customer as a CRM loads it at start (topic ``customer-profile``)."""

    customer_id: str
    flags: tuple[StandingFlag, ...]
    tag_counts: dict[str, int]
    scores: dict[str, float]
    """Per flag: its decayed score at ``last_seen``."""
    contacts: int
    contacts_spoken: int
    first_seen: AwareTime
    last_seen: AwareTime
