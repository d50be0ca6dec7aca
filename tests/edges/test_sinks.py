"""What is written is written whole, and never over something that is still needed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pipeline.edges.sinks import Sink, check_targets
from pipeline.edges.sources import Source
from pipeline.errors import InputError


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "in").write_bytes(b"")
    return Source(str(tmp_path / "in"))


def test_an_output_that_is_an_input_is_refused_under_any_of_its_names(tmp_path: Path, source: Source) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "in")
    (tmp_path / "hard").hardlink_to(tmp_path / "in")
    for name in ("in", "link", "hard", f"../{tmp_path.name}/in"):
        with pytest.raises(InputError, match="is an input as well as the output of -o"):
            check_targets([source], [("-o", tmp_path / name)])


def test_two_outputs_into_one_file_are_refused_also_if_it_is_yet_to_be_made(tmp_path: Path, source: Source) -> None:
    (tmp_path / "old").write_bytes(b"")
    for name in ("old", "new"):
        with pytest.raises(InputError, match="the output of -o as well as the output of --rejects"):
            check_targets([source], [("-o", tmp_path / name), ("--rejects", tmp_path / "." / name)])


def test_devices_may_be_shared(source: Source) -> None:
    check_targets([source], [("-o", Path("/dev/null")), ("--rejects", Path("/dev/null"))])


def test_a_check_leaves_every_file_as_it_was(tmp_path: Path, source: Source) -> None:
    (tmp_path / "old").write_bytes(b"precious")
    check_targets([source], [("-o", tmp_path / "old"), ("--rejects", tmp_path / "new")])
    assert (tmp_path / "old").read_bytes() == b"precious"
    assert not (tmp_path / "new").exists()


def test_a_written_line_is_there_at_once_for_whoever_follows_the_file(tmp_path: Path) -> None:
    sink = Sink(tmp_path / "out")
    sink.write(b"one\n")
    assert (tmp_path / "out").read_bytes() == b"one\n"
    sink.close()


def test_a_slow_reader_gets_every_byte_also_of_a_pipe_that_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append((tmp_path / "fifo").read_bytes()))
    thread.start()
    sink = Sink(tmp_path / "fifo")
    os.set_blocking(sink._fd, False)
    data = os.urandom(1 << 20)
    sink.write(data)
    sink.close()
    thread.join(5)
    assert got == [data]


def test_a_full_disk_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    full = Sink(Path("/dev/full"))
    with pytest.raises(InputError, match=r"/dev/full: cannot be written: No space left"):
        full.write(b"x")
    full.close()
    with pytest.raises(InputError, match=r"none/out: cannot be written: No such file"):
        Sink(tmp_path / "none" / "out")
