"""What is kept of a group: values that msgspec saves and loads again, nothing hidden beside them, bounded in size."""

from __future__ import annotations

import msgspec

INCITES = 1
"""Bit of ``Message.kind``: the member calls on others."""
BARE_ANGER = 2
"""Bit of ``Message.kind``: anger and nothing that says against whom; said *to* a member it is against that member."""

INSULTS = 4
"""Bit of ``Message.kind``: the member insults and doesn't call on others."""

AGREES = 8
"""Bit of ``Message.kind``: words of agreement, which follow whoever incited just before, if anybody did."""


class Message(msgspec.Struct, array_like=True):
    """A member's message, reduced to what the judgement needs. Weights are in hundredths."""

    at: int
    """Moment (``customers.moments``)."""
    member: str
    mood: int
    act: int
    follow: int
    kind: int
    print: int
    """Fingerprint of the text (``prints.text_print``)."""
    to: tuple[str, ...] = ()
    """Members it answers or mentions."""


class Turn(msgspec.Struct, array_like=True):
    """A mood turn that was told."""

    signal_id: str
    member: str
    first: int
    """The member's first act of it, and the last evidence of it (act or follower)."""
    last: int
    before: float
    after: float
    members: tuple[str, ...]
    because: tuple[str, ...]
    withdrawn: bool = False


class GroupState(msgspec.Struct, array_like=True):
    clock: int = 0
    """The latest event time seen."""
    messages: dict[str, Message] = {}
    """By ``utterance_id``, in order of arrival."""
    members: dict[str, list[str]] = {}
    """Whose messages these are."""
    inciters: dict[str, int] = {}
    """Members with inciting messages, and how many: while there are none, nobody is judged."""
    turns: list[Turn] = []
    told: dict[str, int] = {}
    """Floods and copies by kind and member: the moment they last held."""
