"""Short ways to write a customer's events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import yaml

from pipeline.customers import CustomerState, Policy, fold, load_policy
from pipeline.records import (
    ContactEvent,
    CustomerEvent,
    FlagEvent,
    Impact,
    RetractEvent,
    SignalEvent,
    TagEvent,
)

ROOT = Path(__file__).parents[2]
TAGS = frozenset(yaml.safe_load((ROOT / "rules/vocabulary.yml").read_text(encoding="utf-8"))["tags"])
POLICY: Policy = load_policy(ROOT / "rules/flags.yml", TAGS, "rules/flags.yml")
START = datetime(2026, 3, 2, 10, 0, 12, tzinfo=timezone(timedelta(hours=8)))


def at(days: float) -> datetime:
    return START + timedelta(seconds=round(days * 86_400))


def tag(unit: str, name: str, days: float = 0, *, revision: int = 0, conversation: str = "v1") -> TagEvent:
    return TagEvent(
        tag_id=f"{unit}/{name}",
        customer_id="c1",
        conversation_id=conversation,
        utterance_id=unit,
        channel="chat",
        tag=name,
        dimension="",
        score=0.9,
        revision=revision,
        at=at(days),
        evidence=(),
        sources=(),
    )


def said(unit: str, names: str, days: float = 0, *, conversation: str = "v1") -> list[CustomerEvent]:
    """One utterance with the tags in ``names``, separated by spaces."""
    return [tag(unit, name, days, conversation=conversation) for name in names.split()]


def retract(unit: str, name: str, days: float = 0, *, revision: int = 0) -> RetractEvent:
    return RetractEvent(
        tag_id=f"{unit}/{name}",
        customer_id="c1",
        conversation_id="v1",
        revision=revision,
        reason="revised",
        at=at(days),
    )


def contact(days: float = 0, *, conversation: str = "v1", spoke: bool = True) -> ContactEvent:
    return ContactEvent(
        contact_id=f"{conversation}/c1",
        customer_id="c1",
        conversation_id=conversation,
        channel="chat",
        first_by="agent",
        spoke=spoke,
        at=at(days),
    )


def mood_turn(days: float = 0, *, conversation: str = "g1", members: tuple[str, ...] = ("m1", "m2")) -> SignalEvent:
    return SignalEvent(
        signal_id=f"{conversation}/c1/mood_turn/u1",
        customer_id="c1",
        conversation_id=conversation,
        signal="mood_turn",
        at=at(days),
        because=("u1",),
        impact=Impact(before=0.2, after=-0.6, members=members),
    )


def run(
    events: Iterable[CustomerEvent], state: CustomerState | None = None, policy: Policy = POLICY
) -> tuple[CustomerState, list[FlagEvent]]:
    told: list[FlagEvent] = []
    for event in events:
        state, more = fold(policy, state, event)
        told += more
    assert state is not None
    return state, told


def changes(events: Iterable[CustomerEvent]) -> list[str]:
    """What was told, as ``+flag`` and ``-flag``."""
    return [("+" if event.state == "raised" else "-") + event.flag for event in run(events)[1]]
