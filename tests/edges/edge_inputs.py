"""Lines to read, a way to read them, and an oracle that judges a line without the code under test."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline.edges.blocks import BlockReader
from pipeline.edges.rejects import Reject, RejectLog
from pipeline.edges.sources import Source
from pipeline.edges.stopping import Stop
from pipeline.records import Utterance

BASE: dict[str, Any] = {
    "utterance_id": "call-01-003",
    "conversation_id": "call-01",
    "channel": "call",
    "speaker_id": "c1",
    "role": "customer",
    "customer_id": "c1",
    "at": "2026-03-02T10:00:12+08:00",
    "text": "我们需要一个老师",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?[0-5]\d)", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


def line(**changes: Any) -> bytes:
    """One utterance as a line without its end; a field changed to ``...`` is left out."""
    fields = {k: v for k, v in {**BASE, **changes}.items() if v is not ...}
    return json.dumps(fields, ensure_ascii=False).encode()


class Reading:
    """What came of reading some files: utterances, the sizes of their blocks, rejects, failures."""

    def __init__(self, *files: Path | str | Source) -> None:
        self.rejects: list[Reject] = []
        log = RejectLog(lambda raw: self.rejects.append(msgspec.json.decode(raw, type=Reject)), lambda _: None)
        self.utterances: list[Utterance] = []
        self.blocks: list[int] = []
        with Stop() as stop:
            reader = BlockReader([f if isinstance(f, Source) else Source(str(f)) for f in files], log, stop)
            for block in reader.blocks():
                self.blocks.append(len(block))
                self.utterances += block
        self.failures = [str(f) for f in reader.failures]


class Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, with keys that are given twice."""


def judge(raw: bytes) -> dict[str, Any] | None:
    """The fields of a valid utterance, or None; by the standard library and the contract alone."""
    try:
        text = raw.removeprefix(b"\xef\xbb\xbf").decode()
        pairs = json.loads(text, parse_constant=_refuse, object_pairs_hook=Pairs)
        if not isinstance(pairs, Pairs) or _SURROGATE.search(json.dumps(pairs, ensure_ascii=False)):
            return None
    except (ValueError, RecursionError):
        return None
    fields = dict(pairs)  # of a key given twice the last value counts, but each has to be of its type
    fits = fields.keys() >= _REQUIRED and all(_TYPES[k](v) for k, v in pairs if k in _TYPES)
    return fields if fits and _is_carried(fields) else None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_optional(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_carried(fields: dict[str, Any]) -> bool:
    """What is asked beyond types: whose utterance a customer's is, and numbers and times that can be held."""
    year = datetime.fromisoformat(fields["at"].replace(" ", "T").upper()).year
    has_customer = fields["role"] != "customer" or bool(fields.get("customer_id"))
    return has_customer and fields.get("revision", 0) <= 2**55 and 2 <= year <= 9998


def _is_time(at: Any) -> bool:
    if not isinstance(at, str) or not _TIME.fullmatch(at):
        return False
    try:
        datetime.fromisoformat(at.replace(" ", "T").upper())
    except ValueError:
        return False
    return True


_TYPES: dict[str, Callable[[Any], bool]] = {
    "utterance_id": _is_name,
    "conversation_id": _is_name,
    "speaker_id": _is_name,
    "channel": lambda v: v in ("call", "chat", "group_chat"),
    "role": lambda v: v in ("customer", "agent", "system"),
    "at": _is_time,
    "text": _is_text,
    "customer_id": _is_optional,
    "revision": lambda v: type(v) is int and v >= 0,
    "confidence": lambda v: v is None or (type(v) in (int, float) and 0 <= v <= 1),
    "reply_to": _is_optional,
    "mentions": lambda v: v is None or (isinstance(v, list) and all(map(_is_text, v))),
}
_REQUIRED = {"utterance_id", "conversation_id", "channel", "speaker_id", "role", "at", "text"}


def kept_bytes(reject: Reject) -> bytes:
    return base64.b64decode(reject.raw_base64 or "") if reject.raw is None else reject.raw.encode()


def disagreements(raw_lines: Iterable[bytes], reading: Reading) -> list[str]:
    """Where a reading of ``raw_lines`` (one source) and the oracle differ; nowhere if each came out once, in order."""
    rejects = {r.line: r for r in reading.rejects}
    delivered = iter(reading.utterances)
    wrong = [] if len(rejects) == len(reading.rejects) else ["a line number was rejected twice"]
    for number, raw in enumerate(raw_lines, 1):
        expected = judge(raw)
        reject = rejects.pop(number, None)
        if expected is None:
            blank = not raw.removeprefix(b"\xef\xbb\xbf").strip()
            if (reject is None) != blank:
                wrong.append(f"line {number} should {'be skipped' if blank else 'be rejected'}: {raw!r}")
            if reject is not None and kept_bytes(reject) != raw:
                wrong.append(f"line {number} was kept as {reject}: {raw!r}")
            continue
        if reject is not None:
            wrong.append(f"line {number} should be delivered, not {reject.error}: {raw!r}")
            continue
        u = next(delivered, None)
        if u is None or (u.utterance_id, u.text, u.role) != (
            expected["utterance_id"],
            expected["text"],
            expected["role"],
        ):
            wrong.append(f"line {number} came out as {u}: {raw!r}")
    wrong += [f"line {n} was rejected but doesn't exist" for n in rejects]
    wrong += [f"delivered from nowhere: {u}" for u in delivered]
    return wrong
