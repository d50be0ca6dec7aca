"""What the learner sees of an utterance, made the same way in training and in the stream."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.text.normalise import normalise
from pipeline.text.numbers import fold_numbers

BEFORE_LENGTH = 60
"""Of the turn before, the last so many characters: a question stands at the end."""
_blanks = re.compile("\\s+")


class Seen(NamedTuple):
    """The folded text, and the end of the agent's turn before it (empty where the customer spoke last)."""

    text: str
    before: str = ""


def seen_text(folded: str) -> str:
    """``folded`` as the learner reads it: blanks single, as scikit-learn's own analyser makes them."""
    return _blanks.sub(" ", folded)


def seen_before(folded: str) -> str:
    return _blanks.sub(" ", folded[-BEFORE_LENGTH:])


def see(text: str, context: Sequence[str], literal: frozenset[str]) -> Seen:
    """A text after its ``context`` (turns ``agent: …``/``customer: …``, oldest first), as the stream shows it."""
    folded = fold_numbers(normalise(text).text, literal).text
    role, _, before = context[-1].partition(": ") if context else ("", "", "")
    if role != "agent":
        return Seen(seen_text(folded))
    return Seen(seen_text(folded), seen_before(fold_numbers(normalise(before).text, literal).text))
