"""One spelling for what reads the same: width, case, traditional characters, invisible and repeated characters.

Every result maps back to code-point offsets of the original, because evidence quotes the original.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from pipeline.text.mapped import Mapped

if TYPE_CHECKING:
    from opencc import OpenCC

REPEATS_KEPT = 2
"""A run of four or more of one character says no more than two of it (好好好好好 → 好好)."""

_INVISIBLE = (
    "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
)


@lru_cache(maxsize=1)
def traditional_characters() -> str:
    """Characters that OpenCC's t2s changes when they stand alone (package data; a test holds it equal to OpenCC)."""
    return resources.files("pipeline.text").joinpath("traditional.txt").read_text(encoding="utf-8").strip()


@lru_cache(maxsize=1)
def _opencc() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


_invisible = re.compile(f"[{_INVISIBLE}]")
_surrogates = re.compile("[\ud800-\udfff]")
_needs_map = re.compile(f"[{_INVISIBLE}\ud800-\udfff\t\r\u2028\u2029\u3000{traditional_characters()}]|([^0-9])\\1\\1\\1")
_wide = re.compile("[\uff01-\uff5e]")
_to_narrow = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def _narrow(text: str) -> str:
    """Full width → half width; the usual marks first, because a table look-up of every character costs five times more."""
    plain = text.replace("，", ",").replace("？", "?").replace("！", "!").replace("：", ":")
    return plain if _wide.search(plain) is None else plain.translate(_to_narrow)


def normalise(text: str) -> Mapped:
    """NFKC, lower case, simplified characters, no invisible characters, runs of ≥ 4 cut to two, any blank → one space.

    The pause sign … stays one sign (NFKC would make three dots of it). Takes any string; a lone surrogate becomes U+FFFD.
    The result's offsets always fall inside ``text``.
    """
    if _needs_map.search(text) is None:
        plain = _narrow(text) if _wide.search(text) is not None else text
        if unicodedata.is_normalized("NFKC", plain.replace("…", "")):
            plain = plain.lower()
            if len(plain) == len(text):
                return Mapped(plain)
    return _normalise_slowly(text)


def _normalise_slowly(text: str) -> Mapped:
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    simple = _simplify(_surrogates.sub("\ufffd", text))
    for start, end in _clusters(simple):
        cluster = simple[start:end]
        for char in cluster if cluster == "…" else unicodedata.normalize("NFKC", cluster).lower():
            if _invisible.match(char):
                continue
            chars.append(" " if char != "\n" and char.isspace() else char)
            starts.append(start)
            ends.append(end)
    keep = [i for i in range(len(chars)) if not _is_surplus(chars, i)]
    return Mapped("".join(chars[i] for i in keep), [starts[i] for i in keep], [ends[i] for i in keep])


def _simplify(text: str) -> str:
    """Traditional → simplified where that keeps every offset (OpenCC's t2s practically always does)."""
    simple: str = _opencc().convert(text)
    if len(simple) == len(text):
        return simple
    return "".join(c if len(s := _opencc().convert(c)) != 1 else s for c in text)


def _clusters(text: str) -> list[tuple[int, int]]:
    """Base characters with the combining marks behind them: what NFKC may compose."""
    spans: list[tuple[int, int]] = []
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or not (unicodedata.combining(text[i]) or "\u1160" <= text[i] <= "\u11ff"):
            spans.append((start, i))
            start = i
    return spans if text else []


def _is_surplus(chars: list[str], i: int) -> bool:
    """Is character ``i`` the third or a later one in a run of at least four?"""
    char = chars[i]
    if char.isdigit():
        return False
    first = i
    while first > 0 and chars[first - 1] == char and i - first < 4:
        first -= 1
    if i - first < REPEATS_KEPT:
        return False
    last = i
    while last + 1 < len(chars) and chars[last + 1] == char and last - first < 3:
        last += 1
    return last - first >= 3
