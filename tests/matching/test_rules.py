"""Rules as authors write them: what they find, and errors that name the place."""

from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from pipeline.errors import InputError
from pipeline.matching.checking import check_examples
from pipeline.matching.compiled import compile_directory
from pipeline.matching.matcher import Matcher
from pipeline.matching.ruleset import load_rules, read_rules

BUILT_IN = Path(__file__).parents[2] / "rules"
RULE = """title: 预算
status: stable
tag: budget
phrases:
  any: [{phrases}]
examples:
  match: [有预算]
  no_match: [没有]
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A rules directory with vocabulary, scope and evasion but no rules."""
    copytree(BUILT_IN, tmp_path / "rules", ignore=ignore_patterns("words*", "[a-z]*_motivation", "disruption"))
    for folder in (tmp_path / "rules").iterdir():
        if folder.is_dir() and folder.name != "scope":
            for file in folder.glob("*.yml"):
                file.unlink()
    (tmp_path / "rules" / "r").mkdir()
    return tmp_path / "rules"


def write(rules: Path, text: str, name: str = "one") -> None:
    (rules / "r" / f"{name}.yml").write_text(text, encoding="utf-8")


def found(rules: Path, text: str, channel: str = "chat", role: str = "customer") -> list[str]:
    """The original stretches of kept hits."""
    reading = Matcher(compile_directory(rules)).read(text, role, channel)
    spans = {reading.original_span(h.spans[0][0], h.spans[-1][1]) for h in reading.hits if h.verdict == "kept"}
    return [text[s:e] for s, e in sorted(spans)]


@pytest.mark.parametrize(
    ("phrase", "text", "hit"),
    [
        ("有…预算", "我们有明确的预算", ["有明确的预算"]),
        ("有…预算", "有人吗，预算多少", []),
        ("有…预算", "有一二三四五六七预算", []),
        ("预算(批了|到位)", "预算到位", ["预算到位"]),
        ("(很|)需要", "很需要", ["很需要", "需要"]),
        ("预算<num>", "预算 五千", []),
        ("预算…<num>", "预算大概５ｋ吧", ["预算大概５ｋ"]),
        ("<num>(块|元)以内", "3000到5000元以内", ["3000到5000元以内"]),
        ("^不用$", "不用，谢谢", ["不用"]),
        ("^不用$", "不用谢", []),
        ("好用(吗|$)", "好用吗", ["好用吗"]),
        ("好用(吗|$)", "好用得很", []),
        ("打12315", "我打12315", ["打12315"]),
        ("收費", "怎么收费", ["收费"]),
        ("要", "我需要", []),
    ],
)
def test_a_phrase_finds(rules: Path, phrase: str, text: str, hit: list[str]) -> None:
    write(rules, RULE.format(phrases=f'"{phrase}"').replace("tag: budget", "tag: wants_info"))
    assert found(rules, text) == hit


def test_many_alternatives_find_the_same_glued_or_combined(rules: Path) -> None:
    people = "|".join(f"我{c}" for c in "家们爸妈哥姐弟妹公婆")
    wants = "|".join(f"想{c}" for c in "要买订租换报找学看做")
    things = "|".join(f"套{c}" for c in "房间餐装件盒")
    write(rules, RULE.format(phrases=f"({people})({wants})({things})"))
    assert found(rules, "其实我妈想租套房啊") == ["我妈想租套房"]
    assert found(rules, "其实我妈想租 套房啊") == []
    assert found(rules, "我妈套房想租") == []


def test_all_none_and_at_least_hold_over_the_utterance(rules: Path) -> None:
    write(
        rules,
        RULE.format(phrases="预算").replace(
            "examples:", "  all: [今年]\n  none: [去年]\n  at_least: {count: 2, of: [采购, 签字, 合同]}\nexamples:"
        ),
    )
    assert found(rules, "今年预算有，采购签字就行") == ["预算"]
    assert found(rules, "今年预算有，采购就行") == []
    assert found(rules, "今年预算比去年多，采购签字就行") == []


def test_disguise_is_seen_through_only_where_the_rule_asks_for_it(rules: Path) -> None:
    write(rules, RULE.format(phrases="加微信"))
    assert found(rules, "加 微.信") == []
    write(rules, RULE.format(phrases="加微信").replace("phrases:", "evasion: true\nphrases:"))
    assert found(rules, "加 微.信 有惊喜") == ["加 微.信"]
    assert found(rules, "加薇信") == ["加薇信"]


def test_homophones_are_heard_in_calls_unless_they_are_words_of_their_own(rules: Path) -> None:
    write(rules, RULE.format(phrases="有预算, 公式"))
    assert found(rules, "有语算", channel="call") == ["有语算"]
    assert found(rules, "有语算", channel="chat") == []
    assert found(rules, "这是公事", channel="call") == []


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("status: stable", "status: done"), 2, "experimental, test, stable, deprecated"),
        (("tag: budget", "tag: bugdet"), 3, "vocabulary"),
        (("title: 预算", "titel: 预算"), 1, "unknown key"),
        (("any: [有预算]", "any: 有预算"), 5, "a list"),
        (("any: [有预算]", "any: [有预算, 12]"), 5, "in quotes"),
        (("any: [有预算]", "any: [有(预算]"), 5, "brackets"),
        (("any: [有预算]", "any: [有<nothing>]"), 5, "no word list"),
        (("any: [有预算]", "any: [有…]"), 5, "empty"),
        (("any: [有预算]", 'any: ["(a|)"]'), 5, "empty"),
        (("  no_match: [没有]\n", ""), 6, "no_match"),
        (("tag: budget", "tag: budget\ntag: need"), 4, "twice"),
        (("phrases:", "phrases: [a"), 5, ""),
    ],
)
def test_an_error_names_file_line_and_what_to_do(rules: Path, change: tuple[str, str], line: int, says: str) -> None:
    write(rules, RULE.format(phrases="有预算").replace(*change))
    with pytest.raises(InputError) as error:
        compile_directory(rules)
    assert error.value.file == "rules/r/one.yml"
    assert abs((error.value.line or 0) - line) <= 1
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_failing_example_is_named_with_what_was_found(rules: Path) -> None:
    write(rules, RULE.format(phrases="没有"))
    problems = [str(p) for p in check_examples(load_rules(rules))]
    assert len(problems) == 2
    assert "rules/r/one.yml:7: examples.match '有预算': found no hit" in problems[0]
    assert "examples.no_match '没有': found a kept hit" in problems[1]


def test_one_broken_rule_does_not_hide_the_others(rules: Path) -> None:
    write(rules, "title: 1", "a")
    write(rules, RULE.format(phrases="有预算"), "b")
    problems: list[InputError] = []
    assert [r.rule_id for r in read_rules(rules, problems).rules] == ["r/b"]
    assert [p.file for p in problems] == ["rules/r/a.yml"]


def test_compiled_rules_are_kept_by_content_and_a_damaged_cache_is_ignored(rules: Path, tmp_path: Path) -> None:
    write(rules, RULE.format(phrases="有预算"))
    first = compile_directory(rules, tmp_path / "cache")
    [kept] = (tmp_path / "cache").iterdir()
    assert compile_directory(rules, tmp_path / "cache") == first
    kept.write_bytes(b"damaged")
    assert compile_directory(rules, tmp_path / "cache") == first
    write(rules, RULE.format(phrases="有钱"))
    assert compile_directory(rules, tmp_path / "cache").content_hash != first.content_hash


def test_the_shipped_rules_are_whole() -> None:
    problems: list[InputError] = []
    rules = read_rules(BUILT_IN, problems)
    assert problems == []
    assert [str(p) for p in check_examples(rules)] == []
