"""Fingerprints that survive small changes.

A text's pairs of neighbouring letters set bits of one 63-bit number, so two texts are compared by counting bits.
Digits, punctuation, blanks and emoji are left out: they are what a spammer varies.
"""

from __future__ import annotations

import re
from zlib import crc32

_VARIED = re.compile("[\\W\\d_]+")
_LETTERS = 32
"""Only so many are read: more would set nearly all bits."""
_BITS = 63
_TO_BIT = bytes(i % _BITS for i in range(256))
_BIT = tuple(1 << i for i in range(_BITS))


def text_print(text: str, least: int) -> int:
    """0 for no text. Negative, and for equality only, where fewer than ``least`` letters are left: 收到 or 🌹🌹🌹 is
    nobody's text, but can flood a group."""
    letters = _VARIED.sub("", text)
    if len(letters) < least:
        return -crc32((letters or text).encode("utf-8", "replace"))
    # Whole numbers and tables stand in for a loop over the letters: this runs for every message.
    low = letters[:_LETTERS].encode("utf-16-le", "replace")[::2]
    whole = int.from_bytes(low, "little")
    pairs = (whole ^ whole >> 7).to_bytes(len(low), "little")
    return sum(map(_BIT.__getitem__, set(pairs.translate(_TO_BIT))))


def alike(one: int, other: int, likeness: float) -> bool:
    return one == other or (one & other).bit_count() >= likeness * (one | other).bit_count()
