"""Training with scikit-learn: TF-IDF of character n-grams and one logistic regression a tag, thresholds held back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pipeline.learning.labels import Labelled
from pipeline.learning.model import CONTEXT_LONGEST, FORMAT, ModelInfo
from pipeline.learning.ngrams import LONGEST, key_of
from pipeline.learning.seen import Seen, see

Progress = Callable[[str], None]
Matrix = Any  # scipy ships no types
Floats = npt.NDArray[np.float32]
INVERSE_REGULARISATION = 20.0
CONTEXT_WEIGHT = 0.6
LEAST_TEXTS = 2
"""An n-gram in fewer training texts is left out."""
LEAST_BEFORE = 5
FOLDS = 5
FIRST_THRESHOLD, LAST_THRESHOLD = 0.15, 0.8
FEWEST_TO_CALIBRATE = 30
SEED = 20260302


class Trained(msgspec.Struct, frozen=True):
    info: ModelInfo
    arrays: dict[str, npt.NDArray[np.generic]]
    figures: dict[str, tuple[float, float, float, int]]
    """Per tag, on held-back folds at its threshold: precision, recall, F1, examples."""


class Vectorisers:
    """The two feature blocks, as scikit-learn computes them."""

    def __init__(self) -> None:
        self.text = _vectoriser(LONGEST, LEAST_TEXTS)
        self.before = _vectoriser(CONTEXT_LONGEST, LEAST_BEFORE)

    def fit(self, seen: Sequence[Seen]) -> Matrix:
        text = self.text.fit_transform([s.text for s in seen])
        return self._join(text, self.before.fit_transform([s.before for s in seen]))

    def transform(self, seen: Sequence[Seen]) -> Matrix:
        return self._join(self.text.transform([s.text for s in seen]), self.before.transform([s.before for s in seen]))

    @staticmethod
    def _join(text: Matrix, before: Matrix) -> Matrix:
        return csr_matrix(hstack([text, before * np.float32(CONTEXT_WEIGHT)]))


def _vectoriser(longest: int, least: int) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char", ngram_range=(1, longest), min_df=least, sublinear_tf=True, dtype=np.float32, lowercase=False
    )


def train(
    files: dict[str, list[Labelled]], tags: Sequence[str], literal: frozenset[str], progress: Progress = lambda _: None
) -> Trained:
    """Trains on the lines of all files. The same lines and versions give the same arrays."""
    lines = [line for name in sorted(files) for line in files[name]]
    seen = [see(line.text, line.context, literal) for line in lines]
    truth = np.array([[tag in line.tags for tag in tags] for line in lines], dtype=bool)
    held_back = np.zeros(truth.shape, dtype=np.float32)
    for fold, (fit, test) in enumerate(_folds(lines), 1):
        progress(f"fold {fold} of {FOLDS}")
        vectorisers = Vectorisers()
        weights, bias = _fit(vectorisers.fit([seen[i] for i in fit]), truth[fit])
        held_back[test] = vectorisers.transform([seen[i] for i in test]) @ weights + bias
    scale, shift = calibration(held_back, truth)
    held_back = probability(held_back * scale + shift)
    thresholds = {tag: best_threshold(held_back[:, k], truth[:, k]) for k, tag in enumerate(tags)}
    figures = {tag: _figures(held_back[:, k] >= thresholds[tag], truth[:, k]) for k, tag in enumerate(tags)}
    progress("all lines")
    vectorisers = Vectorisers()
    weights, bias = _fit(vectorisers.fit(seen), truth)
    weights, bias = weights * scale, bias * scale + shift
    text_size = len(vectorisers.text.vocabulary_)
    info = ModelInfo(
        format=FORMAT,
        tags=tuple(tags),
        thresholds=thresholds,
        literal=tuple(sorted(literal)),
        context_weight=CONTEXT_WEIGHT,
        trained_on={name: len(files[name]) for name in sorted(files)},
        training_hash=hashlib.sha256(msgspec.json.encode(lines)).hexdigest()[:16],
    )
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "text_keys": _keys(vectorisers.text),
        "text_idf": vectorisers.text.idf_.astype(np.float32),
        "text_weights": weights[:text_size],
        "before_keys": _keys(vectorisers.before),
        "before_idf": vectorisers.before.idf_.astype(np.float32),
        "before_weights": weights[text_size:],
        "bias": bias,
    }
    return Trained(info, arrays, figures)


def _folds(lines: Sequence[Labelled]) -> Iterator[tuple[list[int], list[int]]]:
    """Lines of one context stay together: otherwise a fold would know the question its answers were written to."""
    fold_of = []
    for line in lines:
        key = "\n".join(line.context) or line.text
        fold_of.append(int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % FOLDS)
    for fold in range(FOLDS):
        yield [i for i, f in enumerate(fold_of) if f != fold], [i for i, f in enumerate(fold_of) if f == fold]


def calibration(logits: Floats, truth: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Scale and shift per tag that make held-back log-odds those of a probability (Platt 1999, *Probabilistic outputs
    for support vector machines*). Tags with few examples keep their own log-odds."""
    scale = np.ones(truth.shape[1], dtype=np.float32)
    shift = np.zeros(truth.shape[1], dtype=np.float32)
    for k in range(truth.shape[1]):
        if truth[:, k].sum() >= FEWEST_TO_CALIBRATE:
            fit = LogisticRegression(C=1e6).fit(logits[:, [k]], truth[:, k])
            scale[k], shift[k] = fit.coef_[0, 0], fit.intercept_[0]
    return scale, shift


def _fit(features: Matrix, truth: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Weights (features × tags) and biases; a tag without examples never fires."""
    weights = np.zeros((features.shape[1], truth.shape[1]), dtype=np.float32)
    bias = np.full(truth.shape[1], -20, dtype=np.float32)
    for k in range(truth.shape[1]):
        if truth[:, k].any():
            model = LogisticRegression(C=INVERSE_REGULARISATION, solver="liblinear", random_state=SEED)
            model.fit(features, truth[:, k])
            weights[:, k] = model.coef_[0]
            bias[k] = model.intercept_[0]
    return weights, bias


def _keys(vectoriser: TfidfVectorizer) -> npt.NDArray[np.uint64]:
    return np.array([key_of(gram) for gram in vectoriser.get_feature_names_out()], dtype=np.uint64)


def probability(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    result: npt.NDArray[np.float32] = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return result


def best_threshold(scores: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> float:
    """The threshold with the best F1; between equals the one nearest to a half."""
    candidates = np.round(np.arange(FIRST_THRESHOLD, LAST_THRESHOLD, 0.05), 2)
    f1 = [_figures(scores >= c, truth)[2] for c in candidates]
    best = max(f1)
    return float(min((c for c, f in zip(candidates, f1, strict=True) if f >= best - 1e-9), key=lambda c: abs(c - 0.5)))


def _figures(said: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> tuple[float, float, float, int]:
    right, all_said, all_true = int((said & truth).sum()), int(said.sum()), int(truth.sum())
    return (
        right / max(1, all_said),
        right / max(1, all_true),
        2 * right / max(1, all_said + all_true),
        all_true,
    )
