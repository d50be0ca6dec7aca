"""Lines of all sources → blocks of utterances for the engine: full ones from a fast source, quick ones from a slow one.

One thread, large reads, no hand-off per line. Two bounds hold: a block has at most ``BLOCK`` utterances, and none of
them waits longer than ``WAIT`` seconds for the block to fill (not counting while the engine works on an earlier one).
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator, Sequence

from pipeline.edges.decoding import LineDecoder
from pipeline.edges.lines import LineSplitter
from pipeline.edges.rejects import RejectLog
from pipeline.edges.sources import CHUNK, Source, Unpacker, reason
from pipeline.edges.stopping import Stop
from pipeline.errors import InputError
from pipeline.records import Utterance

BLOCK = 1024
WAIT = 0.05
BLOCK_BYTES = 4 << 20
"""A block of long texts is handed over early: memory is bounded by bytes, not only by the number of lines."""


class BlockReader:
    """Reads one source after the other. One that fails on the way is noted in ``failures``; the rest goes on."""

    def __init__(self, sources: Sequence[Source], rejects: RejectLog, stop: Stop) -> None:
        self._sources = sources
        self._decoder = LineDecoder(rejects.add)
        self._stop = stop
        self._pending: list[Utterance] = []
        self._held = 0
        self._oldest = 0.0
        self.bytes_read = 0
        self.failures: list[InputError] = []

    def blocks(self) -> Iterator[list[Utterance]]:
        for source in self._sources:
            if self._stop.signal:
                break
            if source.live:
                yield from self._rest()  # even opening it may wait
            try:
                fd = source.open()
            except OSError as e:
                self.failures.append(InputError(file=source.name, advice=reason(e)))
                continue
            try:
                yield from self._read(source, fd)
            finally:
                source.close(fd)
        yield from self._rest()

    def _read(self, source: Source, fd: int) -> Iterator[list[Utterance]]:
        unpacker, splitter = Unpacker(source.name), LineSplitter()
        number = 0
        try:
            for chunk in self._chunks(source, fd):
                if chunk is None:
                    yield from self._rest()
                    continue
                for piece in unpacker.feed(chunk):
                    number += self._decode(splitter.feed(piece), source, number, len(piece))
                    yield from self._full()
                if source.live and self._pending and time.monotonic() >= self._oldest + WAIT:
                    yield from self._rest()
            if not self._stop.signal:  # else it didn't end: half a line is not a bad line
                for piece in unpacker.end():
                    number += self._decode(splitter.feed(piece), source, number, len(piece))
        except InputError as e:
            self.failures.append(e)
        except OSError as e:
            self.failures.append(InputError(file=source.name, advice=reason(e)))
        if not self._stop.signal:
            self._decode(splitter.end(), source, number, 0)
        yield from self._full()

    def _chunks(self, source: Source, fd: int) -> Iterator[bytes | None]:
        """``None``: nothing came before the oldest utterance had waited its time."""
        while not self._stop.signal:
            if source.live:
                left = max(0.0, self._oldest + WAIT - time.monotonic()) if self._pending else None
                ready = select.select([fd, self._stop.fd], [], [], left)[0]
                if fd not in ready:
                    yield None
                    continue
            try:
                chunk = os.read(fd, CHUNK)
            except BlockingIOError:
                continue
            if not chunk:
                return
            self.bytes_read += len(chunk)
            yield chunk

    def _decode(self, lines: list[bytes], source: Source, number: int, size: int) -> int:
        if not self._pending:
            self._oldest = time.monotonic()
        self._held += size
        self._decoder.decode(lines, source.name, number, self._pending)
        return len(lines)

    def _full(self) -> Iterator[list[Utterance]]:
        while len(self._pending) >= BLOCK:
            block, self._pending = self._pending[:BLOCK], self._pending[BLOCK:]
            self._held = 0
            yield block
            self._oldest = time.monotonic()
        if self._held >= BLOCK_BYTES:
            yield from self._rest()

    def _rest(self) -> Iterator[list[Utterance]]:
        self._held = 0
        if self._pending:
            block, self._pending = self._pending, []
            yield block
