"""However the bytes arrive, the same lines come out, and none is held that is too long."""

from __future__ import annotations

import time
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.edges.lines import LineSplitter, Overlong


def split(chunks: list[bytes], limit: int = 1 << 20) -> list[bytes]:
    splitter = LineSplitter(limit)
    return [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.end()


@given(st.binary(max_size=60).map(lambda b: b.replace(b"a", b"\n")), st.lists(st.integers(0, 60), max_size=6))
def test_lines_do_not_depend_on_where_the_reads_cut(data: bytes, cuts: list[int]) -> None:
    borders = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(borders)]
    whole = data.split(b"\n")
    assert split(chunks) == (whole if whole[-1] else whole[:-1])


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("length", [10, 11, 50])
def test_only_a_line_over_the_limit_is_skipped_and_the_next_one_is_whole(size: int, length: int) -> None:
    data = b"x" * length + b"\nnext\n"
    first, second = split([data[i : i + size] for i in range(0, len(data), size)], limit=10)
    assert isinstance(first, Overlong) == (length > 10)
    if isinstance(first, Overlong):
        assert b"x" * length == first.start[:length].ljust(length, b"x")
        assert first == b""
    assert second == b"next"


def test_a_last_line_over_the_limit_is_skipped_too() -> None:
    [only] = split([b"x" * 11], limit=10)
    assert isinstance(only, Overlong)


def test_a_skipped_line_is_not_held_however_long_it_is() -> None:
    splitter = LineSplitter(1 << 16)
    tracemalloc.start()
    try:
        for _ in range(5_000):
            splitter.feed(bytes(4096))
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 18
    assert held < 1 << 15


def test_a_long_line_in_small_reads_costs_linear_time() -> None:
    splitter, chunk = LineSplitter(), b"x" * 1000
    start = time.perf_counter()
    for _ in range(16_000):
        splitter.feed(chunk)
    [line] = splitter.feed(b"\n")
    assert len(line) == 16_000_000
    assert time.perf_counter() - start < 2  # joined at every read it would take a minute
