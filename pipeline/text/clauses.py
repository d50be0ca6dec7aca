"""Where one clause ends and the next begins, in writing and in speech without punctuation."""

from __future__ import annotations

import re

_marks = re.compile("[,。!?;、…~\n—:.\\s]+")
_always = frozenset(",。!?;、…~\n—")


def clause_borders(text: str) -> list[int]:
    """Offsets at which clauses of the normalised ``text`` end, ascending, each behind its marks; the last is its length.

    A blank beside a Chinese character is how recognisers and hurried typists write a pause, so it is a border; blanks
    between Latin words, the point of 3.5 and the colon of a link are not.
    """
    borders = []
    length = len(text)
    for match in _marks.finditer(text):
        start, end = match.span()
        if end < length and _always.isdisjoint(match[0]):
            before, after = text[start - 1] if start else " ", text[end]
            if before.isascii() and after.isascii() and (":" not in match[0] or after == "/"):
                continue
        borders.append(end)
    if not borders or borders[-1] != length:
        borders.append(length)
    return borders
