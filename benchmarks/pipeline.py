#!/usr/bin/env python3
"""convtag against the pipeline that one would write first, on one stream, in one run; then where the time goes.

usage: python benchmarks/pipeline.py [INPUT.jsonl] [--phrases 10000] [--rounds 5] [--sample 1000]
                                     [--growth 1000,10000,50000] [--rules DIR] [--models DIR]

INPUT: utterances as `convtag tag` reads them; without it, a stream made of the project's training text.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: this file has the package's name

from benchmarks.layers import LAYERS  # noqa: E402  # found by the path above
from benchmarks.material import built_ins, median, spread, table, write_rules, write_stream  # noqa: E402
from benchmarks.workers import NaiveWorker, OurWorker, Round, Worker  # noqa: E402

TARGET = 100
SAMPLES = 1500


def arguments() -> argparse.Namespace:
    rules, models = built_ins()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", nargs="?", type=Path, metavar="INPUT")
    parser.add_argument("--phrases", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=1000, help="lines a round for the naive pipeline")
    parser.add_argument("--growth", default="1000,10000,50000", help="phrases to grow to; empty: none")
    parser.add_argument("--rules", type=Path, default=rules)
    parser.add_argument("--models", type=Path, default=models)
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stream = asked.input
        if stream is None:
            stream = folder / "stream.jsonl"
            write_stream(stream, asked.models)
        lines = stream.read_bytes().splitlines()
        customers = sum(b'"role": "customer"' in line or b'"role":"customer"' in line for line in lines)
        print(f"{stream.name}: {len(lines):,} utterances, {customers:,} of them customers'; {os.cpu_count()} cores")
        race(asked, stream, len(lines), folder)
        sizes = [int(size) for size in asked.growth.split(",") if size]
        if sizes:
            grow(asked, stream, sizes, folder)
    return 0


def race(asked: argparse.Namespace, stream: Path, lines: int, folder: Path) -> None:
    """Both in turns, the naive one on another sample of lines each time, ours on all; then their outputs compared."""
    phrases, generated = write_rules(folder / "rules", asked.rules, asked.models, asked.phrases, folder / "cache")
    print(f"{phrases:,} phrases, {len(generated):,} of them generated\n")
    step = max(1, lines // asked.sample)
    naive = Worker(NaiveWorker, stream, _plain(folder / "rules", folder / "cache") + generated, asked.models)
    ours = Worker(OurWorker, stream, folder / "rules", asked.models, folder / "cache")
    a: list[Round] = []
    b: list[Round] = []
    for number in range(asked.rounds):
        a.append(naive.call("round", number % step, step, folder / "naive.jsonl"))
        b.append(ours.call("round", folder / "ours.jsonl"))
        print(f"  round {number + 1}: naive {a[-1].cpu:,.0f} µs, convtag {b[-1].cpu:,.1f} µs of CPU an utterance")
    print()
    rows = [["", "naive", "convtag", "ratio"]]
    for kind in ("wall", "cpu"):
        slow, fast = ([getattr(r, kind) for r in rounds] for rounds in (a, b))
        label = {"wall": "wall", "cpu": "CPU"}[kind]
        rows.append([f"utterances/s, {label}", *(f"{1e6 / median(v):,.0f}" for v in (slow, fast)), ""])
        ratio = f"{median(slow) / median(fast):,.0f}×"
        rows.append([f"µs an utterance, {label} (median)", f"{median(slow):,.1f}", f"{median(fast):,.1f}", ratio])
        rows.append(["    lowest to highest round", spread(slow), spread(fast), ""])
    print(table(rows))
    print(f"  target: {TARGET}×. Both handle all lines; the naive one only decodes the agents' (convtag reads them).\n")
    command(stream, folder, asked.models, lines)
    found = [f for r in a for f in r.found]
    compare(ours, found, generated, {r.digest for r in b}, folder)
    naive.close()
    ours.close()


def command(stream: Path, folder: Path, models: Path, lines: int) -> None:
    """The same as a user runs it: start, rules from the cache, model, all of the stream."""
    script = [sys.executable, "-P", "-m", "pipeline", "tag", "-q"]
    script += ["--rules", str(folder / "rules"), "--models", str(models)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": sys.path[0]}
    begin = time.perf_counter()
    pid = os.posix_spawn(sys.executable, [*script, "-o", str(folder / "command.jsonl"), str(stream)], environment)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    if status:
        raise SystemExit("convtag tag failed")
    cpu = used.ru_utime + used.ru_stime
    print(
        f"  `convtag tag` on all of it, start included: {wall:.2f} s ({cpu:.2f} s CPU), {lines / wall:,.0f} "
        f"utterances/s, {used.ru_maxrss / 1024:.0f} MB at most\n"
    )


def compare(ours: Worker, found: list[object], generated: list[str], digests: set[str], folder: Path) -> None:
    counts = ours.call("compare", found, generated)
    alone = ours.call("one_by_one", folder / "alone.jsonl")
    print("outputs compared")
    rows = [
        ["on the naive pipeline's samples", "compared", "different"],
        ["customers' utterances: tags, scikit-learn's and ours in blocks", counts["utterances"], counts["in_blocks"]],
        ["customers' utterances: tags, scikit-learn's and ours alone", counts["utterances"], counts["alone"]],
        ["generated phrases found by jieba's words, ours (kept or not)", counts["hits"], counts["missing"]],
        ["convtag's events: rounds against the first, bit by bit", "", len(digests) - 1],
        ["convtag's events: blocks of 1,024 against one by one", "", int({alone} != digests)],
    ]
    print(table([[f"{c:,}" if isinstance(c, int) else c for c in row] for row in rows]))
    print(
        f"  The tags are those of the model alone, given the same text: {counts['tags']:,} tags. Not compared:\n"
        "  what only convtag has (rules' verdicts, the turn before, flags, groups).\n"
        f"  Of the {counts['hits']:,} phrase hits convtag keeps {counts['kept']:,}, denies {counts['scoped']:,} "
        f"by scope (negated, asked …),\n  and takes {counts['inside']:,} for parts of longer words; "
        f"{counts['changed']:,} stood in what normalising\n  folds into one sign (a link, a run of repeats).\n"
    )


def grow(asked: argparse.Namespace, stream: Path, sizes: list[int], folder: Path) -> None:
    """By layer, and with the number of phrases."""
    shares: list[dict[str, float]] = []
    total: list[float] = []
    head = ["phrases"]
    labels = (
        "all",
        "    of it garbage collection",
        "rules, model: compile and load, s",
        "    load compiled, s",
        "MB at most",
    )
    facts = [[label] for label in labels]
    for size in sizes:
        rules, cache = folder / f"grown-{size}", folder / f"cache-{size}"
        phrases, _ = write_rules(rules, asked.rules, asked.models, size, folder / "cache")
        first = Worker(OurWorker, stream, rules, asked.models, cache)
        cold = first.call("loaded")[1]
        first.close()
        worker = Worker(OurWorker, stream, rules, asked.models, cache)
        warm = worker.call("loaded")[1]
        total.append(median([worker.call("round", folder / "grown.jsonl").cpu for _ in range(3)]))
        peak = worker.call("peak")
        share, collecting, _ = worker.call("sample", folder / "grown.jsonl", SAMPLES)
        worker.close()
        shutil.rmtree(rules)
        shares.append(share)
        head.append(f"{phrases:,}")
        values = (f"{total[-1]:,.1f}", f"{collecting * total[-1]:,.1f}", f"{cold:,.2f}", f"{warm:,.2f}", f"{peak:,.0f}")
        for row, value in zip(facts, values, strict=True):
            row.append(value)
    rows = [[layer, *(f"{share[layer] * all_:,.1f}" for share, all_ in zip(shares, total, strict=True))] for layer in LAYERS]
    print(f"where the time goes: µs of CPU an utterance, by {SAMPLES:,} or more samples of the stack")
    print(table([head, *rows, *facts]))


def _plain(rules: Path, cache: Path) -> list[str]:
    """The phrases of the rules that a set look-up can hold: one part, no alternatives, no signs."""
    from pipeline.matching.compiled import compile_directory

    shown = {p.shown for p in compile_directory(rules, cache).phrases}
    return sorted(text for text in shown if text.isalnum())


if __name__ == "__main__":
    sys.exit(main())
