"""Clauses in writing and in speech; texts by sound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin

from pipeline.text.clauses import clause_borders
from pipeline.text.sound import _tables, by_sound


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("好的,我想问下。", ["好的,", "我想问下。"]),
        ("那个 就是 我想问下", ["那个 ", "就是 ", "我想问下"]),
        ("3.5万。看http://a.b", ["3.5万。", "看http://a.b"]),
        ("ok go", ["ok go"]),
        ("", [""]),
    ],
)
def test_clauses_end_behind_their_marks(text: str, clauses: list[str]) -> None:
    borders = clause_borders(text)
    assert [text[a:b] for a, b in zip([0, *borders], borders, strict=False)] == clauses


@given(st.text(max_size=60))
def test_clauses_cover_the_text_once(text: str) -> None:
    borders = clause_borders(text)
    assert borders == sorted(set(borders))
    assert borders[-1] == len(text)


@pytest.mark.parametrize(("written", "meant"), [("预祘", "预算"), ("语算", "预算"), ("推费", "退费"), ("返xian", "返现")])
def test_homophones_and_spelled_syllables_sound_alike(written: str, meant: str) -> None:
    assert by_sound(written).text == by_sound(meant).text


def test_english_words_are_not_read_as_syllables() -> None:
    assert by_sound("hello").text == "hello"


@given(st.text(alphabet="返现xianjiaweixin我a你bc ", max_size=20))
def test_sounds_point_at_what_was_written(text: str) -> None:
    heard = by_sound(text)
    assert "".join(text[slice(*heard.source_span(i, i + 1))] for i in range(len(heard.text))) == text


def test_the_table_of_syllables_is_pypinyins() -> None:
    by_character, by_spelling = _tables()
    sign_of = {chr(c): sign for c, sign in by_character.items()}
    for character in "预算退费需要贵微信群返现合同考虑首付":
        spelling = lazy_pinyin(character, style=Style.NORMAL)[0]
        assert ord(by_spelling[spelling]) == sign_of[character]
