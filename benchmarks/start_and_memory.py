#!/usr/bin/env python3
"""Start-up, one utterance by itself, memory of a run, and what a customer costs as customers grow in number.

usage: python benchmarks/start_and_memory.py [INPUT.jsonl] [--customers 1000,100000,1000000]
                                             [--rules DIR] [--models DIR]

INPUT: utterances as `convtag tag` reads them; without it, a stream made of the project's training text.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: pipeline.py in it has the package's name

from benchmarks.growing import Customers  # noqa: E402  # found by the path above
from benchmarks.material import built_ins, median, table, write_stream  # noqa: E402
from benchmarks.workers import Worker  # noqa: E402

STARTS, COLD_STARTS = 7, 3
LONE = 60
"""Lone utterances in a live pipe."""
SINGLE = 2000
LIMIT_LONE_MS, LIMIT_SINGLE_US, LIMIT_START_S, LIMIT_PEAK_MB = 50, 100, 0.5, 200


class Run:
    """How ``convtag tag`` is run here: these rules and models, compiled rules kept in a folder of our own."""

    def __init__(self, rules: Path, models: Path, cache: Path) -> None:
        self.command = [sys.executable, "-P", "-m", "pipeline", "tag", "-q"]
        self.command += ["--rules", str(rules), "--models", str(models)]
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": sys.path[0]}

    def live(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own command
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.environment, bufsize=0
        )


def main() -> int:
    rules, models = built_ins()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", nargs="?", type=Path, metavar="INPUT")
    parser.add_argument("--customers", default="1000,100000,1000000", help="numbers to grow to; empty: none")
    parser.add_argument("--rules", type=Path, default=rules)
    parser.add_argument("--models", type=Path, default=models)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stream = asked.input
        if stream is None:
            stream = folder / "stream.jsonl"
            write_stream(stream, asked.models)
        run = Run(asked.rules, asked.models, folder / "cache")
        rows = [["", "measured", "limit"]]
        rows += starts(run, stream)
        rows += cold_starts(asked, folder, stream)
        rows += lone(run, stream)
        rows += singles(asked, folder / "cache", stream)
        rows += peak(run, stream, folder)
        print(table(rows))
    sizes = [int(size) for size in asked.customers.split(",") if size]
    if sizes:
        grow(asked.rules, sizes)
    return 0


def first_event(run: Run, line: bytes) -> float:
    """Seconds from starting the process to its first event, the pipe staying open."""
    begin = time.perf_counter()
    process = run.live()
    assert process.stdin and process.stdout  # noqa: S101  # pipes were asked for
    process.stdin.write(line)
    if not process.stdout.read(1):
        raise SystemExit("convtag tag failed")
    seconds = time.perf_counter() - begin
    process.stdin.close()
    process.stdout.read()
    process.wait()
    return seconds


def starts(run: Run, stream: Path) -> list[list[str]]:
    line = _customers(stream, 1)[0]
    first_event(run, line)  # fills the caches, of the system too
    seconds = [first_event(run, line) for _ in range(STARTS)]
    label = f"process start to first event, warm, median of {STARTS} (lowest to highest)"
    return [[label, f"{median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f})", f"{LIMIT_START_S} s"]]


def cold_starts(asked: argparse.Namespace, folder: Path, stream: Path) -> list[list[str]]:
    line = _customers(stream, 1)[0]
    runs = [Run(asked.rules, asked.models, folder / f"cold-{i}") for i in range(COLD_STARTS)]
    seconds = [first_event(run, line) for run in runs]
    return [[f"    rules not compiled yet, median of {COLD_STARTS}", f"{median(seconds):.2f} s", ""]]


def lone(run: Run, stream: Path) -> list[list[str]]:
    """From writing a line to its first event, with nothing behind it: the time it is held for a block, and its own."""
    process = run.live()
    assert process.stdin and process.stdout  # noqa: S101  # pipes were asked for
    took = []
    for number, line in enumerate(_customers(stream, LONE + 1)):
        utterance = {**json.loads(line), "utterance_id": f"lone-{number}", "conversation_id": f"lone-{number}"}
        begin = time.perf_counter()
        process.stdin.write(json.dumps(utterance).encode() + b"\n")
        process.stdout.readline()  # of a new conversation there is always an event
        took.append((time.perf_counter() - begin) * 1000)
        os.set_blocking(process.stdout.fileno(), False)
        time.sleep(0.02)
        while process.stdout.read(1 << 16):
            pass
        os.set_blocking(process.stdout.fileno(), True)
    process.stdin.close()
    process.wait()
    took = took[1:]  # the first one waited for the start
    return [
        ["a lone utterance in a live pipe to its event, median", f"{median(took):.1f} ms", ""],
        ["    highest", f"{max(took):.1f} ms", f"held {LIMIT_LONE_MS} ms at most"],
    ]


def singles(asked: argparse.Namespace, cache: Path, stream: Path) -> list[list[str]]:
    """In this process: ``Engine.run`` with one utterance, everything from text to events and flags."""
    os.environ["XDG_CACHE_HOME"] = str(cache)
    import msgspec

    from pipeline.engine import Engine
    from pipeline.records import Utterance

    engine = Engine.load(asked.rules, asked.models)
    decode = msgspec.json.Decoder(Utterance).decode
    lines = stream.read_bytes().splitlines()
    step = max(1, len(lines) // (2 * SINGLE))
    utterances = [decode(line) for line in lines[::step]]
    took: list[float] = []
    customers: list[float] = []
    for number, utterance in enumerate(utterances):
        begin = time.perf_counter()
        engine.run([utterance])
        microseconds = (time.perf_counter() - begin) * 1e6
        if number >= len(utterances) - SINGLE:  # the first half warms up
            took.append(microseconds)
            if utterance.role == "customer":
                customers.append(microseconds)
    rows = []
    for label, values, limit in (("customers'", customers, f"{LIMIT_SINGLE_US} µs"), ("all", took, "")):
        p95 = statistics.quantiles(values, n=20)[-1]
        name = f"one utterance by itself in process, {label} ({len(values):,}), median"
        rows.append([name, f"{median(values):.0f} µs", limit])
        rows.append(["    95 of 100 within", f"{p95:.0f} µs", ""])
    return rows


def peak(run: Run, stream: Path, folder: Path) -> list[list[str]]:
    begin = time.perf_counter()
    command = [*run.command, "-o", str(folder / "events.jsonl"), str(stream)]
    pid = os.posix_spawn(sys.executable, command, run.environment)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit("convtag tag failed")
    seconds = time.perf_counter() - begin
    size = stream.stat().st_size / 1e6
    return [
        [f"memory at most, run over {size:.1f} MB", f"{used.ru_maxrss / 1024:.0f} MB", f"{LIMIT_PEAK_MB} MB"],
        ["    the run, start included", f"{seconds:.2f} s", ""],
    ]


def grow(rules: Path, sizes: list[int]) -> None:
    """Customers of two tags and a contact each; all kept in memory, and as a run keeps them."""
    rows: list[list[str]] = [["active customers", *(f"{size:,}" for size in sizes)]]
    labels = {
        "in_memory_us": "all in memory: µs an event",
        "in_memory": "    bytes of memory a customer",
        "spilling_us": "spilling to disk, as a run does: µs an event",
        "memory_mb": "    MB of memory in all",
        "disk": "    bytes on disk a customer, of those spilled",
        "again_us": "    µs an event of a customer heard of before, at random",
    }
    columns: list[dict[str, Any]] = []
    for size in sizes:
        column: dict[str, Any] = {}
        for kept, method in ((True, "in_memory"), (False, "spilling")):
            worker = Worker(Customers, rules, size, kept)
            column |= worker.call(method)
            worker.close()
        columns.append(column)
    for key, label in labels.items():
        rows.append([label, *(column[key] for column in columns)])
    print()
    print(table(rows))


def _customers(stream: Path, count: int) -> list[bytes]:
    found = []
    with stream.open("rb") as file:
        for line in file:
            if json.loads(line)["role"] == "customer":
                found.append(line)
                if len(found) == count:
                    break
    return found


if __name__ == "__main__":
    sys.exit(main())
