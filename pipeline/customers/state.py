"""What is kept of a customer: a value that can be saved with msgspec and loaded again, nothing hidden beside it.

The state is kept short (array-like structs, a table of conversations, tags under their utterance), as there is one per
customer, and customers are many.
"""

from __future__ import annotations

import msgspec

from pipeline.records import Impact

NOT_YET = 2**63 - 1
"""``CustomerState.first`` while nothing but retractions has arrived; ``last`` is minus that."""
UNKNOWN = -1
"""Index of the conversation of an utterance of which only a retraction has arrived."""


def rank_of(revision: int, score: float = 0.0, *, taken_back: bool = False) -> int:
    """Revision first, then whether it was taken back, then the score in hundredths."""
    return (2 * revision + taken_back) << 7 | round(100 * score)


def holds(rank: int) -> bool:
    """Was the tag not taken back?"""
    return not rank >> 7 & 1


def score_of(rank: int) -> float:
    return (rank & 127) / 100


class Said(msgspec.Struct, array_like=True):
    """The tags of one utterance, or one signal about the customer."""

    at: int
    """Moment (``moments.pack``)."""
    where: int
    """Index into ``CustomerState.conversations``."""
    tags: dict[str, int]
    """Name to rank (``rank_of``). The higher rank holds, whichever arrived first; so merging is ``max``, which no order
    and no repetition changes."""
    impact: Impact | None = None


class Raised(msgspec.Struct, array_like=True, frozen=True):
    at: int
    score: float
    because: tuple[str, ...]
    conversation: str
    impact: Impact | None = None


class Track(msgspec.Struct, array_like=True, frozen=True):
    """Where one flag stands along event time, up to and including the last evidence that it weighs."""

    at: int
    score: float
    last: tuple[int, ...]
    """When each of ``FlagRule.items`` was last said; 0 for never."""
    raised: Raised | None = None
    until: int = 0
    """If raised: the instant at which it falls of itself, faded or lapsed."""


class Base(msgspec.Struct, array_like=True):
    """The sum of evidence that is no longer kept: everything at or before ``at``."""

    at: int
    tracks: dict[str, Track]
    counts: dict[str, int]
    """Tags by name."""


class Told(msgspec.Struct, array_like=True, frozen=True):
    """The last flag event of a flag, which the next one has to differ from."""

    stands: bool
    at: int
    """Of the flag event."""
    raised: int
    """``Raised.at`` of what was told."""
    turned: bool
    """Whether what was told was that a group's mood was turned."""
    times: int
    """How often it was raised at this very moment: keeps ``flag_id`` unique when evidence goes and comes again."""


class Contact(msgspec.Struct, array_like=True):
    at: int
    spoke: bool


class CustomerState(msgspec.Struct, array_like=True):
    customer_id: str
    policy: str
    """Version of the policy that ``tracks`` follow from."""
    first: int
    last: int
    """When the customer was first and last heard of; a retraction doesn't count."""
    clock: int
    """The latest event time of all."""
    said: dict[str, Said]
    """By ``utterance_id`` (or ``signal_id``), in order of arrival."""
    conversations: list[str]
    tracks: dict[str, Track]
    told: dict[str, Told]
    contacts: dict[str, Contact]
    base: Base | None = None
    contacts_base: tuple[int, int, int] | None = None
    """Contacts no longer kept: at or before, how many, how many of them spoke."""
