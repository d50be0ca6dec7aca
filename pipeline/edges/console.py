"""stderr for people: messages, and a line of progress that gives way to them."""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

_EVERY = 0.2
_PATIENCE = 1.0
"""A run that is over in a second needs no progress."""


def coloured(stream: TextIO | None) -> bool:
    """Colours for a terminal that can show them, unless its owner said no (no-color.org)."""
    return stream is not None and stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


class Console:
    """Says one line at a time. A stderr that is closed or full must never end a run: then it is mute."""

    def __init__(self, quiet: bool, progress_of: int | None) -> None:
        """``progress_of``: bytes to be read in all, None for no progress."""
        self._quiet = quiet
        self._total = progress_of if not quiet and sys.stderr is not None and sys.stderr.isatty() else None
        self._start = self._shown_at = time.monotonic()
        self._shown = False

    def say(self, text: str) -> None:
        if not self._quiet:
            self.insist(text)

    def insist(self, text: str) -> None:
        """For errors: said also when quiet."""
        self.clear()
        write(text + "\n")

    def progress(self, done: int, utterances: int) -> None:
        if self._total is None:
            return
        now = time.monotonic()
        if now - self._start < _PATIENCE or now - self._shown_at < _EVERY:
            return
        self._shown_at = now
        self._shown = True
        write("\r\x1b[K" + progress_line(done, self._total, utterances, now - self._start))

    def clear(self) -> None:
        if self._shown:
            write("\r\x1b[K")
            self._shown = False


def progress_line(done: int, total: int, utterances: int, seconds: float) -> str:
    rate = f"{utterances:,} utterances, {utterances / seconds:,.0f}/s"
    share = min(1.0, done / total) if total else 1.0
    left = seconds * (1 - share) / share if share else 0.0
    filled = round(share * 20)
    return f"[{'#' * filled}{'.' * (20 - filled)}] {share:4.0%}  {rate}, {left:,.0f} s left"


def write(text: str) -> None:
    """To stderr, if there is one: ``print`` would fall back to stdout, among the events."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.stderr = None  # or Python would try again at exit and change the exit code
