"""Flooding, and the same text pasted again in a group and across groups."""

from __future__ import annotations

from group_talk import Said, hear, signals, talk

from pipeline.groups import CopyPasteIndex, GroupEvent

AD = "宝妈在家也能做的副业 想了解的加我微信"


def posted(*groups: str, text: str = AD, who: str = "eve") -> list[GroupEvent]:
    """The same member's text in one group after the other."""
    copies = CopyPasteIndex()
    events = []
    for hour, group in enumerate(groups):
        events += hear(talk(f"{hour}:00 {who}: {text}", ids=f"{group}-{hour}-", group=group), copies=copies)
    return events


def many(count: int, text: str, *, seconds: int, who: str = "eve") -> list[Said]:
    lines = (f"10:{i * seconds // 60}:{i * seconds % 60} {who}: {text.format(i)}" for i in range(count))
    return talk("\n".join(lines))


def test_many_messages_of_one_member_within_a_minute_are_a_flood_told_once() -> None:
    words = "一二三四五六七八九十百千"
    said = talk("\n".join(f"10:00:{i} eve: {word}号楼的在吗" for i, word in enumerate(words)))
    events = hear(said)
    (flood,) = signals(events, "flooding")
    assert len(events) == 1
    assert (flood.customer_id, flood.because) == ("eve", ("u4", "u5", "u6", "u7", "u8"))


def test_the_same_short_text_over_and_over_is_a_flood_but_nobodys_copy() -> None:
    events = hear(many(6, "🌹🌹🌹🌹", seconds=5))
    assert len(signals(events, "flooding")) == 1
    assert signals(events, "copy_paste") == []


def test_a_lively_talk_of_many_members_is_no_flood() -> None:
    said = talk(
        "\n".join(f"10:00:{i} member{i % 20}: {word}" for i, word in enumerate(["在吗", "我也想问一下这个", "多少钱"] * 20))
    )
    assert hear(said) == []


def test_a_few_short_lines_in_a_minute_are_no_flood() -> None:
    words = ["在吗", "你好", "想问下", "这个", "多少钱"]
    assert hear(talk("\n".join(f"10:00:{i * 9} anna: {word}" for i, word in enumerate(words)))) == []


def test_a_flood_after_a_rest_is_told_again() -> None:
    later = talk("\n".join(f"12:00:{i} eve: 刷" for i in range(6)), ids="later")
    events = hear([*many(6, "刷", seconds=2), *later])
    assert len(signals(events, "flooding")) == 2


def test_three_near_duplicates_of_one_member_are_copy_paste() -> None:
    said = talk("""
        10:00 eve: 加微信ak123领取减肥餐单，前十名免费
        11:00 anna: 今天练什么
        12:00 eve: 加薇信 ak456 领取减肥餐单 前20名免费!!
        14:00 eve: 【限时】加微信ak789领取减肥餐单 前30名免费
    """)
    (found,) = signals(hear(said), "copy_paste")
    assert (found.customer_id, found.because) == ("eve", ("u1", "u3", "u4"))


def test_different_questions_of_one_member_are_no_copies() -> None:
    said = talk("""
        10:00 anna: 上周买的鞋还没发货，什么时候发
        11:00 anna: 上周买的衣服还没退款，什么时候退
        12:00 anna: 下周六的班还有位置吗我想报名
        13:00 anna: 静姐我要一箱草莓帮我记一下
    """)
    assert hear(said) == []


def test_the_same_text_of_different_members_is_nobodys_copy() -> None:
    assert hear(talk("\n".join(f"10:{i} member{i}: 祝大家新年快乐万事如意身体健康" for i in range(9)))) == []


def test_a_list_that_everybody_is_meant_to_copy_is_no_copy() -> None:
    assert hear(talk("\n".join(f"1{i}:00 anna: #接龙 1.安安家两大一小 2.贝贝家一大一小" for i in range(5)))) == []


def test_one_text_in_three_groups_is_one_signal_that_grows_with_the_groups() -> None:
    assert posted("g1", "g2") == []
    events = posted("g1", "g2", "g3", "g4")
    assert [event.because for event in signals(events, "copy_paste")] == [("g1-0-1", "g2-1-1", "g3-2-1", "g4-3-1")]
    assert len(events) == 2


def test_short_texts_and_members_of_many_groups_with_different_texts_are_no_copies() -> None:
    assert posted("g1", "g2", "g3", "g4", text="收到 谢谢") == []
    copies = CopyPasteIndex()
    texts = ["上周买的鞋还没发货什么时候发", "周六的班还有位置吗我想报名", "枇杷今天到货了吗有人知道不"]
    for number, text in enumerate(texts):
        assert hear(talk(f"10:0{number} anna: {text}", ids=f"{number}-", group=f"g{number}"), copies=copies) == []


def test_the_index_keeps_only_the_members_that_wrote_last() -> None:
    copies = CopyPasteIndex(most_members=50)
    for i in range(200):
        hear(talk(f"10:00 member{i}: {AD}", ids=f"{i}-"), copies=copies)
    assert "member199" in copies.members
    assert "member100" not in copies.members
    assert len(copies.members) <= 50
    for i in range(100):
        hear(talk(f"10:00 eve: {AD}", ids=f"e{i}-"), copies=copies)
    assert len(copies.members["eve"]) == copies.most_texts


def test_a_message_delivered_again_is_no_second_copy() -> None:
    copies = CopyPasteIndex()
    for group in ("g1", "g1", "g2", "g2"):
        assert hear(talk(f"10:00 eve: {AD}", ids=group, group=group), copies=copies) == []
