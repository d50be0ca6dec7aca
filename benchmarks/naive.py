"""The pipeline that one would write first, and that convtag is measured against.

json in, jieba as it comes (HMM on), a set look-up of its words, scikit-learn's ``predict`` one utterance at a time
(TF-IDF of character 1- to 3-grams, one logistic regression a tag), json out. It holds convtag's own weights, so that
its tags can be compared; that makes it neither slower nor faster than if it had been trained here. Its model reads the
text only: the turn before, which convtag reads too, would cost it still more.
"""

from __future__ import annotations

import json
import logging
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jieba
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

_BITS = 21


class Found(NamedTuple):
    """What the naive pipeline made of one customer's utterance."""

    number: int
    tags: tuple[str, ...]
    hits: list[tuple[int, int, str]]


class Naive:
    def __init__(self, phrases: Sequence[str], models: Path) -> None:
        info = json.loads((models / "intents" / "model.json").read_bytes())
        self.tags: list[str] = info["tags"]
        self.phrases = frozenset(phrases)
        self.vectoriser, self.classifier = _scikit_learn(models / "intents" / "model.npz", info)
        jieba.setLogLevel(logging.WARNING)
        jieba.initialize()

    def line(self, number: int, line: str, into: list[Found]) -> str:
        """One line of the stream → its events as lines of JSON."""
        utterance = json.loads(line)
        if utterance["role"] != "customer":
            return ""
        text = utterance["text"]
        hits, position = [], 0
        for word in jieba.cut(text):
            if word in self.phrases:
                hits.append((position, position + len(word), word))
            position += len(word)
        said = self.classifier.predict(self.vectoriser.transform([text]))
        tags = tuple(self.tags[i] for i in said[0].nonzero()[-1])
        into.append(Found(number, tags, hits))
        return "".join(json.dumps(self._event(utterance, tag, hits), ensure_ascii=False) + "\n" for tag in tags)

    def _event(self, utterance: dict[str, Any], tag: str, hits: list[tuple[int, int, str]]) -> dict[str, Any]:
        return {
            "event": "tag",
            "tag_id": f"{utterance['utterance_id']}/{tag}",
            "customer_id": utterance["customer_id"],
            "tag": tag,
            "at": utterance["at"],
            "evidence": [{"start": s, "end": e, "text": w} for s, e, w in hits],
        }


def _scikit_learn(path: Path, info: dict[str, Any]) -> tuple[Any, Any]:
    """Vectoriser and classifier with the weights of ``path``; their thresholds are moved into the intercepts."""
    with np.load(path, allow_pickle=False) as arrays:
        grams = [_gram(int(key)) for key in arrays["text_keys"]]
        idf = arrays["text_idf"].astype(np.float64)
        weights = arrays["text_weights"].astype(np.float64)
        bias = arrays["bias"].astype(np.float64)
    vectoriser = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, vocabulary=grams)
    vectoriser.idf_ = idf
    width = len(info["tags"])
    classifier = OneVsRestClassifier(LogisticRegression(solver="liblinear"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is fitted on nothing, to be a fitted one
        classifier.fit(csr_matrix((width, len(grams))), np.eye(width, dtype=int))
    for k, (tag, estimator) in enumerate(zip(info["tags"], classifier.estimators_, strict=True)):
        threshold = info["thresholds"][tag]
        estimator.coef_ = np.ascontiguousarray(weights[:, k : k + 1].T)
        estimator.intercept_ = np.array([bias[k] - math.log(threshold / (1 - threshold))])
    return vectoriser, classifier


def _gram(key: int) -> str:
    chars = []
    while key:
        chars.append(chr(key & (1 << _BITS) - 1))
        key >>= _BITS
    return "".join(reversed(chars))
