"""Customers' states in great numbers: what one costs in memory and on disk, and whether an event gets slower."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

AGAIN = 20_000
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Customers:
    """Folds synthetic events of so many customers, the way the engine does."""

    def __init__(self, rules: Path, count: int, kept: bool) -> None:
        from pipeline.customers.policy import load_policy
        from pipeline.customers.state import CustomerState
        from pipeline.edges.store import SpillingStore
        from pipeline.engine import ACTIVE_CUSTOMERS
        from pipeline.matching.places import load_yaml

        vocabulary = load_yaml(rules / "vocabulary.yml", "vocabulary.yml")[0]["tags"]
        self._tags = sorted(vocabulary)
        self._policy = load_policy(rules / "flags.yml", self._tags)
        self._count = count
        self._store = SpillingStore(CustomerState, count if kept else ACTIVE_CUSTOMERS)
        self._active = ACTIVE_CUSTOMERS

    def in_memory(self) -> dict[str, str]:
        before = _resident()
        microseconds = self._all()
        size = (_resident() - before) / self._count
        return {"in_memory_us": f"{microseconds:.1f}", "in_memory": f"{size:,.0f}"}

    def spilling(self) -> dict[str, str]:
        microseconds = self._all()
        spilled = self._count > self._active
        disk = self._disk() / max(1, self._count - self._active * 9 // 10)
        rng = random.Random(self._count)  # noqa: S311  # to be repeatable, not secret
        numbers = [rng.randrange(self._count) for _ in range(AGAIN)]
        again = self._fold(numbers, "b")
        return {
            "spilling_us": f"{microseconds:.1f}",
            "memory_mb": f"{_resident() / 1e6:,.0f}",
            "disk": f"{disk:,.0f}" if spilled else "-",
            "again_us": f"{again:.1f}",
        }

    def _all(self) -> float:
        return self._fold(range(self._count), "a")

    def _fold(self, numbers: range | list[int], talk: str) -> float:
        """µs of CPU an event."""
        from pipeline.customers.fold import fold

        spent, events = 0.0, 0
        for start in range(0, len(numbers), 1024):
            block = [event for n in numbers[start : start + 1024] for event in self._events(n, talk)]
            begin = time.process_time()
            for event in block:
                state, _ = fold(self._policy, self._store.get(event.customer_id), event)
                self._store[event.customer_id] = state
            self._store.trim()
            spent += time.process_time() - begin
            events += len(block)
        return spent / events * 1e6

    def _events(self, number: int, talk: str) -> Iterator[object]:
        from pipeline.records import ContactEvent, Evidence, TagEvent

        customer, conversation = f"customer-{number:08d}", f"{talk}-{number:08d}"
        at = datetime(2026, 3, 2 + (talk == "b"), tzinfo=UTC) + timedelta(seconds=number % 86_400)
        yield ContactEvent(f"{conversation}/{customer}", customer, conversation, "chat", "agent", True, at)
        for k in range(2):
            tag = self._tags[(number + 7 * k) % len(self._tags)]
            utterance = f"{conversation}-{k:03d}"
            yield TagEvent(
                f"{utterance}/{tag}", customer, conversation, utterance, "chat", tag, "dimension", 0.95, 0, at,
                (Evidence(0, 1, "。", "rule:any"),), ("rule:any@0",),
            )  # fmt: skip

    def _disk(self) -> int:
        """Of the store's temporary database, which has no name to look it up by."""
        file = self._store._file
        if file is None:
            return 0
        pages, size = (file.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size"))
        return int(pages) * int(size)


def _resident() -> int:
    """Bytes of memory right now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
