"""Chunks of bytes → whole lines, without ever holding a line that is too long."""

from __future__ import annotations

MAX_LINE = 16 << 20
_SHOWN = 200


class Overlong(bytes):
    """Stands for a line that was skipped. It is empty, so it can never be taken for an utterance."""

    start: bytes

    @classmethod
    def of(cls, start: bytes) -> Overlong:
        line = cls()
        line.start = start[:_SHOWN]
        return line


class LineSplitter:
    """Feed it chunks; it gives the lines that are complete. Only ``\\n`` ends a line: JSON text holds U+2028 as it is.

    The parts of an unfinished line are joined once, when it ends: a long line in small reads stays linear.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping: bytes | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if lines:
            if self._size:
                self._hold(lines[0])
                lines[0] = self._release()
            elif len(lines[0]) > self._limit:
                lines[0] = Overlong.of(lines[0])
        if rest:
            self._hold(rest)
        return lines

    def end(self) -> list[bytes]:
        """The last line of a source that doesn't end with a line break."""
        return [self._release()] if self._size else []

    def _hold(self, part: bytes) -> None:
        self._size += len(part)
        if self._skipping is None:
            self._parts.append(part)
            if self._size > self._limit:
                self._skipping = b"".join(self._parts)[:_SHOWN]
                self._parts.clear()

    def _release(self) -> bytes:
        line = b"".join(self._parts) if self._skipping is None else Overlong.of(self._skipping)
        self._parts.clear()
        self._size = 0
        self._skipping = None
        return line
