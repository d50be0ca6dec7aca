"""stderr for people: progress only where it helps, and never a reason to fail."""

from __future__ import annotations

import io
import sys
import time

import pytest

from pipeline.edges.console import Console, progress_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return clock


def ran(stream: io.StringIO, now: list[float], monkeypatch: pytest.MonkeyPatch, quiet: bool = False) -> str:
    """What a run of three seconds says, block after block, with one message in its middle."""
    monkeypatch.setattr(sys, "stderr", stream)
    said = Console(quiet, progress_of=300)
    for step in range(300):
        now[0] = step / 100
        said.progress(step, step * 10)
        if step == 250:
            said.say("a.jsonl:7: missing")
    said.clear()
    return stream.getvalue()


def test_progress_is_for_long_runs_on_a_terminal_and_gives_way_to_messages(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = ran(Terminal(), now, monkeypatch)
    assert 9 <= out.count("utterances, 1,000/s") <= 11, "from the second second on, five times a second"
    assert "\r\x1b[Ka.jsonl:7: missing\n\r\x1b[K[" in out
    assert out.endswith("\r\x1b[K")


def test_there_is_no_progress_off_a_terminal_nor_when_quiet(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    assert ran(io.StringIO(), now, monkeypatch) == "a.jsonl:7: missing\n"
    assert ran(Terminal(), now, monkeypatch, quiet=True) == ""


def test_progress_tells_share_rate_and_time_left() -> None:
    assert progress_line(25, 100, 5000, 10.0) == "[#####...............]  25%  5,000 utterances, 500/s, 30 s left"
    assert "100%" in progress_line(120, 100, 1, 1.0)
