"""Where the bytes come from: files, pipes, standard input, plain or gzip."""

from __future__ import annotations

import os
import stat
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from pipeline.edges.rejects import printable
from pipeline.errors import InputError

CHUNK = 256 << 10
INFLATED = 1 << 20
"""A gzip chunk is unpacked in pieces of this size: a file made to explode can't fill the memory."""

_GZIP = b"\x1f\x8b"
_UNREADABLE = {
    b"\xff\xfe": "UTF-16 text: convert it with iconv -f utf-16 -t utf-8",
    b"\xfe\xff": "UTF-16 text: convert it with iconv -f utf-16 -t utf-8",
    b"PK\x03\x04": "a zip archive or spreadsheet: unpack it or export it as JSON lines",
    b"(\xb5/\xfd": "zstd data: unpack it first",
    b"\xfd7zX": "xz data: unpack it first",
}


class Source:
    """One input. ``live`` ones (pipes, terminals, sockets) may keep a reader waiting; files never do."""

    def __init__(self, name: str) -> None:
        self.path = None if name == "-" else Path(name)
        self.name = "<stdin>" if self.path is None else printable(name)
        status = self._status()
        self.live = not stat.S_ISREG(status.st_mode)
        self.size = None if self.live else status.st_size
        self.identity = (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None

    def _status(self) -> os.stat_result:
        """Fails now, before anything is written, for whatever could not be read later."""
        try:
            if self.path is None:
                if sys.stdin is None:
                    raise InputError(file=self.name, advice="standard input is closed")
                return os.fstat(0)
            status = self.path.stat()
            if stat.S_ISDIR(status.st_mode):
                raise InputError(file=self.name, advice="is a directory; name the files in it")
            if stat.S_ISREG(status.st_mode):
                with self.path.open("rb") as f:
                    check_start(f.read(8), self.name)
            elif not os.access(self.path, os.R_OK) or stat.S_ISSOCK(status.st_mode):
                raise InputError(file=self.name, advice="cannot be read")
        except OSError as e:
            raise InputError(file=self.name, advice=reason(e)) from e
        except ValueError as e:  # a NUL in the name
            raise InputError(file=self.name, advice=str(e)) from e
        return status

    def open(self) -> int:
        if self.path is None:
            return 0
        at_once = os.O_NONBLOCK if self.live and sys.platform == "linux" else 0  # a FIFO would wait, deaf to signals
        return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | at_once)

    def close(self, fd: int) -> None:
        if self.path is not None:
            os.close(fd)


def check_start(head: bytes, name: str) -> bool:
    """Whether ``head`` is the start of something to read; False while it is too short to tell."""
    for magic, advice in _UNREADABLE.items():
        if head.startswith(magic):
            raise InputError(file=name, found=advice.split(":", maxsplit=1)[0], advice=advice.split(": ", 1)[1])
    return not any(m.startswith(head) and m != head for m in (_GZIP, *_UNREADABLE))


class Unpacker:
    """Passes plain bytes on, unpacks gzip (known by its first bytes, whatever the name), also of several members."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._named_gzip = name.endswith(".gz")
        self._head: bytes | None = b""
        self._gzip: zlib._Decompress | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if self._head is not None:
            self._head += chunk
            if not check_start(self._head, self._name):
                return
            chunk, self._head = self._head, None
            if chunk.startswith(_GZIP):
                self._gzip = zlib.decompressobj(wbits=31)
        if self._gzip is None:
            yield chunk
            return
        yield from self._inflate(chunk)

    def _inflate(self, chunk: bytes) -> Iterator[bytes]:
        assert self._gzip is not None  # noqa: S101  # feed made it
        while True:
            if self._gzip.eof:
                chunk = chunk.lstrip(b"\0")  # tapes pad
                if not chunk:
                    return
                self._gzip = zlib.decompressobj(wbits=31)
            before = self._gzip.copy()
            try:
                piece = self._gzip.decompress(chunk, INFLATED)
            except zlib.error as e:
                yield from _until_damage(before, chunk)
                raise InputError(file=self._name, advice=f"damaged gzip ({e}); all before the damage was read") from e
            if piece:
                yield piece
            chunk = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail
            if not chunk and len(piece) < INFLATED:
                return

    def end(self) -> Iterator[bytes]:
        cut = self._head is not None and self._named_gzip and _GZIP.startswith(self._head)
        if self._head and not cut:
            yield self._head
        if cut or (self._gzip is not None and not self._gzip.eof):
            raise InputError(file=self._name, advice="gzip data ends too early; all that is there was read")


def _until_damage(gzip: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    """zlib gives nothing of a call that fails: so byte by byte, up to the one that does."""
    for at in range(len(chunk)):
        byte = chunk[at : at + 1]
        while byte:
            try:
                piece = gzip.decompress(byte, INFLATED)
            except zlib.error:
                return
            if piece:
                yield piece
            byte = gzip.unconsumed_tail


def reason(error: OSError) -> str:
    """The system's words without number and name: ``No such file or directory``."""
    return error.strerror or type(error).__name__
