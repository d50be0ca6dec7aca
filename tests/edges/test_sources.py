"""Plain or gzip, whole or cut: all that can be read is read, and what can't is named before anything happens."""

from __future__ import annotations

import gzip
import os
import socket
import tracemalloc
from pathlib import Path

import pytest
from edge_inputs import Reading, line

from pipeline.edges.sources import INFLATED, Source, Unpacker
from pipeline.errors import InputError

LINES = [line(utterance_id=f"u{i}", text=f"第{i}句，我们需要一个老师{i * 7919}") for i in range(3000)]
DATA = b"\n".join(LINES) + b"\n"
IDS = [f"u{i}" for i in range(3000)]


def ids(reading: Reading) -> list[str]:
    return [u.utterance_id for u in reading.utterances]


@pytest.mark.parametrize("name", ["a.gz", "a.jsonl"])
def test_gzip_is_known_by_its_first_bytes_whatever_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(DATA))
    assert ids(Reading(tmp_path / name)) == IDS


def test_plain_text_is_read_also_under_a_gzip_name(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(DATA)
    assert ids(Reading(tmp_path / "a.jsonl.gz")) == IDS


def test_gzip_of_several_members_with_padding_is_read_to_its_end(tmp_path: Path) -> None:
    middle = len(DATA) // 2
    packed = gzip.compress(DATA[:middle]) + gzip.compress(b"") + gzip.compress(DATA[middle:]) + bytes(512)
    (tmp_path / "a").write_bytes(packed)
    reading = Reading(tmp_path / "a")
    assert ids(reading) == IDS
    assert not reading.failures


@pytest.mark.parametrize("left", [0, 1, 5, 10, 2000, -9, -1])
def test_of_a_cut_gzip_all_that_is_there_is_read_and_the_file_is_named(tmp_path: Path, left: int) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(DATA)[:left])
    (tmp_path / "b.jsonl").write_bytes(line(utterance_id="other"))
    reading = Reading(tmp_path / "a.gz", tmp_path / "b.jsonl")
    *first, last = ids(reading)
    assert first == IDS[: len(first)]
    assert len(first) >= {2000: 100, -9: 3000, -1: 3000}.get(left, 0)
    assert last == "other"
    assert len(reading.failures) == 1
    assert "a.gz: gzip data ends too early" in reading.failures[0]


def test_of_a_damaged_gzip_all_before_the_damage_is_read_and_the_file_is_named(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(DATA))
    packed[-6] ^= 1  # the checksum
    (tmp_path / "a.gz").write_bytes(packed)
    reading = Reading(tmp_path / "a.gz")
    assert ids(reading) == IDS
    assert "a.gz: damaged gzip" in reading.failures[0]


def test_of_a_gzip_damaged_in_its_middle_the_lines_up_to_there_are_read(tmp_path: Path) -> None:
    packed = gzip.compress(DATA, 1)
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2] + bytes(2000) + packed[len(packed) // 2 + 2000 :])
    reading = Reading(tmp_path / "a.gz")
    assert 1000 < len(ids(reading)) < 3000
    assert ids(reading)[:1000] == IDS[:1000]
    assert "a.gz: damaged gzip" in reading.failures[0]


def test_a_gzip_made_to_explode_is_unpacked_piece_by_piece() -> None:
    packed = gzip.compress(bytes(64 << 20))
    tracemalloc.start()
    try:
        sizes = [len(piece) for piece in Unpacker("a.gz").feed(packed)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= INFLATED
    assert peak < 4 * INFLATED


@pytest.mark.parametrize(
    ("head", "said"),
    [("x".encode("utf-16"), "iconv -f utf-16"), (b"PK\x03\x04....", "unpack"), (b"\xfd7zXZ\0", "unpack")],
)
def test_files_that_can_hold_no_json_lines_are_refused_at_once(tmp_path: Path, head: bytes, said: str) -> None:
    (tmp_path / "a").write_bytes(head)
    with pytest.raises(InputError, match=said):
        Source(str(tmp_path / "a"))


def test_missing_unreadable_and_directory_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as s:  # a permission wouldn't stop root, who runs many a test
        s.bind(str(tmp_path / "socket"))
        for name, said in [("none", "No such file"), ("socket", "cannot be read"), ("", "is a directory")]:
            with pytest.raises(InputError, match=said):
                Source(str(tmp_path / name))


def test_an_empty_file_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    reading = Reading(tmp_path / "a.jsonl")
    assert (reading.utterances, reading.rejects, reading.failures) == ([], [], [])


def test_a_file_that_vanishes_after_the_check_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(line(utterance_id=name))
    sources = [Source(str(tmp_path / name)) for name in ("a", "b")]
    (tmp_path / "a").unlink()
    reading = Reading(*sources)
    assert ids(reading) == ["b"]
    assert "a: No such file" in reading.failures[0]


def test_a_name_that_is_not_utf8_is_named_in_text_that_any_output_can_hold(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jsonl")
    Path(path).write_bytes(b"bad")
    [reject] = Reading(path).rejects
    assert reject.file.endswith("/\ufffd.jsonl")
