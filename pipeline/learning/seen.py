"""What the learner sees of an utterance, made the same way in training and in the stream."""

from __future__ import annotations

import re
from typing import NamedTuple

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
