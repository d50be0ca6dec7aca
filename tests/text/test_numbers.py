"""Numbers however written fold into one sign that still knows its stretch of the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.numbers import CONTACT, NUMBER, fold_numbers


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("预算五千吧", "预算N吧"),
        ("预算5k", "预算N"),
        ("预算5000", "预算N"),
        ("人均50-100元", "人均N元"),
        ("3000到5000块", "N块"),
        ("一万二", "N"),
        ("两三千块", "N块"),
        ("3.5万", "N"),
        ("1,200元", "N元"),
        ("千万别买", "千万别买"),
        ("万一不行", "万一不行"),
        ("一下子", "一下子"),
        ("打12315投诉", "打12315投诉"),
        ("qq 123456789", "qq C"),
        ("看https://a.b/c?d=1哦", "看C哦"),
        ("写a.b@c.com给我", "写C给我"),
        ("加[号码]", "加C"),
        ("@小米客服 你好", "@小米客服 你好"),
    ],
)
def test_numbers_and_contacts_fold(text: str, folded: str) -> None:
    expected = folded.replace("N", NUMBER).replace("C", CONTACT)
    assert fold_numbers(text, frozenset({"12315"})).text == expected


@given(st.text(alphabet="0123456789一二两三千万百十几点.,-~到元块kw@[]号码abc:/ ", max_size=40))
def test_the_pieces_behind_the_folded_text_join_to_the_text(text: str) -> None:
    folded = fold_numbers(text)
    pieces = [text[slice(*folded.source_span(i, i + 1))] for i in range(len(folded.text))]
    assert "".join(pieces) == text
    for char, piece in zip(folded.text, pieces, strict=True):
        assert char in (NUMBER, CONTACT) or char == piece


def test_nobody_can_type_a_sign_of_ours() -> None:
    assert fold_numbers(f"预算{NUMBER}元").text == "预算 元"
