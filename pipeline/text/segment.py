"""Words by jieba's algorithm with HMM off: ``rjieba`` where a wheel exists, ``jieba`` itself elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

Engine = Literal["rjieba", "jieba"]


class UserWord(NamedTuple):
    """A word of ``rules/dictionary.txt``. jieba and rjieba agree only where frequency and tag are both given."""

    word: str
    frequency: int
    part_of_speech: str


class Segmenter:
    """Cuts a text into jieba's words. HMM stays off: with it on, negators vanish into made-up words (不太需要)."""

    def __init__(self, user_words: Iterable[UserWord] = (), engine: Engine | None = None) -> None:
        self.engine: Engine = engine or _best_engine()
        self._cut = _rjieba(user_words) if self.engine == "rjieba" else _jieba(user_words)

    def words(self, text: str) -> list[str]:
        """The words of ``text``, in order; joined they are ``text``."""
        return self._cut(text)

    def borders(self, text: str, offset: int = 0) -> set[int]:
        """Offsets of all word borders, both ends included, shifted by ``offset``."""
        borders = {offset}
        for word in self._cut(text):
            offset += len(word)
            borders.add(offset)
        return borders


def _best_engine() -> Engine:
    try:
        import rjieba  # noqa: F401  (asks only whether the wheel is there)
    except ImportError:
        return "jieba"
    return "rjieba"


def _rjieba(user_words: Iterable[UserWord]) -> Callable[[str], list[str]]:
    import rjieba

    tokenizer = rjieba.Jieba()
    for word in user_words:
        tokenizer.add_word(word.word, word.frequency, word.part_of_speech)
    cut: Callable[..., list[str]] = tokenizer.cut
    return lambda text: cut(text, False)


def _jieba(user_words: Iterable[UserWord]) -> Callable[[str], list[str]]:
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    for word in user_words:
        tokenizer.add_word(word.word, word.frequency, word.part_of_speech)
    cut: Callable[..., list[str]] = tokenizer.lcut
    return lambda text: cut(text, HMM=False)
