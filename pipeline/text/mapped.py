"""A derived text that remembers where each of its characters came from."""

from __future__ import annotations

from collections.abc import Sequence


class Mapped:
    """A text derived from another, with the way back to code-point offsets of the text it was derived from.

    ``starts[i]``/``ends[i]`` bound what character ``i`` was made from; ``None`` means the identity (the common case,
    for which no arrays are built).
    """

    __slots__ = ("ends", "starts", "text")

    def __init__(self, text: str, starts: Sequence[int] | None = None, ends: Sequence[int] | None = None) -> None:
        self.text = text
        self.starts = starts
        self.ends = ends

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the source text behind ``[start, end)`` of this one (``start < end``)."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]
