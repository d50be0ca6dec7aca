"""What raises and clears each flag under the policy that is shipped."""

from __future__ import annotations

from customer_events import POLICY, at, changes, contact, mood_turn, retract, run, said, tag

from pipeline.customers import profile
from pipeline.records import CustomerEvent


def standing(events: list[CustomerEvent]) -> list[str]:
    return [flag.flag for flag in profile(POLICY, run(events)[0]).flags]


def test_need_with_a_deadline_is_high_motivation() -> None:
    assert changes(said("u1", "need urgency")) == ["+high_motivation"]


def test_need_alone_or_any_number_of_questions_is_not_high_motivation() -> None:
    assert changes(said("u1", "need")) == []
    assert changes([tag(f"u{i}", "wants_info", i / 100) for i in range(40)]) == []
    assert changes([tag("u0", "need"), *(tag(f"u{i}", "price_inquiry", i / 100) for i in range(1, 40))]) == []


def test_bargaining_and_comparing_do_not_clear_high_motivation() -> None:
    events = [*said("u1", "need budget"), *said("u2", "price_objection competitor trust_objection", 0.01)]
    assert changes(events) == ["+high_motivation"]


def test_a_firm_refusal_clears_high_motivation() -> None:
    events = [*said("u1", "need budget"), *said("u2", "purchase_signal", 0.01), *said("u3", "no_need", 0.02)]
    told = run(events)[1]
    assert [event.state for event in told] == ["raised", "cleared"]
    assert told[1].because == ("u3/no_need",)


def test_interest_that_comes_back_after_a_refusal_raises_again() -> None:
    refusal = [*said("u1", "no_need"), *said("u2", "no_need", 0.01)]
    interest = [*said("u3", "need budget", 3), *said("u4", "authority purchase_signal", 3.01)]
    assert standing(refusal) == ["non_target"]
    assert standing(refusal + interest) == ["high_motivation"]


def test_high_motivation_fades_when_nothing_more_is_heard() -> None:
    events = [*said("u1", "need urgency"), contact(12, conversation="v2")]
    told = run(events)[1]
    assert [event.state for event in told] == ["raised", "cleared"]
    assert told[1].at == at(12)
    assert told[1].because == ()


def test_one_angry_complaint_is_needs_care_and_never_troublemaker() -> None:
    assert changes(said("u1", "complaint negative")) == ["+needs_care"]


def test_many_angry_complaints_are_never_troublemaker() -> None:
    events = [e for i in range(30) for e in said(f"u{i}", "complaint escalation_threat refund negative", i / 100)]
    assert changes(events) == ["+needs_care"]


def test_a_calm_bad_mood_without_a_grievance_is_nothing() -> None:
    assert changes([tag(f"u{i}", "negative", i / 100) for i in range(20)]) == []


def test_satisfaction_settles_a_grievance() -> None:
    events = [*said("u1", "complaint negative"), *said("u2", "complaint negative", 1), *said("u3", "positive", 2)]
    assert changes(events) == ["+needs_care", "-needs_care"]


def test_a_grievance_after_buying_takes_high_motivation_back() -> None:
    events = [
        *said("u1", "need budget"),
        *said("u2", "purchase_signal urgency", 0.01),
        *said("u3", "complaint negative", 8),
        *said("u4", "refund", 8.01),
    ]
    assert standing(events) == ["needs_care"]


def test_one_ad_or_one_curse_is_not_troublemaker() -> None:
    assert changes(said("u1", "spam_ad poaching")) == []
    assert changes([*said("u1", "abuse negative"), *said("u2", "abuse negative", 0.1)]) == []


def test_three_disruptive_utterances_within_days_are_troublemaker() -> None:
    events = [*said("u1", "spam_ad poaching"), *said("u2", "spam_ad", 0.5), *said("u3", "abuse", 1)]
    assert changes(events) == ["+troublemaker"]


def test_the_same_disruption_over_months_is_not_troublemaker() -> None:
    assert changes([tag(f"u{i}", "spam_ad", 20 * i) for i in range(8)]) == []


def test_turning_a_group_s_mood_is_troublemaker_with_impact_and_group() -> None:
    told = run([*said("u1", "incitement", conversation="g1"), mood_turn(0.01)])[1]
    assert len(told) == 1
    assert (told[0].flag, told[0].conversation_id) == ("troublemaker", "g1")
    assert told[0].impact is not None and told[0].impact.members == ("m1", "m2")
    assert told[0].because == ("g1/c1/mood_turn/u1", "u1/incitement")


def test_a_mood_turn_is_told_even_where_troublemaker_stands_already() -> None:
    events = [*said("u1", "abuse"), *said("u2", "abuse", 0.01), *said("u3", "abuse", 0.02), mood_turn(0.02)]
    told = run(events)[1]
    assert [(event.state, event.impact is not None) for event in told] == [("raised", False), ("raised", True)]
    assert len({event.flag_id for event in told}) == 2
    assert len(run([*events, mood_turn(0.02), tag("u4", "abuse", 0.03)])[1]) == 2


def test_a_mood_turn_that_carries_more_members_along_is_told_once_and_grows_in_the_profile() -> None:
    more = mood_turn(0.02, members=("m1", "m2", "m3"))
    state, told = run([mood_turn(0.01), more, mood_turn(0.01)])
    (flag,) = profile(POLICY, state).flags
    assert [event.flag_id for event in told] == [flag.flag_id]
    assert flag.impact is not None and flag.impact.members == ("m1", "m2", "m3")


def test_a_mood_turn_that_is_withdrawn_clears_troublemaker_whichever_arrives_first() -> None:
    withdrawn = retract("g1/c1/mood_turn", "u1", 0.5)
    assert changes([mood_turn(0.01), withdrawn, mood_turn(0.01)]) == ["+troublemaker", "-troublemaker"]
    assert changes([withdrawn, mood_turn(0.01)]) == []


def test_a_grievance_yields_to_disruption_while_that_stands() -> None:
    grievance = said("u1", "complaint negative", conversation="g1")
    assert changes([*grievance, mood_turn(0.1)]) == ["+needs_care", "+troublemaker", "-needs_care"]
    assert standing([*grievance, mood_turn(0.1)]) == ["troublemaker"]


def test_a_minor_is_non_target_and_never_highly_motivated() -> None:
    events = [*said("u1", "minor"), *said("u2", "need budget urgency purchase_signal", 0.01)]
    assert "+high_motivation" not in changes(events)
    assert changes(events) == ["+non_target"]


def test_a_plain_refusal_is_non_target_but_after_interest_it_takes_two() -> None:
    assert changes(said("u1", "no_need")) == ["+non_target"]
    interest = said("u0", "need purchase_signal", -0.1)
    assert "+non_target" not in changes([*interest, *said("u1", "no_need")])
    assert changes([*interest, *said("u1", "no_need"), *said("u2", "no_need", 0.01)])[-1] == "+non_target"


def test_putting_off_is_not_a_refusal() -> None:
    assert changes([tag(f"u{i}", "deferral", i / 100) for i in range(10)]) == []
