"""Bytes of one line → a checked utterance, or the reason why it is none.

Decoding is msgspec's; what it lets through but the rest of the pipeline could not carry is checked here, so that
nothing behind this file has to expect it. A key given twice counts with its last value, as in nearly every JSON reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from pipeline.edges.lines import Overlong
from pipeline.edges.rejects import Reject, kept
from pipeline.records import Utterance

BOM = b"\xef\xbb\xbf"
MAX_REVISION = 2**55
FIRST_YEAR, LAST_YEAR = 2, 9998
"""Every window and conversion to UTC around such a time is still a time; around years 1 and 9999 it need not be."""

_PLACE = re.compile(r"^(.*) - at `\$\.?(.*)`$", re.DOTALL)
_TRUNCATED = "Input data was truncated"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_MISSING = re.compile(r"^Object missing required field `(.*)`$")
_ADVICE = {
    "at": "write RFC 3339 with an offset, e.g. 2026-03-02T10:00:12+08:00",
    "channel": "use call, chat or group_chat",
    "role": "use customer, agent or system",
}
_FAILURES = (msgspec.MsgspecError, ValueError, RecursionError)


class LineDecoder:
    """Decodes lines into a list; whatever is no utterance goes to ``reject`` with file and line number."""

    def __init__(self, reject: Callable[[Reject], None]) -> None:
        self._reject = reject
        self._decode = msgspec.json.Decoder(Utterance).decode

    def decode(self, lines: list[bytes], file: str, number: int, into: list[Utterance]) -> None:
        """``number`` is that of the line before the first of ``lines``."""
        decode, append = self._decode if _is_utf8(b"\n".join(lines)) else self._strictly, into.append
        for line in lines:
            number += 1
            try:
                u = decode(line)
            except _FAILURES as error:
                found = self._second_try(line, error, file, number)
                if found is None:
                    continue
                u = found
            if not u.customer_id or u.revision > MAX_REVISION or not FIRST_YEAR <= u.at.year <= LAST_YEAR:
                settled = self._settle(u, line, file, number)
                if settled is None:
                    continue
                u = settled
            append(u)

    def _strictly(self, line: bytes) -> Utterance:
        """msgspec doesn't look at the bytes of unknown keys and values: a damaged ``revision`` would pass for one."""
        line.decode()
        return self._decode(line)

    def _second_try(self, line: bytes, error: Exception, file: str, number: int) -> Utterance | None:
        """Joined files (``cat a b``) carry a byte order mark on a line in the middle; blank lines are no rejects."""
        if isinstance(line, Overlong):
            start = line.start.decode("utf-8", "replace")
            self._reject(Reject(file, number, "line longer than 16 MiB", raw_start=start))
            return None
        if line.startswith(BOM):
            line = line[len(BOM) :]
            try:
                return self._strictly(line)
            except _FAILURES as again:
                error = again
        if line.strip():
            message, field = explain(error, line)
            self._reject(Reject(file, number, message, field, **kept(line)))
        return None

    def _settle(self, u: Utterance, line: bytes, file: str, number: int) -> Utterance | None:
        """Well typed, but can the pipeline carry it? Staff in a group speak about nobody: that is no fault."""
        fault = None
        if u.revision > MAX_REVISION:
            fault = ("revision", f"larger than {MAX_REVISION}")
        elif not FIRST_YEAR <= u.at.year <= LAST_YEAR:
            fault = ("at", f"year {u.at.year} is outside {FIRST_YEAR} to {LAST_YEAR}")
        elif u.role == "customer" and not u.customer_id:
            fault = ("customer_id", "missing: a customer's utterance needs to say whose it is")
        if fault is not None:
            self._reject(Reject(file, number, fault[1], fault[0], **kept(line)))
            return None
        return u if u.customer_id or u.customer_id is None else msgspec.structs.replace(u, customer_id=None)


def explain(error: Exception, line: bytes) -> tuple[str, str | None]:
    """What is wrong, in words for whoever made the file, and the field if there is one."""
    if isinstance(error, RecursionError):
        return "nested too deeply", None
    try:
        line.decode()
    except UnicodeDecodeError as wrong:
        return f"not UTF-8 (byte {wrong.start}){_encoding_hint(line)}", None
    text, field = str(error), None
    if missing := _MISSING.match(text):
        return "missing", missing[1]
    if place := _PLACE.match(text):
        text, field = place[1], place[2] or None
    if "surrogate" in text or (text == _TRUNCATED and _SURROGATE.search(line)):
        text = "half of a surrogate pair (\\ud800 to \\udfff) is no character"
    elif text == _TRUNCATED:
        text = "not JSON: it ends too early"
    text = text.replace("JSON is malformed", "not JSON").replace("`", "")
    advice = _ADVICE.get(field or "")
    return (f"{text}: {advice}" if advice else text), field


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _encoding_hint(line: bytes) -> str:
    """GBK is what Chinese spreadsheets export unless asked."""
    try:
        text = line.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    common = sum("\u4e00" <= c <= "\u9fff" for c in text)
    return "; it reads as GBK: convert with iconv -f gb18030 -t utf-8" if common >= 2 else ""
