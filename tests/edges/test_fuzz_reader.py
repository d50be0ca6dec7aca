"""Good lines among garbage: each comes out exactly once and in order, each bad one is rejected with its own number.

``benchmarks/fuzz_reader.py`` does the same for as long as one likes, also through pipes and gzip.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from edge_inputs import Reading, disagreements, line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.edges import blocks

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
GOOD = st.builds(
    lambda text, role, customer, extra: line(text=text, role=role, customer_id=customer, **extra),
    TEXTS,
    st.sampled_from(["customer", "agent", "system"]),
    TEXTS.filter(bool),
    st.sampled_from([{}, {"revision": 3}, {"confidence": 0.25}, {"mentions": ["a"]}, {"gold": [], "x": {"y": None}}]),
)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.lists(TEXTS, max_size=2))
FIELDS = st.sampled_from(["utterance_id", "channel", "role", "customer_id", "at", "text", "revision", "confidence", "x"])


def cut(raw: bytes, at: int, drop: int, insert: bytes) -> bytes:
    at %= len(raw)
    return raw[:at] + insert + raw[at + drop :]


def flip(raw: bytes, bit: int) -> bytes:
    at, bit = divmod(bit % (len(raw) * 8), 8)
    return raw[:at] + bytes([raw[at] ^ (1 << bit)]) + raw[at + 1 :]


def odd(field: str, value: Any) -> bytes:
    return line(**{field: value})


BAD = st.one_of(
    st.builds(cut, GOOD, st.integers(0), st.integers(0, 400), st.binary(max_size=6)),
    st.builds(flip, GOOD, st.integers(0)),
    st.builds(odd, FIELDS, VALUES),
    st.binary(max_size=30),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(GOOD, BAD), max_size=12), st.sampled_from([1, 7, 64, 1000]), st.booleans())
def test_every_good_line_is_delivered_once_in_order_and_every_bad_one_rejected_with_its_number(
    raw_lines: list[bytes], chunk: int, ended: bool
) -> None:
    data = b"\n".join([line(), *raw_lines]) + b"\n" * ended
    with tempfile.TemporaryDirectory() as directory, mock.patch.object(blocks, "CHUNK", chunk):
        path = Path(directory) / "in"
        path.write_bytes(data)
        reading = Reading(path)
    assert disagreements(data.split(b"\n"), reading) == []
