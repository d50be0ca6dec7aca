"""A hit counts only if nothing takes it back."""

from pathlib import Path

import pytest

from pipeline.matching.compiled import compile_directory
from pipeline.matching.matcher import Matcher

RULES = """title: t
status: stable
tag: {tag}
phrases: {{any: [{phrases}]}}
examples: {{match: [a], no_match: [b]}}
"""


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    """Our vocabulary and scope cues, with three rules of the test's own."""
    built_in = Path(__file__).parents[2] / "rules"
    directory = tmp_path_factory.mktemp("rules")
    (directory / "vocabulary.yml").write_text((built_in / "vocabulary.yml").read_text())
    (directory / "scope").mkdir()
    for file in (built_in / "scope").glob("*.yml"):
        (directory / "scope" / file.name).write_text(file.read_text())
    (directory / "r").mkdir()
    for name, tag, phrases in (
        ("need", "need", "需要, 想买"),
        ("budget", "budget", "有…预算"),
        ("threat", "escalation_threat", "投诉"),
        ("no_need", "no_need", "不需要"),
        ("want", "need", "要"),
    ):
        (directory / "r" / f"{name}.yml").write_text(RULES.format(tag=tag, phrases=phrases))
    return Matcher(compile_directory(directory))


def verdicts(matcher: Matcher, text: str, rule: str, role: str = "customer") -> set[str]:
    reading = matcher.read(text, role, "chat", trace=True)
    return {h.verdict for h in reading.hits if matcher.compiled.rules[h.rule].rule_id == f"r/{rule}"}


@pytest.mark.parametrize(
    ("text", "rule", "verdict"),
    [
        ("我需要一台", "need", "kept"),
        ("我不太需要", "need", "denied"),
        ("我 不 需要", "need", "denied"),
        ("谁说我需要了", "need", "denied"),
        ("不是不需要", "need", "kept"),
        ("不是不需要", "no_need", "denied"),
        ("我不需要", "no_need", "kept"),
        ("没有明确的预算", "budget", "denied"),
        ("我们有明确的预算", "budget", "kept"),
        ("您需要吗", "need", "asked"),
        ("是不是需要", "need", "asked"),
        ("要是有预算我早买了", "budget", "supposed"),
        ("有预算的话我会联系", "budget", "supposed"),
        ("再不解决我就投诉", "threat", "kept"),
        ("如果再不解决我就投诉", "threat", "kept"),
        ("我没说要投诉", "threat", "denied"),
        ("我朋友说很需要", "need", "reported"),
        ("群规第二条:禁止投诉", "threat", "quoted"),
        ("你不来,我要", "want", "kept"),
        ("我需要", "want", "inside_word"),
        ("不过我需要", "need", "kept"),
        ("价格不错,需要一台", "need", "kept"),
    ],
)
def test_scope_decides(matcher: Matcher, text: str, rule: str, verdict: str) -> None:
    assert verdict in verdicts(matcher, text, rule)
    if verdict != "kept":
        assert "kept" not in verdicts(matcher, text, rule)


def test_an_agents_words_earn_the_customer_nothing(matcher: Matcher) -> None:
    assert verdicts(matcher, "我需要一台", "need", role="agent") == {"wrong_role"}


def test_a_cue_does_not_reach_over_a_clause_border(matcher: Matcher) -> None:
    assert verdicts(matcher, "我不,需要一台", "need") == {"kept"}
