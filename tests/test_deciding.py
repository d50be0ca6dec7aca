"""Rules and model: which may overrule which."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.deciding import CONTEST, PROBATION, SUPPORT, Decider
from pipeline.learning.model import ModelInfo
from pipeline.matching.compiled import CompiledRule, CompiledRules, Patterns
from pipeline.matching.matcher import Hit
from pipeline.matching.ruleset import Tag

TAGS = {
    "need": Tag("motivation", "需求"),
    "abuse": Tag("disruption", "辱骂", implies=("negative",)),
    "negative": Tag("s", "负"),
}
EFFECTS = {"assert": 0, "support": 1, "forbid": 2}


def rule(effect: str, tag: str, status: str = "stable") -> CompiledRule:
    return CompiledRule(
        rule_id=f"r/{effect}-{tag}", version="v", title="", status=status, tags=(tag,), asks=None, effect=effect,
        role="customer", channels=("chat",), min_length=0, max_length=99, asked=(), not_asked=(), ignores=frozenset(),
        borders=True, evasion=False, sound="never", all_count=0, at_least=0, conditional=False,
    )  # fmt: skip


RULES = [rule(effect, tag) for tag in TAGS for effect in EFFECTS]
RULES += [rule("assert", "need", "experimental"), rule("assert", "need", "test")]


@pytest.fixture(scope="module")
def decider() -> Decider:
    empty = Patterns(b"", b"", [])
    rules = CompiledRules(
        0, "", TAGS, {}, (), RULES, [], [], frozenset(), empty, empty, empty, empty, empty, empty, empty, {}, frozenset(), ""
    )
    return Decider(rules, ModelInfo(2, tuple(TAGS), dict.fromkeys(TAGS, 0.5), (), 0.6, {}, ""))


def hit(effect: str, tag: str, verdict: str = "kept") -> Hit:
    return Hit(list(TAGS).index(tag) * 3 + EFFECTS[effect], 0, ((0, 2),), "exact", verdict)


def tags(decider: Decider, hits: list[Hit], **logits: float) -> set[str]:
    row = [logits.get(tag, -9.0) for tag in TAGS]
    return {d.tag for d in decider.decide(hits, row, [i for i, x in enumerate(row) if x >= 0])}


def test_an_asserting_rule_needs_no_model(decider: Decider) -> None:
    assert tags(decider, [hit("assert", "need")], need=-9) == {"need"}


def test_a_forbidding_rule_beats_rule_and_model(decider: Decider) -> None:
    assert tags(decider, [hit("assert", "need"), hit("forbid", "need")], need=5) == set()


def test_a_supporting_rule_lowers_the_bar_but_does_not_decide(decider: Decider) -> None:
    assert tags(decider, [hit("support", "need")], need=-SUPPORT + 0.1) == {"need"}
    assert tags(decider, [hit("support", "need")], need=-SUPPORT - 0.1) == set()


@pytest.mark.parametrize("verdict", ["denied", "asked", "supposed", "reported", "quoted"])
def test_words_taken_back_raise_the_bar_for_the_model(decider: Decider, verdict: str) -> None:
    contested = [hit("assert", "need", verdict)]
    assert tags(decider, contested, need=CONTEST - 0.1) == set()
    assert tags(decider, contested, need=CONTEST + 0.1) == {"need"}


@pytest.mark.parametrize("verdict", ["inside_word", "wrong_role"])
def test_what_was_never_said_says_nothing_against_the_model(decider: Decider, verdict: str) -> None:
    assert tags(decider, [hit("assert", "need", verdict)], need=0.1) == {"need"}


def test_an_experimental_rule_tags_nothing(decider: Decider) -> None:
    assert tags(decider, [Hit(9, 0, ((0, 1),), "exact", "kept")]) == set()


def test_a_rule_on_test_needs_a_model_that_is_not_sure_of_the_contrary(decider: Decider) -> None:
    on_test = Hit(10, 0, ((0, 1),), "exact", "kept")
    assert tags(decider, [on_test], need=-PROBATION + 0.1) == {"need"}
    assert tags(decider, [on_test], need=-PROBATION - 0.1) == set()


def test_a_tag_brings_what_it_implies_unless_that_is_forbidden(decider: Decider) -> None:
    assert tags(decider, [hit("assert", "abuse")]) == {"abuse", "negative"}
    assert tags(decider, [hit("assert", "abuse"), hit("forbid", "negative")]) == {"abuse"}
    assert tags(decider, [hit("assert", "abuse"), hit("forbid", "abuse")]) == set()


@given(st.lists(st.sampled_from([hit(e, t) for e in EFFECTS for t in TAGS]), max_size=6), st.floats(-6, 6))
def test_scores_are_probabilities_and_order_does_not_matter(decider: Decider, hits: list[Hit], need: float) -> None:
    row = [need, -9.0, -9.0]
    above = [0] if need >= 0 else []
    decisions = decider.decide(hits, row, above)
    assert all(0 < d.score < 1 and math.isfinite(d.score) for d in decisions)
    again = decider.decide(hits[::-1], row, above)
    assert [(d.tag, d.score) for d in decisions] == [(d.tag, d.score) for d in again]
