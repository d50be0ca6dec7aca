"""Is a hit asserted? Cues before, after or around it decide, as in ConText: cue, direction, reach, terminator.

Which words are cues is data (``rules/scope/``). A cue inside one of the phrase's own parts is the phrase's, not a cue.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from pipeline.matching.finding import FoundCue

_ORDER = ("quoted", "reported", "denied", "supposed", "asked")
"""Which verdict is told where several hold."""
_SENTENCE_ENDS = frozenset("。!?\n")


class Scope:
    """The cues of one text, made ready to judge any number of hits in it.

    Only words count as cues, and words cost a segmentation, so ``is_word_start`` is asked last.
    """

    __slots__ = ("_borders", "_cues", "_ends", "_is_word_start", "_shades", "_text")

    def __init__(
        self, text: str, borders: Sequence[int], found: Sequence[FoundCue], is_word_start: Callable[[int], bool]
    ) -> None:
        self._text = text
        self._borders = borders
        self._is_word_start = is_word_start
        self._shades = [c for c in found if c[2].verdict == "nothing"]
        self._cues = [c for c in found if c[2].verdict not in ("nothing", "ends")]
        self._ends = [c for c in found if c[2].verdict == "ends"]

    def judge(self, parts: Sequence[tuple[int, int]], ignores: frozenset[str]) -> tuple[str, str | None]:
        """The verdict on a hit with these part spans, and the cue that decided (``("kept", None)`` without one)."""
        start, end = parts[0][0], parts[-1][1]
        reaching = [
            c
            for c in self._cues
            if c[2].verdict not in ignores and not _inside(c, parts) and self._reaches(c, start, end) and self._speaks(c)
        ]
        if not reaching:
            return "kept", None
        reaching = [c for c in reaching if not any(_covers(longer, c) for longer in reaching)]
        for verdict in _ORDER:
            cues = [c for c in reaching if c[2].verdict == verdict]
            if cues and (verdict != "denied" or self._denied(cues[-1])):
                return verdict, cues[-1][2].text
        return "kept", None

    def _speaks(self, cue: FoundCue) -> bool:
        """Is it a word, and not part of a look-alike (不 in 不过)?"""
        return self._is_word_start(cue[0]) and not any(
            _covers(shade, cue) and self._is_word_start(shade[0]) for shade in self._shades
        )

    def _denied(self, nearest: FoundCue) -> bool:
        """An even chain of negators cancels out (不是不需要)."""
        count = 1
        inner = nearest
        for cue in reversed([c for c in self._cues if c[2].verdict == "denied" and c[1] <= inner[0]]):
            if cue[1] <= inner[0] and self._reaches(cue, inner[0], inner[1]) and self._speaks(cue):
                count += 1
                inner = cue
        return count % 2 == 1

    def _reaches(self, cue: FoundCue, start: int, end: int) -> bool:
        cue_start, cue_end, source = cue
        side = source.side
        if cue_start < start or (side == "before" and cue_end <= end):  # left of it, or in a gap of it
            if side == "after" or cue_end >= end:
                return False
            return max(0, start - cue_end) <= source.reach and self._connected(cue_end, start, source.sentence)
        if side == "before":
            return False
        return max(0, cue_start - end) <= source.reach and self._connected(end, cue_start, source.sentence)

    def _connected(self, left: int, right: int, sentence: bool) -> bool:
        """No clause border (for a far-reaching cue: no sentence end) and no terminator between the two offsets."""
        if left >= right:
            return True
        between = self._text[left:right]
        if not between.strip():  # a recogniser's pause
            return True
        if sentence:
            if not _SENTENCE_ENDS.isdisjoint(between):
                return False
        else:
            i = bisect_right(self._borders, left)
            if i < len(self._borders) and self._borders[i] <= right:
                return False
        return not any(left <= e[0] and e[1] <= right and self._speaks(e) for e in self._ends)


def _covers(longer: FoundCue, cue: FoundCue) -> bool:
    """Inside a longer cue or look-alike (不 in 不过) a cue doesn't speak."""
    return longer[0] <= cue[0] and cue[1] <= longer[1] and longer[1] - longer[0] > cue[1] - cue[0]


def _inside(cue: FoundCue, parts: Sequence[tuple[int, int]]) -> bool:
    return any(s <= cue[0] and cue[1] <= e for s, e in parts)
