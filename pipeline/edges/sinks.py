"""Where the bytes go: straight to the file descriptor, whole lines at a time, so that a file can be followed live."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Sequence
from pathlib import Path

from pipeline.edges.rejects import printable
from pipeline.edges.sources import Source, reason
from pipeline.errors import InputError


class Sink:
    """Nothing stays in a buffer of ours: once ``write`` returns, the system has it, even if we are killed."""

    def __init__(self, path: Path | None) -> None:
        """Without a path: standard output."""
        self.name = "<stdout>" if path is None else printable(str(path))
        self._path = path
        try:
            self._fd = 1 if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        except (OSError, ValueError) as e:
            raise self._error(e) from e

    def _error(self, e: OSError | ValueError) -> InputError:
        return InputError(file=self.name, advice=f"cannot be written: {reason(e) if isinstance(e, OSError) else e}")

    def write(self, data: bytes) -> None:
        """``BrokenPipeError`` passes through: a reader that has enough is no error of the user's."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                select.select([], [self._fd], [])
            except BrokenPipeError:
                raise
            except OSError as e:
                raise self._error(e) from e

    def close(self) -> None:
        if self._path is None:
            return
        try:
            os.close(self._fd)
        except OSError as e:
            raise self._error(e) from e


def check_targets(sources: Sequence[Source], targets: Sequence[tuple[str, Path | None]]) -> None:
    """Refuses, before anything is truncated, to write over an input or two things into one file.

    ``targets``: what asks for it (an option's name) and the path, None for standard output.
    """
    taken: dict[object, str] = {s.identity: "an input" for s in sources if s.identity}
    for asker, path in targets:
        identity = _identity(path)
        if identity in taken:
            name = "<stdout>" if path is None else printable(str(path))
            raise InputError(file=name, advice=f"is {taken[identity]} as well as the output of {asker}; choose another file")
        if identity is not None:
            taken[identity] = f"the output of {asker}"


def _identity(path: Path | None) -> object:
    """What two names of one file share, also where it doesn't exist yet; None where sharing does no harm (devices)."""
    try:
        status = os.fstat(1) if path is None else path.stat()
    except FileNotFoundError:
        return path.resolve() if path else None
    except (OSError, ValueError) as e:
        name = "<stdout>" if path is None else printable(str(path))
        raise InputError(file=name, advice=f"cannot be written: {reason(e) if isinstance(e, OSError) else e}") from e
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
