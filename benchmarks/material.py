"""What the benchmarks run on: a stream, rules with as many phrases as asked for, and plain tables."""

from __future__ import annotations

import json
import random
import re
import shutil
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.edges.locations import built_in
from pipeline.matching.compiled import compile_directory
from pipeline.text.normalise import normalise

SEED = 20260302
A_RULE = 200
"""Generated phrases a rule."""
_chinese = re.compile("[\u4e00-\u9fff]{2,}")
_numerals = frozenset("零一二两三四五六七八九十百千万亿几多数")


def corpus(models: Path) -> Iterator[dict[str, Any]]:
    """The lines of the project's own training text."""
    for path in sorted((models / "corpus").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def write_stream(path: Path, models: Path, least: int = 30_000) -> None:
    """A stream out of the training text, each line with the agent's turn before it, again with other ids if need be."""
    lines = list(corpus(models))
    random.Random(SEED).shuffle(lines)  # noqa: S311  # to be repeatable, not secret
    written = 0
    with path.open("w", encoding="utf-8") as file:
        while written < least:
            for i, line in enumerate(lines):
                turns = [("customer", line["text"])]
                role, _, text = line.get("context", [""])[-1].partition(": ") if line.get("context") else ("", "", "")
                if role == "agent":
                    turns.insert(0, ("agent", text))
                for role, text in turns:
                    talk, customer = f"talk-{written // 8:06d}", f"customer-{i % 5000}"
                    utterance = {
                        "utterance_id": f"{talk}-{written}",
                        "conversation_id": talk,
                        "channel": line.get("channel", "chat"),
                        "speaker_id": customer if role == "customer" else "agent-1",
                        "role": role,
                        "customer_id": customer,
                        "at": f"2026-03-{1 + written // 86_400 % 28:02d}T{written // 3600 % 24:02d}:"
                        f"{written // 60 % 60:02d}:{written % 60:02d}+08:00",
                        "text": text,
                    }
                    file.write(json.dumps(utterance, ensure_ascii=False) + "\n")
                    written += 1


def generated_phrases(models: Path, count: int) -> list[str]:
    """Distinct strings of 2 to 4 characters, drawn from the training text wherever they happen to stand."""
    rng = random.Random(SEED)  # noqa: S311  # to be repeatable, not secret
    runs = [run for line in corpus(models) for run in _chinese.findall(line["text"])]
    found: dict[str, None] = {}
    while len(found) < count:
        run = rng.choice(runs)
        length = rng.randint(2, min(4, len(run)))
        start = rng.randrange(len(run) - length + 1)
        phrase = run[start : start + length]
        if _numerals.isdisjoint(phrase) and normalise(phrase).text == phrase:
            found[phrase] = None
    return list(found)


def write_rules(directory: Path, rules: Path, models: Path, phrases: int, cache: Path) -> tuple[int, list[str]]:
    """``rules`` and generated ones beside them, up to so many phrases. Returns how many there are, and the new ones."""
    shutil.copytree(rules, directory)
    compiled = compile_directory(rules, cache)
    own = len(compiled.phrases)
    generated = generated_phrases(models, max(0, phrases - own))
    tags = sorted(compiled.tags)
    (directory / "generated").mkdir()
    for number, start in enumerate(range(0, len(generated), A_RULE)):
        some = generated[start : start + A_RULE]
        rule = {
            "title": f"generated {number}",
            "status": "stable",
            "tag": tags[number % len(tags)],
            "effect": "support",
            "phrases": {"any": some},
            "examples": {"match": some[:1], "no_match": ["。"]},
        }
        text = json.dumps(rule, ensure_ascii=False, indent=1)  # JSON is YAML
        (directory / "generated" / f"g{number:04d}.yml").write_text(text + "\n", encoding="utf-8")
    return own + len(generated), generated


def table(rows: Sequence[Sequence[str]]) -> str:
    """The first row is the head; the first column is aligned left, the others right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "\n".join(["  " + lines[0], "  " + "-" * len(lines[0]), *("  " + line for line in lines[1:])])


def built_ins() -> tuple[Path, Path]:
    return built_in("rules"), built_in("models")


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float]) -> str:
    """How far rounds lay apart: lowest to highest."""
    return f"{min(values):,.1f}–{max(values):,.1f}"
