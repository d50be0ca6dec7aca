"""Full blocks from a fast source, quick ones from a slow source, and the order of the input whatever happens."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_inputs import Reading, line

from pipeline.edges import blocks
from pipeline.edges.blocks import BLOCK, WAIT, BlockReader
from pipeline.edges.rejects import RejectLog
from pipeline.edges.sources import Source
from pipeline.edges.stopping import Stop

SLACK = 0.1
"""What a busy machine may add to a wait."""


def numbered(count: int, **changes: object) -> list[bytes]:
    return [line(utterance_id=f"u{i}", **changes) for i in range(count)]


class Live:
    """A FIFO that a test writes to while a reader works; ``blocks`` has what arrived and when."""

    def __init__(self, tmp_path: Path, stop: Stop, *before: Source, work: float = 0.0) -> None:
        path = tmp_path / "fifo"
        os.mkfifo(path)
        self.stop = stop
        self.rejects = RejectLog(None, lambda _: None)
        self.reader = BlockReader([*before, Source(str(path))], self.rejects, stop)
        self.blocks: list[tuple[float, list[str]]] = []
        self.thread = threading.Thread(target=self._read, args=(work,))
        self.thread.start()
        self.out = path.open("wb", buffering=0)

    def _read(self, work: float) -> None:
        for block in self.reader.blocks():
            self.blocks.append((time.monotonic(), [u.utterance_id for u in block]))
            time.sleep(work)

    def end(self) -> list[str]:
        self.out.close()
        self.thread.join(5)
        assert not self.thread.is_alive()
        return [i for _, ids in self.blocks for i in ids]


@pytest.fixture
def stop() -> Iterator[Stop]:
    with Stop() as s:
        yield s


def test_a_file_comes_in_full_blocks_in_order(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\n".join(numbered(2 * BLOCK + 5)))
    reading = Reading(tmp_path / "a")
    assert reading.blocks == [BLOCK, BLOCK, 5]
    assert [u.utterance_id for u in reading.utterances] == [f"u{i}" for i in range(2 * BLOCK + 5)]


def test_blocks_fill_across_files_and_every_file_counts_its_own_lines(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"\n".join([*numbered(10), b"bad"]))
    reading = Reading(tmp_path / "a", tmp_path / "b")
    assert reading.blocks == [20]
    assert [(Path(r.file).name, r.line) for r in reading.rejects] == [("a", 11), ("b", 11)]


def test_long_texts_are_handed_over_before_they_fill_the_memory(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\n".join(numbered(40, text="长" * 333_000)))
    assert max(Reading(tmp_path / "a").blocks) <= blocks.BLOCK_BYTES // 999_000 + 1


def test_a_lone_utterance_waits_no_longer_than_its_bound(tmp_path: Path, stop: Stop) -> None:
    live = Live(tmp_path, stop)
    sent = []
    for raw in numbered(3):
        sent.append(time.monotonic())
        live.out.write(raw + b"\n")
        time.sleep(3 * WAIT)
    assert len(live.blocks) == 3, "each came alone, while the source was still open"
    assert live.end() == ["u0", "u1", "u2"]
    for before, (after, _) in zip(sent, live.blocks, strict=True):
        assert after - before < WAIT + SLACK


def test_the_bound_holds_also_while_more_keeps_coming(tmp_path: Path, stop: Stop) -> None:
    live = Live(tmp_path, stop)
    start = time.monotonic()
    for raw in numbered(60):
        live.out.write(raw + b"\n")
        time.sleep(WAIT / 10)
    seconds = time.monotonic() - start
    assert live.end() == [f"u{i}" for i in range(60)]
    assert len(live.blocks) >= seconds / (WAIT + SLACK) - 1
    assert live.blocks[0][0] - start < WAIT + SLACK


def test_the_bound_holds_also_where_there_is_always_something_to_read(stop: Stop, monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.monotonic()
    given = iter([*numbered(1), b"\n"])

    def read(_fd: int, _size: int) -> bytes:
        time.sleep(0.001)
        return next(given, b"x" * 100) if time.monotonic() - start < 10 * WAIT else b""

    monkeypatch.setattr(os, "read", read)
    reader = BlockReader([Source("/dev/zero")], RejectLog(None, lambda _: None), stop)
    next(reader.blocks())
    assert time.monotonic() - start < WAIT + SLACK


def test_a_source_that_may_wait_does_not_hold_back_the_file_before_it(
    tmp_path: Path, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"\n".join(numbered(3)))
    monkeypatch.setattr(blocks, "WAIT", 60.0)
    live = Live(tmp_path, stop, Source(str(tmp_path / "a")))
    time.sleep(SLACK)
    assert [ids for _, ids in live.blocks] == [["u0", "u1", "u2"]], "at once, whatever the bound"
    assert live.end() == ["u0", "u1", "u2"]


def test_a_line_over_16_mib_is_rejected_with_its_beginning_and_the_next_one_is_delivered(tmp_path: Path) -> None:
    start = line(text="长" * 100)
    (tmp_path / "a").write_bytes(b"\n".join([line(), start + b" " * (16 << 20), line(utterance_id="next")]))
    reading = Reading(tmp_path / "a")
    assert [u.utterance_id for u in reading.utterances] == ["call-01-003", "next"]
    [reject] = reading.rejects
    assert (reject.line, reject.error) == (2, "line longer than 16 MiB")
    assert reject.raw_start
    assert start.decode().startswith(reject.raw_start[:100])


def test_an_unfinished_line_does_not_hold_back_the_finished_ones(tmp_path: Path, stop: Stop) -> None:
    live = Live(tmp_path, stop)
    first, second = numbered(2)
    live.out.write(first + b"\n" + second[:50])
    time.sleep(WAIT + SLACK)
    assert [ids for _, ids in live.blocks] == [["u0"]]
    live.out.write(second[50:])
    assert live.end() == ["u0", "u1"]


def test_a_pipe_that_is_ahead_of_the_engine_comes_in_full_blocks(tmp_path: Path, stop: Stop) -> None:
    live = Live(tmp_path, stop, work=2 * WAIT)
    live.out.write(b"\n".join(numbered(4 * BLOCK)) + b"\n")
    assert live.end() == [f"u{i}" for i in range(4 * BLOCK)]
    assert [len(ids) for _, ids in live.blocks] == [BLOCK] * 4


def test_what_was_read_is_delivered_when_a_stop_is_asked_for_and_half_a_line_is_no_reject(
    tmp_path: Path, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "WAIT", 60.0)
    live = Live(tmp_path, stop)
    first, second = numbered(2)
    live.out.write(first + b"\n" + second[:50])
    time.sleep(SLACK)
    assert live.blocks == []
    os.kill(os.getpid(), signal.SIGTERM)
    live.thread.join(1)
    assert [ids for _, ids in live.blocks] == [["u0"]]
    assert stop.signal == signal.SIGTERM
    assert live.rejects.count == 0
    live.out.close()


def test_after_the_run_signals_do_what_they_did_before() -> None:
    def mine(*_: object) -> None: ...

    found = {number: signal.signal(number, mine) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Stop() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.signal == signal.SIGINT
        assert [signal.getsignal(number) for number in found] == [mine, mine]
    finally:
        for number, handler in found.items():
            signal.signal(number, handler)
