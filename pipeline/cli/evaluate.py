"""``convtag evaluate``: how right rules and model are on labelled lines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.learning.evaluate import Evaluation

EXAMPLES = """examples:
  convtag evaluate my-labels.jsonl
  convtag evaluate my-labels.jsonl --errors 20 --tag need

A label is a line {"text": …, "tags": […], "channel": …, "context": ["agent: …"]}; see docs/training.md.
"""


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "evaluate",
        description="Precision, recall and F1 of the shipped rules and model on labelled lines.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("labels", nargs="+", type=Path, metavar="LABELS")
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="also show the first N lines tagged wrongly")
    parser.add_argument("--tag", help="of these, only where this tag is wrong or missing")
    parser.add_argument("--rules", type=Path, metavar="DIR")
    parser.add_argument("--models", type=Path, metavar="DIR")


def run(args: argparse.Namespace) -> int:
    from pipeline.learning.evaluate import evaluate
    from pipeline.learning.labels import read_labelled
    from pipeline.loading import load_tagger

    tagger = load_tagger(args.rules, args.models)
    result = evaluate(tagger, read_labelled(args.labels, tagger.rules.tags))
    show(result, args.errors, args.tag)
    return 0


def show(result: Evaluation, errors: int, tag: str | None) -> None:
    print(f"{'tag':18} {'n':>5}  precision  recall     F1")
    for name, figures in sorted(result.tags.items(), key=lambda item: -item[1].examples):
        if figures.examples or figures.wrong:
            print(f"{name:18} {figures.examples:5}  {figures.precision:9.2f}  {figures.recall:6.2f}  {figures.f1:5.2f}")
    micro = result.micro
    print(
        f"{'all':18} {micro.examples:5}  {micro.precision:9.3f}  {micro.recall:6.3f}  {micro.f1:5.3f}  {result.lines} lines"
    )
    shown = 0
    for line, said in result.wrong:
        truth = set(line.tags)
        if shown == errors or (tag is not None and tag not in truth ^ said):
            continue
        shown += 1
        missing, extra = ", ".join(sorted(truth - said)), ", ".join(sorted(said - truth))
        before = f"  〔{line.context[-1]}〕" if line.context else ""
        print(f"\n{line.text}{before}\n  missing: {missing or '-'}   too much: {extra or '-'}")
