#!/usr/bin/env python3
"""Fuzz the reader: good lines mixed with broken ones, through files, pipes and gzip, cut into reads of random sizes.

Claim: every good line is delivered exactly once and in order, every bad one is rejected with its own line number, and
nothing crashes. Each line is judged by an oracle that shares no code with the reader (tests/edges/edge_inputs.py).

usage: python benchmarks/fuzz_reader.py [LINES] [SEED]        exit 1 at the first disagreement
"""

from __future__ import annotations

import gzip
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "edges")]

from edge_inputs import Reading, disagreements, line  # noqa: E402  # found by the path above

ROUND = 2_000
TEXTS = ["我们需要一个老师", "嗯", "", "预算5000🙂", "a\u2028b\x85c", 'quo"te\\', "tab\tnul\x00", "长" * 400]
EXTRAS: list[dict[str, Any]] = [
    {},
    {"gold": ["need"]},
    {"revision": 2},
    {"confidence": 0.5},
    {"mentions": ["a"]},
    {"x": {"y": 1}},
]
ODD = ["NaN", "-1", "1e999", "true", "null", "[]", '"\\ud800"', '"\\ud83d\\ude00"', "9" * 30, "[" * 3000, '"x"', "0.5"]
FIELDS = [b'"text"', b'"at"', b'"role"', b'"revision"', b'"confidence"', b'"mentions"', b'"customer_id"', b'"gold"']


def good(rng: random.Random, number: int) -> bytes:
    extra = rng.choice(EXTRAS)
    staff = {"role": "agent", "customer_id": None} if rng.random() < 0.3 else {}
    raw = line(utterance_id=f"u{number}", text=rng.choice(TEXTS), **extra, **staff)
    return raw + rng.choice([b"", b"", b"", b"\r", b" "])


def mutated(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw))
    blank = [b"", b"  ", b"\r", b"\xef\xbb\xbf" + raw, b"null", b"[]", raw + raw, b"\x00" * 5]
    odd = b"," + rng.choice(FIELDS) + b":" + rng.choice(ODD).encode() + b"}"
    ways = [
        raw[:at],
        raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :],
        raw[:at] + rng.randbytes(rng.randrange(1, 9)) + raw[at:],
        raw[:at] + raw[at + rng.randrange(1, 20) :],
        rng.randbytes(rng.randrange(0, 60)),
        raw.replace(rng.choice(FIELDS), rng.choice(FIELDS), 1),
        raw[: raw.rindex(b"}")] + odd,
        rng.choice(blank),
    ]
    return rng.choice(ways)


def read(rng: random.Random, data: bytes, directory: Path) -> tuple[str, Reading]:
    """Through one of three ways; what a way does with the bytes must not matter."""
    way = rng.choice(["file", "pipe", "gzip"])
    path = directory / way
    if way == "pipe":
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        writer = threading.Thread(target=_feed, args=(path, data, rng.choice([7, 300, 5_000, 100_000]), rng.random()))
        writer.start()
        reading = Reading(path)
        writer.join()
        return way, reading
    if way == "gzip":
        cut = rng.randrange(len(data) + 1)
        data = gzip.compress(data[:cut], 1) + gzip.compress(data[cut:], 1)
    path.write_bytes(data)
    return way, Reading(path)


def _feed(path: Path, data: bytes, size: int, seed: float) -> None:
    rng = random.Random(seed)  # noqa: S311  # to be repeatable, not secret
    at = 0
    with path.open("wb", buffering=0) as f:
        while at < len(data):
            step = rng.randrange(1, size + 1) if len(data) - at < 20_000 or size > 100 else 20_000
            f.write(data[at : at + step])
            at += step


def main(count: int, seed: int) -> int:
    rng = random.Random(seed)  # noqa: S311  # to be repeatable, not secret
    tried = delivered = rejected = 0
    ways: dict[str, int] = {}
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        while tried < count:
            lines = [good(rng, tried + i) for i in range(min(ROUND, count - tried))]
            share = rng.choice([0.0, 0.05, 0.5, 0.95])
            lines = [mutated(rng, raw) if rng.random() < share else raw for raw in lines]
            tried += len(lines)
            lines[0] = good(rng, tried)  # the first bytes say what kind of file it is
            data = b"\n".join(lines) + rng.choice([b"", b"\n"])
            way, reading = read(rng, data, Path(directory))
            ways[way] = ways.get(way, 0) + len(lines)
            wrong = reading.failures or disagreements(data.split(b"\n"), reading)
            if wrong:
                print(f"seed {seed}, after {tried:,} lines, by {way}:", *(w[:600] for w in wrong[:5]), sep="\n  ")
                return 1
            delivered += len(reading.utterances)
            rejected += len(reading.rejects)
    by_way = ", ".join(f"{n:,} by {w}" for w, n in sorted(ways.items()))
    print(f"{tried:,} lines tried ({by_way}) in {time.monotonic() - start:.0f} s, seed {seed}:")
    print(f"{delivered:,} delivered, {rejected:,} rejected, 0 disagreements")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(a) for a in [*sys.argv[1:], *["200000", "1"][len(sys.argv) - 1 :]])))
