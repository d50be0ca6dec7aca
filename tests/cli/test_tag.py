"""``convtag tag`` as a process: what goes in, what comes out, where it says so, and with which exit code.

Most tests put the few lines of ``fake_engine.py`` in the engine's place; what goes wrong before an engine is needed is
tried on ``python -m pipeline`` itself.
"""

from __future__ import annotations

import gzip
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.records import Event, Profile, TagEvent

ROOT = Path(__file__).parents[2]
FAKE = [sys.executable, str(Path(__file__).with_name("fake_engine.py"))]
REAL = [sys.executable, "-m", "pipeline"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def line(number: int = 1, text: str = "我们需要一个老师", **changes: Any) -> str:
    fields = {
        "utterance_id": f"u{number}",
        "conversation_id": "call-01",
        "channel": "call",
        "speaker_id": "c1",
        "role": "customer",
        "customer_id": "c1",
        "at": "2026-03-02T10:00:12+08:00",
        "text": text,
    }
    return json.dumps({**fields, **changes}, ensure_ascii=False) + "\n"


class Done:
    def __init__(self, process: subprocess.Popen[bytes], given: bytes | None) -> None:
        out, err = process.communicate(given, timeout=30)
        self.code, self.out, self.err = process.returncode, (out or b"").decode(), (err or b"").decode()
        assert "Traceback" not in self.err

    @property
    def tagged(self) -> list[str]:
        """Utterance ids of the tag events, in the order they came out."""
        events = [json.loads(raw) for raw in self.out.splitlines()]
        return [e["utterance_id"] for e in events if e["event"] == "tag"]


def start(*args: object, command: Sequence[str] = FAKE, **streams: Any) -> subprocess.Popen[bytes]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(  # noqa: S603  # our own command
        [*command, "tag", *map(str, args)], env=ENVIRONMENT, cwd=ROOT, **{**pipes, **streams}
    )


def convtag(*args: object, given: str | bytes | None = None, **streams: Any) -> Done:
    return Done(start(*args, **streams), given.encode() if isinstance(given, str) else given)


def refused(*args: object, **streams: Any) -> str:
    """The one line that the real command says before it needs an engine, having written nothing to stdout."""
    done = convtag(*args, command=REAL, **streams)
    assert (done.code, done.out) == (2, "")
    [said] = done.err.splitlines()
    return said.removeprefix("convtag: error: ")


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.jsonl"
    path.write_text("".join(line(n) for n in range(3)), encoding="utf-8")
    return path


def test_files_and_standard_input_come_out_in_the_order_they_were_named(tmp_path: Path, calls: Path) -> None:
    (tmp_path / "b.gz").write_bytes(gzip.compress(line(7).encode()))
    done = convtag(calls, "-", tmp_path / "b.gz", given=line(5))
    assert done.code == 0
    assert done.tagged == ["u0", "u1", "u2", "u5", "u7"]
    assert convtag(given=line(5)).tagged == ["u5"]


def test_events_are_compact_utf8_json_lines_of_the_contract(calls: Path) -> None:
    done = convtag(calls)
    first = done.out.splitlines()[0]
    assert '"text":"需要"' in first
    events = [msgspec.json.decode(raw, type=Event) for raw in done.out.splitlines()]
    assert [type(e).__name__ for e in events] == ["TagEvent", "TagEvent", "FlagEvent", "TagEvent"]
    assert isinstance(events[0], TagEvent)
    assert events[0].evidence[0].start == 2


def test_the_summary_counts_what_happened_and_quiet_says_nothing(calls: Path) -> None:
    err = convtag(calls, "-", given="bad\n").err
    assert "3 utterances, 1 rejects, " in err
    assert "utterances/s" in err
    assert "3  need 明确需求\n" in err
    assert "flag high_motivation 高意向: 1 raised, 0 cleared\n" in err
    assert convtag("-q", calls, "-", given="bad\n").err == ""


def test_rejects_are_kept_with_their_line_and_are_no_failure(tmp_path: Path, calls: Path) -> None:
    calls.write_bytes(calls.read_bytes() + b"bad\n\n" + b"\xff\n" + line(9, at="now").encode())
    done = convtag(calls, "--rejects", tmp_path / "r")
    assert done.code == 0
    rejects = [json.loads(raw) for raw in (tmp_path / "r").read_text(encoding="utf-8").splitlines()]
    assert [(r["file"], r["line"]) for r in rejects] == [(str(calls), n) for n in (4, 6, 7)]
    assert rejects[0]["raw"] == "bad"
    assert rejects[1]["raw_base64"] == "/w=="
    assert rejects[2]["field"] == "at"
    assert "calls.jsonl:" not in done.err
    assert f"{calls}:4: not JSON" in convtag(calls).err


def test_asked_for_files_are_there_also_when_nothing_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    done = convtag(*[tmp_path / "empty", "-o", tmp_path / "o", "--rejects", tmp_path / "r", "--profiles", tmp_path / "p"])
    assert (done.code, done.out) == (0, "")
    assert [(tmp_path / n).read_bytes() for n in "orp"] == [b"", b"", b""]
    assert "0 utterances, 0 rejects" in done.err


def test_profiles_are_written_at_the_end_one_a_line(tmp_path: Path) -> None:
    given = line(1, customer_id="b") + line(2, customer_id="a")
    assert convtag("--profiles", tmp_path / "p", given=given).code == 0
    profiles = [msgspec.json.decode(raw, type=Profile) for raw in (tmp_path / "p").read_bytes().splitlines()]
    assert [p.customer_id for p in profiles] == ["a", "b"]


def test_events_come_out_while_the_source_is_still_open() -> None:
    process = start("-q", "-")
    assert process.stdin and process.stdout
    for number in range(3):
        process.stdin.write(line(number, customer_id=f"c{number}").encode())
        process.stdin.flush()
        assert select.select([process.stdout], [], [], 5)[0], "nothing came while the source was open"
        assert f'"u{number}"' in process.stdout.readline().decode()
    assert Done(process, None).code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_after_what_was_read_is_delivered(tmp_path: Path, number: int, code: int) -> None:
    process = start("-", "-o", tmp_path / "o", "--profiles", tmp_path / "p")
    assert process.stdin
    process.stdin.write((line(1) + line(2, "慢") + line(3)).encode())
    process.stdin.flush()
    deadline = time.monotonic() + 5
    while not (tmp_path / "o").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.15)  # now the engine is at work
    process.send_signal(number)
    done = Done(process, None)
    assert done.code == code
    written = (tmp_path / "o").read_text(encoding="utf-8")
    assert written.endswith("}\n")
    assert [json.loads(raw).get("utterance_id") for raw in written.splitlines()] == ["u1", "u3", None]
    assert (tmp_path / "p").read_text(encoding="utf-8").count("\n") == 1
    assert "3 utterances" in done.err


def test_a_reader_that_has_enough_ends_the_run_quietly_with_141(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ENVIRONMENT, "PYTHONUNBUFFERED", raising=False)  # it would hide what is left in buffers
    given = "".join(line(n) for n in range(5000)).encode()
    reader, writer = os.pipe()
    os.close(reader)
    for option in ([], ["--view"], ["--help"]):
        done = convtag("-", *option, given=given, stdout=writer)
        assert (done.code, done.err) == (141, "")
    os.close(writer)


def test_a_full_disk_is_named_whatever_is_written_there(tmp_path: Path, calls: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        assert "<stdout>: cannot be written: No space left" in convtag(calls, stdout=full).err
    for option, given in [("-o", line()), ("--rejects", "bad"), ("--profiles", line())]:
        done = convtag(option, "/dev/full", given=given)
        assert done.code == 2
        assert done.err.splitlines()[-1] == "convtag: error: /dev/full: cannot be written: No space left on device"


def test_a_stderr_that_is_full_changes_nothing(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ENVIRONMENT, "PYTHONUNBUFFERED", raising=False)  # it would hide what is left in buffers
    with Path("/dev/full").open("wb") as full:
        done = convtag(calls, "-", given="bad\n", stderr=full)
        assert (done.code, done.tagged) == (0, ["u0", "u1", "u2"])
        assert convtag("none", command=REAL, stderr=full).code == 2


def test_of_a_cut_gzip_what_is_there_is_delivered_then_the_file_is_named(tmp_path: Path, calls: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(calls.read_bytes())[:-4])
    done = convtag(tmp_path / "a.gz", calls)
    assert done.code == 2
    assert done.tagged == ["u0", "u1", "u2"] * 2
    assert done.err.splitlines()[-1].startswith(f"convtag: error: {tmp_path}/a.gz: gzip data ends too early")


def test_unusable_inputs_are_named_before_any_output_is_touched(tmp_path: Path, calls: Path) -> None:
    out = tmp_path / "out"
    out.write_text("precious", encoding="utf-8")
    (tmp_path / "utf16").write_bytes("x".encode("utf-16"))
    assert refused(calls, tmp_path / "none", "-o", out) == f"{tmp_path}/none: No such file or directory"
    assert refused(calls, tmp_path, "-o", out) == f"{tmp_path}: is a directory; name the files in it"
    assert "utf-16" in refused(tmp_path / "utf16", "-o", out)
    assert refused("two\nlines", "-o", out) == "two lines: No such file or directory"
    assert out.read_text(encoding="utf-8") == "precious"


def test_an_output_over_an_input_or_another_output_is_refused(tmp_path: Path, calls: Path) -> None:
    before = calls.read_bytes()
    assert "is an input" in refused(calls, "-o", calls)
    assert "is an input" in refused(calls, "--rejects", calls)
    with calls.open("ab") as appended:
        assert "is an input" in refused(calls, stdout=appended)
    with calls.open("rb") as stdin:
        assert "is an input" in refused("-o", calls, stdin=stdin)
    assert "is the output of -o" in refused(calls, "-o", tmp_path / "x", "--profiles", tmp_path / "x")
    assert calls.read_bytes() == before


def test_unusable_arguments_are_one_line_and_exit_2() -> None:
    assert refused("--nonsense") == "unrecognized arguments: --nonsense (see convtag --help)"
    assert refused("-o") == "argument -o/--output: expected one argument (see convtag tag --help)"


def test_files_may_stand_on_both_sides_of_an_option(tmp_path: Path, calls: Path) -> None:
    done = convtag(calls, "-o", tmp_path / "o", "-", given=line(9))
    assert done.code == 0
    assert '"u9"' in (tmp_path / "o").read_text(encoding="utf-8").splitlines()[-1]


@pytest.mark.parametrize("closed", ["0", "1", "2"])
def test_closed_standard_streams_are_an_error_or_silence_never_a_mix(tmp_path: Path, calls: Path, closed: str) -> None:
    inputs = [] if closed == "0" else [str(calls)]
    shell = ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *FAKE]
    done = convtag(*inputs, "--rejects", tmp_path / "r", command=shell)
    assert done.code == (0 if closed == "2" else 2)
    assert done.tagged == (["u0", "u1", "u2"] if closed == "2" else [])
    assert len(done.err.splitlines()) == (0 if closed == "2" else 1)


def on_a_terminal(*args: object, command: Sequence[str] = FAKE, terminal: Sequence[str] = ("stdout",)) -> tuple[int, str]:
    """Exit code and what a terminal got."""
    ours, theirs = pty.openpty()
    process = start(*args, command=command, **dict.fromkeys(terminal, theirs))
    os.close(theirs)
    got = b""
    try:
        while chunk := os.read(ours, 65536):
            got += chunk
    except OSError:  # Linux says EIO when the other side is closed
        pass
    os.close(ours)
    return Done(process, None).code, got.decode()


def test_on_a_terminal_without_files_it_helps_instead_of_waiting() -> None:
    code, said = on_a_terminal(command=REAL, terminal=("stdin", "stderr"))
    assert code == 2
    assert "usage: convtag tag" in said
    assert "example" in said


def test_colours_are_for_terminals_only(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ENVIRONMENT, "NO_COLOR", raising=False)
    monkeypatch.setitem(ENVIRONMENT, "TERM", "xterm")
    assert "\x1b[1;33m需要\x1b[0m" in on_a_terminal(calls, "--view")[1]
    piped = convtag(calls, "--view")
    assert "我们【需要】一个老师  ‹明确需求 need›" in piped.out
    assert "\x1b" not in piped.out + piped.err
    monkeypatch.setitem(ENVIRONMENT, "NO_COLOR", "1")
    assert "【需要】" in on_a_terminal(calls, "--view")[1]


def test_view_takes_standard_output_and_events_still_go_where_they_are_asked(tmp_path: Path, calls: Path) -> None:
    done = convtag(calls, "--view", "-o", tmp_path / "o")
    assert "▲ 升起 高意向" in done.out
    assert "因为: 需要（明确需求 need）；需要（明确需求 need）" in done.out
    assert (tmp_path / "o").read_text(encoding="utf-8") == convtag(calls).out


def test_help_has_an_example_and_imports_no_engine() -> None:
    script = "import sys; from pipeline.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    for args in (["--help"], ["tag", "--help"]):
        done = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-c", script, *args],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        assert "example" in done.stdout
        assert "exit codes" in done.stdout
        loaded = set(done.stderr.split())
        assert not loaded & {"msgspec", "numpy", "rich", "yaml", "pipeline.engine"}


def test_the_real_engine_runs_behind_the_same_command(calls: Path) -> None:
    done = convtag(calls, command=REAL)
    assert done.code == 0
    events = [msgspec.json.decode(raw, type=Event) for raw in done.out.splitlines()]
    tags = [e for e in events if isinstance(e, TagEvent)]
    assert {e.tag for e in tags} >= {"need"}
    assert all("我们需要一个老师"[v.start : v.end] == v.text for e in tags for v in e.evidence)
