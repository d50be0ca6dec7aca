"""The tags of one utterance folded together leave what folding them one by one leaves."""

from customer_events import POLICY, START, TAGS, tag
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.customers import CustomerState, fold, profile
from pipeline.customers.fold import fold_utterance

UTTERANCES = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 40), st.sets(st.sampled_from(sorted(TAGS)), min_size=1, max_size=4)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(UTTERANCES)
def test_together_or_one_by_one_the_same_flags_stand(utterances: list[tuple[str, int, set[str]]]) -> None:
    together: CustomerState | None = None
    single: CustomerState | None = None
    for unit, days, names in utterances:
        events = [tag(f"{unit}{days}", name, days) for name in sorted(names)]
        together, _ = fold_utterance(POLICY, together, events)
        for event in events:
            single, _ = fold(POLICY, single, event)
    assert together is not None
    assert single is not None
    assert profile(POLICY, together) == profile(POLICY, single)


def test_a_flag_that_stood_only_between_two_tags_of_one_utterance_is_not_told() -> None:
    events = [tag("u", name) for name in ("complaint", "negative", "positive")]
    _, flags = fold_utterance(POLICY, None, events)
    assert flags == []
    assert events[0].at == START
