"""Numbers however written (五千, 5k, 5000, 3000到5000) fold into one sign, so that one phrase finds them all."""

from __future__ import annotations

import re
from bisect import bisect_left

from pipeline.text.mapped import Mapped

NUMBER = "\ue000"
"""Stands for a number in texts and phrases; a private-use character no input keeps (see ``fold_numbers``)."""
CONTACT = "\ue001"
"""Stands for a phone number, a QQ or group number, a link or a mail address."""
SHOWN = {NUMBER: "<num>", CONTACT: "<contact>"}

_DIGITS = "0-9"
_ONES = "一二两三四五六七八九几"
_NUMERAL = (
    f"(?:[{_DIGITS}][{_DIGITS},]*(?:\\.[{_DIGITS}]+)?(?:[十百千万亿]+|[kw](?![a-z0-9]))?"
    f"|[{_ONES}十][零{_ONES}十百千万亿]*[十百千万亿](?:[{_ONES}](?![{_ONES}个下起样些点直天定]))?|十[一二三四五六七八九]|数[百千万]+)"
)
_NUMBER = f"{_NUMERAL}(?:[-~—至到]+{_NUMERAL})?[几来多]?"
_CONTACT = (
    "(?:https?://|www\\.)[^\\s\u4e00-\u9fff,。!]+|[a-z0-9._%+-]+@[a-z0-9-]+(?:\\.[a-z0-9-]+)+"
    "|\\[(?:号码|链接|网址|电话|手机|微信|qq|url|邮箱)x?\\]|(?<![0-9])[0-9]{3,4}-[0-9]{7,8}(?![0-9])|[0-9*]{8,}"
)
_foldable = re.compile(f"({_CONTACT})|{_NUMBER}")
_numeral_starts = re.compile(f"[{_DIGITS}{_ONES}十数]")
_private = re.compile("[\ue000-\uf8ff]")


def fold_numbers(text: str, literal: frozenset[str] = frozenset()) -> Mapped:
    """``text`` with each number as ``NUMBER`` and each contact as ``CONTACT``.

    ``literal`` names digit strings that phrases spell out (12315, 315) and that therefore stay. Private-use characters
    of the input become blanks first, so that nobody can type a sign of ours.
    """
    if _private.search(text) is not None:
        text = _private.sub(" ", text)
    if _numeral_starts.search(text) is None and not (
        "[" in text or "://" in text or "www." in text or ("@" in text and "." in text)
    ):
        return Mapped(text)  # nothing can match, found out four times as fast
    parts: list[str] = []
    cuts: list[tuple[int, int, int]] = []
    done = position = 0
    for match in _foldable.finditer(text):
        if match[0] in literal:
            continue
        start, end = match.span()
        parts += (text[done:start], CONTACT if match[1] else NUMBER)
        position += start - done
        cuts.append((position, start, end))
        position += 1
        done = end
    if not cuts:
        return Mapped(text)
    parts.append(text[done:])
    return Folded("".join(parts), cuts)


class Folded(Mapped):
    """A text in which single signs stand for stretches of the source; spans are worked out only when asked for."""

    __slots__ = ("_cuts",)

    def __init__(self, text: str, cuts: list[tuple[int, int, int]]) -> None:
        """``cuts``: offset of a sign, and the stretch ``[start, end)`` of the source that it stands for; ascending."""
        super().__init__(text)
        self._cuts = cuts

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        return self._source(start)[0], self._source(end - 1)[1]

    def _source(self, offset: int) -> tuple[int, int]:
        i = bisect_left(self._cuts, (offset + 1,)) - 1
        if i < 0:
            return offset, offset + 1
        sign, start, end = self._cuts[i]
        if sign == offset:
            return start, end
        return offset - sign - 1 + end, offset - sign + end
