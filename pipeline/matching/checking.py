"""A rule's examples are its tests: each ``match`` must be hit and kept, no ``no_match`` may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.errors import InputError
from pipeline.matching.compiled import compile_rules
from pipeline.matching.matcher import Matcher, Reading
from pipeline.matching.ruleset import RuleSet
from pipeline.matching.schema import Example, RuleSource


def asked_topics(matcher: Matcher, context: Sequence[str], channel: str) -> frozenset[str]:
    """The topics that the agent's last turn of a ``context`` asks about."""
    for turn in reversed(context):
        role, _, text = turn.partition(": ")
        if role == "agent":
            rules = matcher.compiled.rules
            hits = matcher.read(text, "agent", channel).hits
            return frozenset(t for h in hits if h.verdict == "kept" and (t := rules[h.rule].asks))
    return frozenset()


def check_examples(rules: RuleSet, matcher: Matcher | None = None) -> Iterator[InputError]:
    """One problem for each example that doesn't hold. Raises ``InputError`` where a phrase can't be compiled."""
    matcher = matcher or Matcher(compile_rules(rules, ""))
    numbers = {rule.rule_id: i for i, rule in enumerate(matcher.compiled.rules)}
    for rule in rules.rules:
        if rule.rule_id not in numbers:
            continue
        for example in rule.match:
            if not _kept(matcher, numbers[rule.rule_id], example):
                yield _problem(rule, example, "match", _why(matcher, numbers[rule.rule_id], example))
        for example in rule.no_match:
            if _kept(matcher, numbers[rule.rule_id], example):
                yield _problem(rule, example, "no_match", f"a kept hit: {_why(matcher, numbers[rule.rule_id], example)}")


def _read(matcher: Matcher, example: Example) -> Reading:
    asked = asked_topics(matcher, example.context, example.channel)
    return matcher.read(example.text, example.role, example.channel, asked)


def _kept(matcher: Matcher, rule: int, example: Example) -> bool:
    return any(h.rule == rule and h.verdict == "kept" for h in _read(matcher, example).hits)


def _why(matcher: Matcher, rule: int, example: Example) -> str:
    reading = _read(matcher, example)
    found = [
        f"{example.text[slice(*reading.original_span(h.spans[0][0], h.spans[-1][1]))]!r} {h.verdict}"
        + (f" by {h.cue!r}" if h.cue else "")
        for h in reading.hits
        if h.rule == rule
    ]
    return "; ".join(dict.fromkeys(found)) or "no hit"


def _problem(rule: RuleSource, example: Example, kind: str, found: str) -> InputError:
    advice = "change the phrases, the scope switches or the example"
    return InputError(
        file=rule.file, line=example.line, field=f"examples.{kind} {example.text!r}", found=found, advice=advice
    )
