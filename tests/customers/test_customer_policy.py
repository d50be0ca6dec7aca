"""A policy that can't be used is refused with the line; another policy judges what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from customer_events import POLICY, ROOT, TAGS, retract, run, said, tag

from pipeline.customers import Policy, load_policy, profile
from pipeline.errors import InputError

SHIPPED = (ROOT / "rules/flags.yml").read_text(encoding="utf-8")


def changed(tmp_path: Path, old: str, new: str) -> Policy:
    assert old in SHIPPED
    file = tmp_path / "flags.yml"
    file.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    return load_policy(file, TAGS, "flags.yml")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("abuse: 2", "abused: 2", "abused"),
        ("abuse: 2", "abuse: much", "write a number"),
        ("abuse: 2", "abuse: .nan", "write a number"),
        ("abuse: 2", "abuse: true", "write a number"),
        ("clear_at: 1.5", "clear_at: 4.5", "less than raise_at"),
        ("half_life_days: 7", "half_life_days: 0", "from 0.01"),
        ("half_life_days: 7", "halflife: 7", "unknown"),
        ("most: 9", "most: 1", "from 4.5"),
        ("lasts_days: 30", "lasts_days: 300", "to 180"),
        ("kept: 128", "kept: 12.5", "whole number"),
        ("because: 5", "because: 0", "from 1"),
        ("[need, budget|urgency|authority|purchase_signal]", "[need, budgets]", "vocabulary"),
        ("[need, budget|urgency|authority|purchase_signal]", "[need, positive]", "weight as well"),
        ("[need, budget|urgency|authority|purchase_signal]", "need", "write a list"),
        ("decisive: [minor]", "decisive: [need]", "above 0"),
        ("yields_to: [troublemaker]", "yields_to: [trouble]", "write one of"),
        ("yields_to: [troublemaker]", "yields_to: [needs_care]", "circle"),
        ("  needs_care:", "  needs_love:", "unknown"),
        ("flags:", "flagges:", "unknown"),
    ],
)
def test_a_bad_policy_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        changed(tmp_path, old, new)
    line = SHIPPED[: SHIPPED.index(old)].count("\n") + 1
    assert str(caught.value).startswith(f"flags.yml:{line}: ")
    assert says in str(caught.value)


def test_a_flag_without_anything_for_it_is_refused(tmp_path: Path) -> None:
    start = SHIPPED.index("      abuse: 2")
    end = SHIPPED.index("  non_target:")
    with pytest.raises(InputError, match="above 0"):
        changed(tmp_path, SHIPPED[start:end], "      abuse: -1\n")


def test_a_missing_flag_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs_care"):
        changed(tmp_path, SHIPPED[SHIPPED.index("  needs_care:") :], "")


def test_another_policy_judges_the_kept_evidence_anew(tmp_path: Path) -> None:
    strict = changed(tmp_path, "raise_at: 4.5\n    clear_at: 2", "raise_at: 8\n    clear_at: 2")
    state, _ = run(said("u1", "need budget"))
    assert [flag.flag for flag in profile(POLICY, state).flags] == ["high_motivation"]
    assert profile(strict, state).flags == ()
    assert [flag.flag for flag in profile(POLICY, state).flags] == ["high_motivation"]
    state, told = run(said("u2", "competitor", 0.1), state, strict)
    assert [(event.flag, event.state) for event in told] == [("high_motivation", "cleared")]


def test_another_policy_can_take_over_a_customer_with_summed_up_evidence(tmp_path: Path) -> None:
    other = changed(tmp_path, "- [need, budget|urgency|authority|purchase_signal]", "- [need]")
    state, _ = run([tag(f"u{i}", ("need", "budget", "complaint")[i % 3], i / 10) for i in range(1000)])
    assert state.base is not None
    before = profile(POLICY, state)
    profile(other, state)
    assert profile(POLICY, state) == before
    state, _ = run([*said("v1", "need", 101), retract("v1", "need", 101)], state, other)
    assert profile(other, state).tag_counts == before.tag_counts
