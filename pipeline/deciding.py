"""Rules and model combine into tags: which may overrule which (``docs/decisions/0003-rules-and-model.md``).

1. A rule's forbidding hit keeps its tag away, whatever else says.
2. A kept hit of an asserting rule asserts its tag, if the rule is ``stable``. One on ``test`` adds ``PROBATION`` to the
   model's log-odds: enough wherever the model isn't sure of the contrary.
3. Otherwise the model decides by its log-odds against the tag's threshold, moved up by ``SUPPORT`` where a supporting
   rule was kept, and down by ``CONTEST`` where the words were there but their scope took them back (denied, asked,
   supposed, reported, quoted): the model, too, reads 需要 in 不太需要.
4. In a scrap of talk (at most ``SHORT_LENGTH`` characters, not after an agent's turn) the bar is ``SHORT`` higher.
5. A tag may imply another (``implies`` in the vocabulary).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.learning.model import ModelInfo
from pipeline.matching.compiled import CompiledRule, CompiledRules
from pipeline.matching.matcher import Hit

SUPPORT = 2.0
PROBATION = 4.0
CONTEST = 4.0
SHORT, SHORT_LENGTH = 1.5, 6
"""A text of so few characters that answers no agent gives the model little to go by."""
RULE_SCORE = 0.95
"""The least score of a tag that a stable rule asserted."""
CONTESTED = frozenset(["denied", "asked", "supposed", "reported", "quoted"])


class Decision(NamedTuple):
    tag: str
    score: float
    hits: tuple[Hit, ...]
    """The rule hits it rests on; empty where the model alone says so."""
    by_model: bool


class Decider:
    """The policy, made ready for one rule set and one model."""

    def __init__(self, rules: CompiledRules, info: ModelInfo | None) -> None:
        self._rules = rules
        tags = info.tags if info else ()
        self._column = {tag: i for i, tag in enumerate(tags)}
        self._tags = tags
        self.cut = [_logit(info.thresholds[tag]) for tag in tags] if info else []
        self._implies = {name: tag.implies for name, tag in rules.tags.items() if tag.implies}

    def decide(
        self, hits: Sequence[Hit], logits: Sequence[float], above: Sequence[int], doubt: float = 0.0
    ) -> list[Decision]:
        """The tags of one utterance. ``logits``: one a tag of the model; ``above``: the columns that pass their cut;
        ``doubt``: what the model's log-odds lose (``SHORT`` for a scrap of talk)."""
        if not hits and not above:
            return []
        rules = self._rules.rules
        said = _said(hits, rules)
        decisions: dict[str, Decision] = {}
        for tag, kept in said.asserted.items():
            column = self._column.get(tag)
            model = 0.0 if column is None else probability(logits[column])
            decisions[tag] = Decision(tag, max(RULE_SCORE, model), tuple(kept), column in above)
        for column in {*above, *(self._column[t] for t in said.supported if t in self._column)}:
            tag = self._tags[column]
            if tag in decisions:
                continue
            helpers = said.supported.get(tag, ())
            bonus = max((_bonus(rules[h.rule]) for h in helpers), default=0.0)
            logit = logits[column] - doubt + bonus - CONTEST * (tag in said.contested)
            if logit >= self.cut[column]:
                decisions[tag] = Decision(tag, probability(logit), tuple(helpers), column in above)
        for tag in [t for t in decisions if t not in said.forbidden]:
            for implied in self._implies.get(tag, ()):
                if implied not in decisions:
                    decisions[implied] = decisions[tag]._replace(tag=implied)
        return [decisions[t] for t in sorted(decisions) if t not in said.forbidden]


def _bonus(rule: CompiledRule) -> float:
    return PROBATION if rule.effect == "assert" else SUPPORT


class _Said(NamedTuple):
    """What the hits say, by tag."""

    asserted: dict[str, list[Hit]]
    supported: dict[str, list[Hit]]
    forbidden: set[str]
    contested: set[str]


def _said(hits: Sequence[Hit], rules: Sequence[CompiledRule]) -> _Said:
    said = _Said({}, {}, set(), set())
    for hit in hits:
        rule = rules[hit.rule]
        if rule.status == "experimental":
            continue
        if hit.verdict != "kept":
            if hit.verdict in CONTESTED and rule.effect != "forbid":
                said.contested.update(rule.tags)
        elif rule.effect == "forbid":
            said.forbidden.update(rule.tags)
        else:
            by_tag = said.asserted if rule.effect == "assert" and rule.status == "stable" else said.supported
            for tag in rule.tags:
                by_tag.setdefault(tag, []).append(hit)
    return said


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def probability(logit: float) -> float:
    """Of log-odds."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
