"""``convtag train``: the model from labelled lines."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.learning.train import Trained

EXAMPLES = """examples:
  convtag train                                  the shipped model again, from the shipped training text
  convtag train --add my-labels.jsonl -o my-models/intents
  convtag train my-own/*.jsonl -o my-models/intents
  then: convtag tag chats.jsonl --models my-models

A label is a line {"text": …, "tags": […], "channel": …, "context": ["agent: …"]}; see docs/training.md.
"""


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "train",
        description="Train the model on labelled lines (default: the project's own) and write it with its card.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="labelled lines (default: models/corpus)")
    parser.add_argument("--add", action="append", default=[], type=Path, metavar="LABELS", help="these lines on top")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="write the model here (default: models/intents)")
    parser.add_argument("--rules", type=Path, metavar="DIR", help="rules whose vocabulary and phrases the text is read by")


def run(args: argparse.Namespace) -> int:
    from pipeline.edges.locations import built_in, cache_directory
    from pipeline.learning.card import card
    from pipeline.learning.labels import read_labelled
    from pipeline.learning.model import save_model
    from pipeline.learning.train import train
    from pipeline.matching.compiled import compile_directory

    rules = compile_directory(args.rules or built_in("rules"), cache_directory())
    files = args.files or sorted((built_in("models") / "corpus").glob("*.jsonl"))
    lines = {file.name: read_labelled([file], rules.tags) for file in [*files, *args.add]}
    if len(lines) != len(files) + len(args.add):
        raise InputError(field="FILE", found="two files of one name", advice="rename one: the card lists them by name")
    if sum(map(len, lines.values())) < 100:
        raise InputError(field="FILE", found="fewer than 100 labelled lines", advice="add more: --add puts them on ours")
    output: Path = args.output or built_in("models") / "intents"
    started = time.monotonic()
    trained = train(
        lines, list(rules.tags), rules.literal, lambda step: _say(f"{time.monotonic() - started:4.0f} s  {step}")
    )
    try:
        save_model(output, trained.info, trained.arrays)
        (output / "CARD.md").write_text(card(trained), encoding="utf-8")
    except OSError as error:
        raise InputError(file=str(error.filename or output), found=error.strerror, advice="name a folder with -o") from error
    _show(trained)
    print(f"wrote {output} in {time.monotonic() - started:.0f} s")
    return 0


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _show(trained: Trained) -> None:
    print(f"{'tag':18} {'n':>5}  precision  recall     F1  threshold   (model alone, held-back folds)")
    for tag, (precision, recall, f1, n) in trained.figures.items():
        print(f"{tag:18} {n:5}  {precision:9.2f}  {recall:6.2f}  {f1:5.2f}  {trained.info.thresholds[tag]:9.2f}")
