"""``convtag explain``: how one utterance is tagged, and why."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from pipeline.explaining import Explanation
    from pipeline.matching.ruleset import Tag

EXAMPLES = """examples:
  convtag explain "我不太需要，没有明确预算"
  convtag explain "五千吧" --context "您预算大概多少？"
  convtag explain "群规第二条：禁止带节奏" --channel group_chat --json
"""

VERDICTS = {
    "kept": "kept",
    "inside_word": "inside a word",
    "wrong_role": "wrong role or channel",
    "denied": "denied",
    "asked": "asked",
    "supposed": "hypothetical",
    "reported": "reported",
    "quoted": "quoted",
}


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "explain",
        description="Show how one utterance is tagged: its words, every candidate phrase and what became of it, the scores.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("text", metavar="TEXT")
    parser.add_argument("--role", choices=["customer", "agent", "system"], default="customer")
    parser.add_argument("--channel", choices=["call", "chat", "group_chat"], default="chat")
    parser.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="TURN",
        help="a turn before, oldest first; 'customer: …' or 'agent: …' (agent where neither is said)",
    )
    parser.add_argument("--rules", type=Path, metavar="DIR")
    parser.add_argument("--models", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    from pipeline.explaining import explain
    from pipeline.loading import load_tagger

    if not args.text.strip():
        raise InputError(field="TEXT", found="nothing", advice="write what was said")
    context = [t if t.startswith(("agent: ", "customer: ")) else f"agent: {t}" for t in args.context]
    tagger = load_tagger(args.rules, args.models)
    explanation = explain(tagger, args.text, args.role, args.channel, context)
    if args.json:
        import msgspec

        sys.stdout.write(msgspec.json.format(msgspec.json.encode(explanation), indent=2).decode() + "\n")
        return 0
    show(explanation, tagger.rules.tags)
    return 0


def show(found: Explanation, tags: dict[str, Tag]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]text[/]        {_plain(found.text)}")
    console.print(f"[bold]normalised[/]  {_plain(found.normalised)}")
    console.print(f"[bold]words[/]       {_plain(' | '.join(found.words))}")
    if found.asked:
        console.print(f"[bold]asked[/]       {', '.join(found.asked)}")
    _candidates(console, found)
    if found.scores:
        console.print("\n[bold]learned scores[/]")
        for score in found.scores[:8]:
            mark = "≥" if score.probability >= score.threshold else "<"
            console.print(f"  {score.tag:18} {score.probability:.2f} {mark} {score.threshold:.2f}")
    console.print("\n[bold]tags[/]")
    for event in found.tags:
        evidence = "、".join(f"「{_plain(e.text)}」[{e.start}:{e.end}]".replace("[", "\\[") for e in event.evidence)
        name = tags[event.tag].name
        console.print(f"  [green]{event.tag}[/] {name}  {event.score:.2f}  {evidence}  ({', '.join(event.sources)})")
    if not found.tags:
        console.print("  none")


def _candidates(console: Console, found: Explanation) -> None:
    console.print("\n[bold]candidates[/]")
    if not found.candidates:
        console.print("  none")
        return
    table: Table = _table()
    for c in found.candidates:
        verdict = VERDICTS[c.verdict] + (f" by “{c.cue}”" if c.cue else "")
        style = "green" if c.verdict == "kept" else "yellow"
        via = "" if c.via == "exact" else f" ({c.via})"
        effect = "" if c.effect == "assert" else f" ({c.effect})"
        table.add_row(
            f"  「{_plain(c.text)}」{via}",
            f"[{style}]{_plain(verdict)}[/]",
            ", ".join(c.tags) + effect,
            c.rule,
            _plain(c.phrase),
        )
    console.print(table)


def _table() -> Table:
    from rich.table import Table

    return Table("  found", "verdict", "tag", "rule", "phrase", box=None, header_style="dim", pad_edge=False)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text))
