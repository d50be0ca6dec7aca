"""States by key, the recently used ones in memory and the rest in a temporary file: memory is bounded by what is active."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    import sqlite3

State = TypeVar("State")


class SpillingStore(Generic[State]):
    """A mapping whose least recently used states move to disk when ``trim`` finds more than ``most`` in memory.

    States may be changed in place until the next ``trim``. The file is SQLite's own temporary database: it has no name
    and goes with the process.
    """

    def __init__(self, kind: type[State], most: int) -> None:
        self._most = most
        self._memory: dict[str, State] = {}
        self._spilled: set[int] = set()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._file: sqlite3.Connection | None = None

    def get(self, key: str) -> State | None:
        memory = self._memory
        state = memory.pop(key, None)
        if state is None:
            if self._file is None or hash(key) not in self._spilled:
                return None
            row = self._file.execute("SELECT state FROM states WHERE key = ?", (_bytes(key),)).fetchone()
            if row is None:
                return None
            state = self._decode(row[0])
        memory[key] = state  # to the end: used last
        return state

    def __setitem__(self, key: str, state: State) -> None:
        self._memory.pop(key, None)
        self._memory[key] = state

    def trim(self) -> None:
        """Moves the least recently used tenth to disk where there are too many in memory."""
        if len(self._memory) <= self._most:
            return
        oldest = [key for key, _ in zip(self._memory, range(len(self._memory) - self._most * 9 // 10), strict=False)]
        self._write(oldest)
        for key in oldest:
            del self._memory[key]

    def _write(self, keys: list[str]) -> None:
        if self._file is None:
            import sqlite3

            self._file = sqlite3.connect("", isolation_level=None)
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("PRAGMA synchronous = OFF")
            self._file.execute("CREATE TABLE states (key BLOB PRIMARY KEY, state BLOB) WITHOUT ROWID")
        self._file.execute("BEGIN")
        rows = ((_bytes(key), self._encode(self._memory[key])) for key in keys)
        self._file.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", rows)
        self._file.execute("COMMIT")
        self._spilled.update(map(hash, keys))

    def values(self) -> Iterator[State]:
        """Every state, in the order of the keys' UTF-8 bytes."""
        if self._file is None:
            for key in sorted(self._memory, key=_bytes):
                yield self._memory[key]
            return
        self._write(list(self._memory))
        for (state,) in self._file.execute("SELECT state FROM states ORDER BY key"):
            yield self._decode(state)


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
