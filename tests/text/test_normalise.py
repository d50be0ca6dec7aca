"""Normalising: one spelling for what reads the same, and a way back to the original."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opencc import OpenCC

from pipeline.text.normalise import normalise, traditional_characters

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
CHAT = st.text(
    alphabet="我需要這個軟體。，！？ＡｂＣ１２３ａ\u200b\ufe0f 啊啊啊[捂脸]😀…～\u3000\n\tﬁ①㎏é\u0301", max_size=40
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("我們需要這個", "我们需要这个"),
        ("加\u200b微\ufe0f信", "加微信"),
        ("好好好好好好", "好好"),
        ("100000", "100000"),
        ("太贵了……", "太贵了……"),
        ("一\t二\u3000三", "一 二 三"),
        ("上\n下", "上\n下"),
        ("ﬁ①", "fi1"),
        ("e\u0301", "é"),
        ("[捂脸]😀", "[捂脸]😀"),
        ("", ""),
    ],
)
def test_what_reads_the_same_is_spelled_the_same(text: str, normal: str) -> None:
    assert normalise(text).text == normal


@given(ANY_TEXT | CHAT)
@example("\ud800")
@example("İ")
def test_every_normalised_character_points_into_the_original(text: str) -> None:
    mapped = normalise(text)
    previous = 0
    for i in range(len(mapped.text)):
        start, end = mapped.source_span(i, i + 1)
        assert 0 <= start < end <= len(text)
        assert start >= previous  # in order
        previous = start


@given(ANY_TEXT | CHAT)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@given(CHAT)
def test_a_character_kept_as_it_was_maps_to_itself(text: str) -> None:
    mapped = normalise(text)
    for i, char in enumerate(mapped.text):
        start, end = mapped.source_span(i, i + 1)
        if unicodedata.normalize("NFKC", char) == char and end - start == 1 and "一" <= text[start] <= "鿿":
            assert OpenCC("t2s").convert(text[start:end]) == char or text[start:end] == char


def test_the_table_of_traditional_characters_is_what_opencc_changes() -> None:
    convert = OpenCC("t2s").convert
    expected = {
        chr(c)
        for c in [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)]
        if len(convert(chr(c))) == 1 and convert(chr(c)) != chr(c)
    }
    assert set(traditional_characters()) == expected
