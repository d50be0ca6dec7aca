"""Numbers however written (五千, 5k, 5000, 3000到5000) fold into one sign, so that one phrase finds them all."""

from __future__ import annotations

import re

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
_private = re.compile("[\ue000-\uf8ff]")


def fold_numbers(text: str, literal: frozenset[str] = frozenset()) -> Mapped:
    """``text`` with each number as ``NUMBER`` and each contact as ``CONTACT``.

    ``literal`` names digit strings that phrases spell out (12315, 315) and that therefore stay. Private-use characters
    of the input become blanks first, so that nobody can type a sign of ours.
    """
    if _private.search(text) is not None:
        text = _private.sub(" ", text)
    match = _foldable.search(text)
    if match is None:
        return Mapped(text)
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    while match is not None:
        start, end = match.span()
        if match[0] in literal:
            match = _foldable.search(text, end)
            continue
        parts.append(text[done:start])
        starts.extend(range(done, start))
        ends.extend(range(done + 1, start + 1))
        parts.append(CONTACT if match[1] else NUMBER)
        starts.append(start)
        ends.append(end)
        done = end
        match = _foldable.search(text, end)
    parts.append(text[done:])
    starts.extend(range(done, len(text)))
    ends.extend(range(done + 1, len(text) + 1))
    return Mapped("".join(parts), starts, ends)
