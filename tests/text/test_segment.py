"""rjieba is held to jieba: the same words, on our own text and on anything."""

import json
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.segment import Segmenter, UserWord

rjieba = pytest.importorskip("rjieba", reason="no wheel for this platform: jieba is the engine")
CORPUS = Path(__file__).parents[2] / "models" / "corpus"
WORDS = [UserWord("价保", 2000, "n"), UserWord("拍下", 2000, "v")]
FAST, REFERENCE = Segmenter(WORDS, "rjieba"), Segmenter(WORDS, "jieba")


def differ_by_a_tie_at_most(text: str) -> bool:
    """太太太 is 太太|太 or 太|太太 with equal probability: there the engines may differ, and nowhere else."""
    fast, reference = FAST.words(text), REFERENCE.words(text)
    if fast == reference:
        return True
    moved = "".join(a + b for a, b in zip_longest(fast, reference, fillvalue="") if a != b)
    return any(c * 2 in moved for c in moved) and sorted(fast) == sorted(reference)


def test_both_engines_cut_our_corpus_alike_but_for_ties() -> None:
    lines = [json.loads(line)["text"] for f in sorted(CORPUS.glob("*.jsonl")) for line in f.read_text().splitlines()]
    assert len(lines) > 10_000
    assert [text for text in lines[::5] if not differ_by_a_tie_at_most(text)] == []


@settings(max_examples=300)
@given(st.text(alphabet="我不太需要没有明确预算退款价保拍下abc 123，。！😀", max_size=30))
def test_both_engines_cut_any_mixture_alike_but_for_ties(text: str) -> None:
    assert differ_by_a_tie_at_most(text)


@given(st.text(max_size=30))
def test_words_join_to_the_text_whatever_it_is(text: str) -> None:
    assert "".join(FAST.words(text)) == text


def test_negators_stay_apart_from_what_they_deny() -> None:
    assert FAST.words("我不太需要") == ["我", "不", "太", "需要"]


def test_a_user_word_is_one_word() -> None:
    assert "价保" in FAST.words("申请价保一下")
