"""What happens to a line that is no utterance: it is kept word for word with its place and the reason, never lost."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable

import msgspec

NAMED = 5
"""So many rejects are named on stderr when no file takes them: enough to see the pattern, not enough to bury it."""


class Reject(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the rejects file, the bad line in ``raw`` (text), ``raw_base64`` (not UTF-8) or ``raw_start``."""

    file: str
    line: int
    error: str
    field: str | None = None
    raw: str | None = None
    raw_base64: str | None = None
    raw_start: str | None = None
    """The beginning of a line that was too long to hold."""


class RejectLog:
    """Counts rejects, and writes them or, without a file, names the first few."""

    def __init__(self, write: Callable[[bytes], None] | None, name: Callable[[str], None]) -> None:
        self.count = 0
        self._write = write
        self._name = name

    def add(self, reject: Reject) -> None:
        self.count += 1
        if self._write is not None:
            self._write(msgspec.json.encode(reject) + b"\n")
        elif self.count <= NAMED:
            place = f"{reject.file}:{reject.line}: "
            self._name(place + (f"{reject.field}: " if reject.field else "") + reject.error)
        elif self.count == NAMED + 1:
            self._name("more rejects are only counted; --rejects FILE keeps all of them")


def printable(name: str) -> str:
    """A file name as text: names that aren't UTF-8 reach Python as lone surrogates, which no output could hold."""
    return os.fsencode(name).decode("utf-8", "replace")


def kept(line: bytes) -> dict[str, str]:
    """The fields of a ``Reject`` that keep the line so that not a byte changes."""
    try:
        return {"raw": line.decode()}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(line).decode()}
