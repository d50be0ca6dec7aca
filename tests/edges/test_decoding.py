"""What is an utterance, what is a reject, and what a reject says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from edge_inputs import Reading, kept_bytes, line

from pipeline.edges.rejects import NAMED, Reject, RejectLog


def read(tmp_path: Path, *lines: bytes) -> Reading:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\n".join(lines))
    return Reading(path)


def replaced(old: bytes, new: bytes) -> bytes:
    raw = line()
    assert old in raw
    return raw.replace(old, new)


TEXT = '"我们需要一个老师"'.encode()


@pytest.mark.parametrize(
    ("raw", "field", "error"),
    [
        (b"hello", None, "not JSON"),
        (b'{"utterance_id": "u1', None, "ends too early"),
        (line() + line(), None, "not JSON"),
        (b"null", None, "Expected object, got null"),
        (b"[1]", None, "Expected object, got array"),
        (line(text=...), "text", "missing"),
        (line(at=...), "at", "missing"),
        (line(text=None), "text", "Expected str, got null"),
        (line(mentions=["a", 1]), "mentions[1]", "Expected str, got int"),
        (line(utterance_id=""), "utterance_id", "length >= 1"),
        (line(role="boss"), "role", "use customer, agent or system"),
        (line(channel="fax"), "channel", "use call, chat or group_chat"),
        (line(revision=-1), "revision", ">= 0"),
        (line(revision=1.5), "revision", "got float"),
        (line(revision=True), "revision", "got bool"),
        (line(revision=2**55 + 1), "revision", "larger than"),
        (line(revision=10**30), "revision", "larger than"),
        (replaced(TEXT, b'"","revision":' + b"9" * 5000), "revision", "out of range"),
        (line(confidence=1.5), "confidence", "<= 1"),
        (line(confidence=float("nan")), None, "not JSON"),
        (line(gold=float("inf")), None, "not JSON"),
        (line(at="2026-03-02T10:00:12"), "at", "write RFC 3339 with an offset"),
        (line(at="2026-03-02T25:00:12+08:00"), "at", "Invalid RFC3339"),
        (line(at="2026-13-02T10:00:12+08:00"), "at", "Invalid RFC3339"),
        (line(at="2026-02-29T10:00:12+08:00"), "at", "Invalid RFC3339"),
        (line(at="0000-01-02T10:00:12+08:00"), "at", "Invalid RFC3339"),
        (line(at="0001-01-01T00:00:00+08:00"), "at", "year 1 is outside"),
        (line(at="9999-12-31T23:59:59+08:00"), "at", "year 9999 is outside"),
        (line(at=1772416812), "at", "got int"),
        (line(customer_id=None), "customer_id", "missing"),
        (line(customer_id=""), "customer_id", "missing"),
        (replaced(TEXT, b'"a\\ud800b"'), None, "half of a surrogate pair"),
        (replaced(TEXT, b'"a\\udc00"'), None, "half of a surrogate pair"),
        (replaced(TEXT, b'"","x":"\\ud800"'), None, "half of a surrogate pair"),
        (replaced(TEXT, b'"\xff\xfe"'), None, "not UTF-8 (byte "),
        (replaced(TEXT, b'"","x":"\xff"'), None, "not UTF-8 (byte "),
        (replaced(b'"text"', b'"revi\x91sion":2,"text"'), None, "not UTF-8 (byte "),
        (line().decode().encode("gb18030"), None, "reads as GBK"),
        (replaced(TEXT, b'"a\x00b"'), None, "not JSON: invalid character"),
        (replaced(TEXT, b'"a\tb"'), None, "not JSON: invalid character"),
        (b"\x00" * 9, None, "not JSON"),
        (replaced(TEXT, b'"","x":' + b"[" * 100_000 + b"]" * 100_000), None, "nested too deeply"),
        (b"[" * 100_000, None, "Expected object, got array"),
    ],
)
def test_a_bad_line_is_kept_whole_with_its_number_its_field_and_the_reason(
    tmp_path: Path, raw: bytes, field: str | None, error: str
) -> None:
    good = line(utterance_id="before")
    reading = read(tmp_path, good, raw, line(utterance_id="after"))
    assert [u.utterance_id for u in reading.utterances] == ["before", "after"]
    [reject] = reading.rejects
    assert (reject.line, reject.field) == (2, field)
    assert error in reject.error
    assert kept_bytes(reject) == raw
    assert reject.file.endswith("in.jsonl")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (replaced(TEXT, b'"a\\u0000b"'), "a\0b"),
        (line(text="a\u2028b\x85\x7f\x1b[31m"), "a\u2028b\x85\x7f\x1b[31m"),
        (replaced(TEXT, b'"\\ud83d\\ude42"'), "🙂"),
        (line(text=""), ""),
        (line(text="长" * 350_000), "长" * 350_000),
        (line(gold=["need"], x={"y": [1, {"z": None}]}, n=10**400), "我们需要一个老师"),
        (replaced(TEXT, b'"first","text":"second"'), "second"),
        (line() + b" \r", "我们需要一个老师"),
    ],
)
def test_an_odd_but_valid_line_is_delivered_with_its_text_unchanged(tmp_path: Path, raw: bytes, text: str) -> None:
    reading = read(tmp_path, raw)
    assert not reading.rejects
    assert [u.text for u in reading.utterances] == [text]


@pytest.mark.parametrize("customer_id", [None, "", ...])
def test_staff_may_speak_about_nobody_and_an_empty_customer_is_nobody(tmp_path: Path, customer_id: object) -> None:
    reading = read(tmp_path, line(role="agent", channel="group_chat", customer_id=customer_id))
    assert [u.customer_id for u in reading.utterances] == [None]


def test_a_revision_that_every_reader_can_hold_is_delivered(tmp_path: Path) -> None:
    assert [u.revision for u in read(tmp_path, line(revision=2**55)).utterances] == [2**55]


def test_byte_order_marks_crlf_and_blank_lines_are_no_rejects_but_count_as_lines(tmp_path: Path) -> None:
    bom = b"\xef\xbb\xbf"
    reading = read(tmp_path, bom + line() + b"\r", b"", b" \t\r", bom, bom + line(), b"bad")
    assert len(reading.utterances) == 2
    assert [r.line for r in reading.rejects] == [6]


def test_a_reject_without_a_file_is_named_until_there_are_too_many() -> None:
    said: list[str] = []
    log = RejectLog(None, said.append)
    for n in range(NAMED + 10):
        log.add(Reject("a.jsonl", n, "missing", "text"))
    assert said[0] == "a.jsonl:0: text: missing"
    assert len(said) == NAMED + 1
    assert "--rejects" in said[-1]
    assert log.count == NAMED + 10


def test_a_reject_with_a_file_is_one_json_line_and_says_nothing() -> None:
    said: list[str] = []
    written: list[bytes] = []
    RejectLog(written.append, said.append).add(Reject("a.jsonl", 7, "missing", "text", raw="x\ny"))
    assert written == [b'{"file":"a.jsonl","line":7,"error":"missing","field":"text","raw":"x\\ny"}\n']
    assert msgspec.json.decode(written[0], type=Reject).line == 7
    assert not said
