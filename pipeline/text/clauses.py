"""Where one clause ends and the next begins, in writing and in speech without punctuation."""

from __future__ import annotations

import re

_border = re.compile("[,。!?;、…~\n]+|:(?!//)|(?<![a-z0-9])\\s+|\\s+(?![a-z0-9])|—+|(?<=[\u4e00-\u9fff])\\.+(?![0-9])")


def clause_borders(text: str) -> list[int]:
    """Offsets at which clauses of the normalised ``text`` end, ascending, each behind its punctuation; last: its length.

    A blank between Chinese characters is how recognisers and hurried typists write a pause, so it counts as a border.
    """
    borders = [m.end() for m in _border.finditer(text)]
    if not borders or borders[-1] != len(text):
        borders.append(len(text))
    return borders
