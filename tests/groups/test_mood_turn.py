"""Who is named for turning a group's mood, and who isn't."""

from __future__ import annotations

from group_talk import Said, hear, impact, instigators, signals, talk

from pipeline.groups import GroupState
from pipeline.records import RetractEvent

TURNED = talk("""
    9:00 *boss: 早上好 今天到货
    9:01 anna: 上次的很好吃 | positive
    9:02 ben: 来一箱 | purchase_signal
    9:05 carl: 周末下雨吗
    10:00 eve: 你们知道吗 批发价才一半 大家都被坑了 | incitement negative
    10:01 anna: 真的假的 那还靠谱吗 | trust_objection
    10:02 *boss: 品种不一样的 我发进货单
    10:03 eve: 别信 大家一起去退钱 | incitement negative
    10:04 ben: 那我不要了 退给我 | refund
    10:05 dora: 不至于吧 我觉得挺好 | positive
    10:06 carl: 我上次那箱也少了 气人 | complaint negative
""")
COMPLAINT = """
    9:00 anna: 上次的很好吃 | positive
    9:01 ben: 来一箱 | purchase_signal
    10:00 eve: 我这箱烂了一半 | complaint negative
    10:02 eve: 都一个小时了没人管 | complaint negative
    10:03 carl: 我的也烂了 | complaint negative
    10:04 ben: 那我的退了吧 | refund
    10:05 eve: 再不处理我打12315 | escalation_threat negative
    10:06 anna: 那还能不能买啊 | trust_objection
    10:07 eve: 退款到现在没到 | complaint refund negative
"""


def test_the_member_whom_others_followed_is_named_with_the_mood_before_and_after_and_who_went_along() -> None:
    found = impact(hear(TURNED))
    assert instigators(hear(TURNED)) == {"eve"}
    assert found.members == ("anna", "ben", "carl")
    assert found.before == 0.5
    assert found.after < 0


def test_a_turn_that_grows_keeps_its_id_and_is_told_again_only_when_more_go_along() -> None:
    told = [event for event in hear(TURNED) if not isinstance(event, RetractEvent)]
    assert {event.signal_id for event in told} == {"g1/eve/mood_turn/u5"}
    assert [len(event.impact.members) for event in told if event.impact] == [2, 3]
    assert told[-1].because == ("u5", "u8")


def test_an_honest_complainer_is_not_named_even_where_others_join_in() -> None:
    assert instigators(hear(talk(COMPLAINT))) == set()


def test_a_complaint_that_was_once_mistaken_for_incitement_is_not_enough() -> None:
    said = talk(COMPLAINT)
    said[2] = said[2].again(0, "complaint", "incitement", "negative")
    assert instigators(hear(said)) == set()


def test_the_first_honest_complainer_is_not_named_where_another_incites_later() -> None:
    said = talk("""
        9:00 anna: 上次的很好吃 | positive
        9:01 ben: 来一箱 | purchase_signal
        10:00 carl: 我这箱烂了一半 | complaint negative
        10:01 eve: 大家都别买了 | incitement negative
        10:02 eve: 一起去曝光他们 | incitement negative
        10:03 ben: 那我的退了吧 | refund
        10:04 anna: 以后不来了 | churn negative
    """)
    assert instigators(hear(said)) == {"eve"}
    assert impact(hear(said)).members == ("ben", "anna")


def test_incitement_that_nobody_follows_names_nobody() -> None:
    said = talk("""
        9:00 anna: 上次的很好吃 | positive
        10:00 eve: 大家都别买了 | incitement negative
        10:01 eve: 一起去曝光他们 | incitement negative
        10:02 ben: 不至于吧
        10:03 anna: 我觉得挺好 再来一箱 | positive purchase_signal
        10:05 eve: 你们都被坑了 | incitement negative
        10:06 carl: 来一箱 | purchase_signal
    """)
    assert instigators(hear(said)) == set()


def test_insults_ads_and_floods_that_annoy_the_others_turn_no_mood_against_the_seller() -> None:
    said = talk("""
        9:00 anna: 上次的很好吃 | positive
        10:00 eve: 一群傻子 | abuse negative
        10:01 anna: 你骂谁呢 | negative
        10:02 eve: 就骂你 脑子有病 | abuse negative
        10:03 ben: 真烦 | negative
        10:04 eve: 加我微信更便宜 | spam_ad poaching
        10:05 carl: 你有完没完 | negative
    """)
    assert instigators(hear(said)) == set()


def test_anger_right_after_an_insult_is_against_who_insulted_and_counts_as_nobody_carried_along() -> None:
    said = [
        *TURNED,
        *talk("10:07 eve: 你收了多少钱当托 不要脸 | abuse negative\n10:08 dora: 你怎么说话的 | negative", "x"),
    ]
    assert "dora" not in impact(hear(said)).members


def test_angry_answers_to_the_member_are_not_following() -> None:
    said = talk("""
        9:00 anna: 上次的很好吃 | positive
        10:00 eve: 大家都别买了 | incitement negative
        10:01 anna >u2: 你烦不烦 | negative
        10:02 eve: 一起去曝光他们 | incitement negative
        10:03 ben >u4: 受不了你 | negative
        10:04 carl >u4: 你有完没完 | negative
    """)
    assert instigators(hear(said)) == set()


def test_of_two_who_incite_the_one_who_began_is_named() -> None:
    said = talk("""
        9:00 anna: 上次的很好吃 | positive
        9:01 carl: 来一箱 | purchase_signal
        10:00 eve: 大家都别买了 | incitement negative
        10:01 eve: 一起去曝光他们 | incitement negative
        10:02 fred: 对 大家都去退钱 | incitement negative
        10:03 anna: 那我也退 | refund
        10:04 fred: 都别怕他 | incitement negative
        10:05 fred: 再喊几个人来 | incitement negative
        10:06 carl: 骗子 退钱 | refund negative
    """)
    assert instigators(hear(said)) == {"eve"}
    assert impact(hear(said)).members == ("fred", "anna", "carl")


def test_members_who_were_as_much_against_the_seller_before_are_not_carried_along() -> None:
    said = talk("""
        9:00 anna: 到现在都没发货 | complaint negative
        9:01 ben: 我的也退钱吧 | refund
        10:00 eve: 大家都别买了 | incitement negative
        10:01 eve: 一起去曝光他们 | incitement negative
        10:02 anna: 还没发货 | complaint negative
        10:03 ben: 退了没有 | refund
        10:04 eve: 都别信 | incitement negative
    """)
    assert instigators(hear(said)) == set()


def test_staff_are_never_named_nor_carried_along_whatever_tags_they_bear() -> None:
    said = talk("""
        9:00 anna: 上次的很好吃 | positive
        10:00 *may: 大家都别买了 | incitement negative
        10:01 *may: 一起去曝光他们 | incitement negative
        10:02 anna: 退钱 | refund
        10:03 ben: 骗子 | complaint negative
    """)
    assert instigators(hear(said)) == set()
    assert "boss" not in impact(hear(TURNED)).members


def test_half_the_incitements_may_be_missed_where_angry_words_rouse_the_group() -> None:
    said = [s.again(0, "negative") if s.utterance.utterance_id == "u8" else s for s in TURNED]
    assert instigators(hear(said)) == {"eve"}


def test_words_of_agreement_count_as_following_without_any_tag() -> None:
    said = talk("""
        9:00 anna: 上次的很好吃 | positive
        10:00 eve: 大家都别买了 | incitement negative
        10:01 eve: 周五一起去总部 | incitement negative
        10:02 ben: 算我一个
        10:03 carl: 说得对 已登记
    """)
    assert impact(hear(said)).members == ("ben", "carl")


def test_words_of_agreement_say_nothing_while_nobody_incites() -> None:
    said = talk("""
        9:00 anna: 周末去爬山的报名
        9:01 ben: 算我一个
        9:02 carl: 说得对 同意
    """)
    state = GroupState()
    hear(said, state)
    assert {message.mood for message in state.messages.values()} == {0}


def test_who_turns_against_the_seller_long_after_is_not_carried_along() -> None:
    late = talk("14:00 dora: 我的漏了 | complaint negative", "late")
    assert impact(hear([*TURNED, *late])).members == ("anna", "ben", "carl")


def revise(said: Said, *tags: str) -> list[Said]:
    return [*TURNED, said.again(1, *tags)]


def test_a_revision_that_takes_the_incitement_back_takes_the_turn_back() -> None:
    events = hear([*TURNED, TURNED[4].again(1), TURNED[7].again(1)])
    assert instigators(events) == set()
    last = events[-1]
    assert isinstance(last, RetractEvent)
    assert (last.tag_id, last.customer_id, last.revision) == ("g1/eve/mood_turn/u5", "eve", 1)


def test_a_revision_that_adds_the_incitement_names_the_member() -> None:
    bare = [s.again(0) if s.utterance.customer_id == "eve" else s for s in TURNED]
    assert instigators(hear(bare)) == set()
    events = hear([*bare, TURNED[4].again(1, "incitement"), TURNED[7].again(1, "incitement")])
    assert instigators(events) == {"eve"}


def test_a_revision_that_changes_nothing_about_the_mood_takes_nothing_back() -> None:
    assert instigators(hear(revise(TURNED[2], "purchase_signal", "need"))) == {"eve"}
    assert instigators(hear(revise(TURNED[9]))) == {"eve"}


def test_a_member_found_to_have_begun_earlier_replaces_the_one_named() -> None:
    early = talk(
        """
        9:58 fred: 大家小心 都被坑了 | incitement negative
        9:59 fred: 一起去退 | incitement negative
    """,
        "early",
    )
    events = hear([*TURNED, *early])
    assert instigators(events) == {"fred"}
    assert [event.customer_id for event in events if isinstance(event, RetractEvent)] == ["eve"]


def test_two_turns_a_day_apart_are_two_signals() -> None:
    tomorrow = talk(
        """
        40:00 fred: 大家都别买了 | incitement negative
        40:01 fred: 一起去曝光 | incitement negative
        40:02 gina: 太坑了 | complaint negative
        40:03 hugo: 退钱 | refund
    """,
        "day2",
    )
    assert [s.customer_id for s in signals(hear([*TURNED, *tomorrow]), "mood_turn")] == ["eve", "fred"]
