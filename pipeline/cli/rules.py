"""``convtag rules``: check all rules and run their examples, list them, start a new one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.matching.schema import RuleSource

EXAMPLES = """examples:
  convtag rules check
  convtag rules check --rules my-rules
  convtag rules list --tag budget
  convtag rules new motivation/lease --tag need --rules my-rules
"""

TEMPLATE = """title: {title}
status: test                   # experimental (only shown by explain) | test | stable | deprecated
tag: {tag}
phrases:
  # … = up to six characters inside one clause · (a|b) = either · <num> = a number however written
  any: [在这里写要找的话]
examples:
  match: [在这里写要找的话]
  no_match: [一句不该命中的话]
"""


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "rules",
        description="Check, list and start rules.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="check|list|new", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--rules", type=Path, metavar="DIR", help="this rules directory instead of the built-in one")
    actions.add_parser("check", parents=[common], help="validate every rule and run its examples")
    listing = actions.add_parser("list", parents=[common], help="tag, title, status and phrases of every rule")
    listing.add_argument("--tag", help="only the rules of this tag")
    new = actions.add_parser("new", parents=[common], help="write the skeleton of a rule")
    new.add_argument("rule_id", metavar="FOLDER/NAME")
    new.add_argument("--tag", required=True)
    new.add_argument("--title", default="一句话说明这条规则找什么")


def run(args: argparse.Namespace) -> int:
    from pipeline.edges.locations import built_in

    directory: Path = args.rules or built_in("rules")
    if args.action == "check":
        return check(directory)
    if args.action == "list":
        return show(directory, args.tag)
    return new(directory, args.rule_id, args.tag, args.title)


def check(directory: Path) -> int:
    """Prints every problem and a summary; 2 where there is any."""
    import msgspec

    from pipeline.matching.checking import check_examples
    from pipeline.matching.compiled import phrase_problems
    from pipeline.matching.ruleset import read_rules

    problems: list[InputError] = []
    rules = read_rules(directory, problems)
    problems += phrase_problems(rules)
    broken = {problem.file for problem in problems}
    readable = msgspec.structs.replace(rules, rules=tuple(r for r in rules.rules if r.file not in broken))
    problems += check_examples(readable)
    for problem in problems:
        print(problem, file=sys.stderr)
    examples = sum(len(r.match) + len(r.no_match) for r in rules.rules)
    phrases = sum(len(r.any) + len(r.all) + len(r.none) + len(r.of) for r in rules.rules)
    print(f"{len(rules.rules)} rules, {phrases} phrases, {examples} examples: {len(problems)} problems")
    return 2 if problems else 0


def show(directory: Path, tag: str | None) -> int:
    from rich.console import Console
    from rich.table import Table

    from pipeline.matching.ruleset import load_rules

    rules = load_rules(directory)
    if tag is not None and tag not in rules.tags:
        raise InputError(field="--tag", found=tag, advice=f"use one of: {', '.join(rules.tags)}")
    table = Table("rule", "tag", "title", "status", "phrases", box=None, header_style="bold")
    for rule in rules.rules:
        if tag is None or tag in rule.tags:
            table.add_row(rule.rule_id, _says(rule), rule.title, rule.status, _phrases(rule))
    console = Console()
    console.print(table, soft_wrap=not console.is_terminal)
    return 0


def _says(rule: RuleSource) -> str:
    if rule.asks:
        return f"asks {rule.asks}"
    effect = "" if rule.effect == "assert" else f" ({rule.effect})"
    return ", ".join(rule.tags) + effect


def _phrases(rule: RuleSource) -> str:
    groups = (("", rule.any), ("all: ", rule.all), (f"{rule.at_least} of: ", rule.of), ("none: ", rule.none))
    return "; ".join(f"{label}{'、'.join(t for t, _ in lines)}" for label, lines in groups if lines)


def new(directory: Path, rule_id: str, tag: str, title: str) -> int:
    from pipeline.matching.ruleset import load_rules

    rules = load_rules(directory)
    if tag not in rules.tags:
        raise InputError(field="--tag", found=tag, advice=f"use one of: {', '.join(rules.tags)}")
    parts = rule_id.split("/")
    if len(parts) < 2 or any(not p or p.startswith(".") for p in parts):
        raise InputError(field="rule", found=rule_id, advice="write folder/name, e.g. motivation/lease")
    path = directory.joinpath(*parts).with_suffix(".yml")
    if path.exists():
        raise InputError(file=str(path), found="a rule of that name", advice="choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATE.format(tag=tag, title=title), encoding="utf-8")
    print(f"wrote {path}: fill in phrases and examples, then run: convtag rules check --rules {directory}")
    return 0
