"""The trained model as plain arrays, applied as scikit-learn's TF-IDF and logistic regression would (a test says so)."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.learning.ngrams import LONGEST, Ints, Keys, KeyTable, keys_of, keys_of_one
from pipeline.learning.seen import Seen

FORMAT = 2
CONTEXT_LONGEST = 2
Floats = npt.NDArray[np.float32]


class ModelInfo(msgspec.Struct, frozen=True):
    """``model.json``: what the arrays mean."""

    format: int
    tags: tuple[str, ...]
    thresholds: dict[str, float]
    """Per tag: the probability from which the model alone asserts it."""
    literal: tuple[str, ...]
    """Digit strings the training text kept unfolded."""
    context_weight: float
    trained_on: dict[str, int]
    """Lines per corpus file."""
    training_hash: str


_ONE_START = np.zeros(1, dtype=np.int64)
AT_ONCE = 256
"""More texts at once gain no speed and cost memory."""
FEW = 4
"""Up to so many texts at once, a dictionary beats the set-up of array look-ups."""


class Block:
    """One feature block: n-grams (as keys), their idf, and idf × weight, one row an n-gram, one column a tag.

    Owns ``weights`` from then on.
    """

    def __init__(self, keys: Keys, longest: int, idf: Floats, weights: Floats) -> None:
        self.longest = longest
        self.idf = idf
        self._square = idf * idf
        weights *= idf[:, None]  # in place: a second copy would double the peak of memory
        self.weighted = weights
        self._keys = keys
        self._table: KeyTable | None = None
        self._numbers: dict[int, int] | None = None

    def add_scores(self, scores: Floats, texts: Sequence[str], weight: float) -> None:
        """Adds to each row of ``scores`` what this block says of the text: sublinear TF-IDF of unit length × weights."""
        if len(texts) <= FEW:
            for row, text in enumerate(texts):
                known, times = self._count_one(text)
                if known:
                    scores[row] += self._scores(np.array(known), np.array(times), _ONE_START, weight)[0]
            return
        cells, counts = self._count_many(texts)
        if not len(cells):
            return
        rows, columns = np.divmod(cells, len(self.idf))
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        scores[rows[starts]] += self._scores(columns, counts, starts, weight)

    def _scores(self, columns: Ints, counts: Ints, starts: Ints, weight: float) -> Floats:
        """One row for each run of ``columns`` that begins at ``starts``. The same sums in the same order however many."""
        weighted = self.weighted.take(columns, axis=0, mode="clip")  # clip: no check, four times as fast
        squares = self._square.take(columns)
        repeated = np.flatnonzero(counts > 1)
        if len(repeated):
            tf = np.log(counts[repeated]).astype(np.float32) + np.float32(1)
            weighted[repeated] *= tf[:, None]
            squares[repeated] *= tf * tf
        norms = np.sqrt(np.add.reduceat(squares, starts))
        sums: Floats = np.add.reduceat(weighted, starts, axis=0)
        sums *= (np.float32(weight) / norms)[:, None]
        return sums

    def numbers_of(self, keys: Keys) -> npt.NDArray[np.int32]:
        if self._table is None:
            self._table = KeyTable(self._keys)
        return self._table.look_up(keys)

    def _count_many(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Sorted cells (text × width + n-gram) and how often each occurs."""
        keys, owners, _ = keys_of(texts, self.longest)
        numbers = self.numbers_of(keys)
        known = np.flatnonzero(numbers >= 0)
        cells = owners.take(known) * len(self.idf) + numbers.take(known)
        cells.sort()
        first = np.flatnonzero(np.diff(cells, prepend=-1))
        return cells.take(first), np.diff(first, append=len(cells))

    def _count_one(self, text: str) -> tuple[list[int], list[int]]:
        """Sorted n-gram numbers of one text and how often each occurs, by dictionary."""
        if self._numbers is None:
            self._numbers = {key: number for number, key in enumerate(self._keys.tolist())}
        get = self._numbers.get
        found: dict[int, int] = {}
        for key in keys_of_one(text, self.longest):
            number = get(key)
            if number is not None:
                found[number] = found.get(number, 0) + 1
        columns = sorted(found)
        return columns, [found[c] for c in columns]


class Model:
    """Scores texts. Thread-safe; holds no state between calls."""

    def __init__(self, info: ModelInfo, text: Block, before: Block, bias: Floats, version: str) -> None:
        self.info = info
        self.version = version
        self._text = text
        self._before = before
        self._bias = bias

    def logits(self, seen: Sequence[Seen]) -> Floats:
        """Shape ``(len(seen), tags)``: log-odds per tag, columns as in ``info.tags``."""
        scores = np.tile(self._bias, (len(seen), 1))
        for start in range(0, len(seen), AT_ONCE):
            rows, some = scores[start : start + AT_ONCE], seen[start : start + AT_ONCE]
            self._text.add_scores(rows, [s.text for s in some], 1.0)
            self._before.add_scores(rows, [s.before for s in some], self.info.context_weight)
        return scores

    def best_clauses(self, texts: Sequence[str], tags: Sequence[str], borders: Sequence[Sequence[int]]) -> list[int]:
        """Per (text, tag) pair: which of the text's clauses, ending at ``borders``, speaks most for the tag.

        An n-gram speaks with idf × weight, for the clause that it starts in.
        """
        columns = np.array([self.info.tags.index(t) for t in tags], dtype=np.int64)
        keys, owners, starts = keys_of(texts, self._text.longest)
        numbers = self._text.numbers_of(keys)
        known = numbers >= 0
        owners, starts = owners[known], starts[known]
        says = self._text.weighted[numbers[known], columns[owners]]
        longest = max(len(t) for t in texts) + 1
        counts = np.array([len(b) for b in borders], dtype=np.int64)
        first = np.concatenate(([0], np.cumsum(counts)[:-1]))
        ends = np.concatenate([np.asarray(b) + i * longest for i, b in enumerate(borders)])
        clause = np.searchsorted(ends, owners * longest + starts, side="right")
        sums = np.bincount(clause, says, minlength=len(ends))
        return [int(np.argmax(sums[f : f + n])) for f, n in zip(first.tolist(), counts.tolist(), strict=True)]


def save_model(directory: Path, info: ModelInfo, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
    """Writes ``model.json`` and ``model.npz``, the same bytes for the same content."""
    directory.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(info, order="sorted"), indent=1)
    (directory / "model.json").write_bytes(content + b"\n")
    with zipfile.ZipFile(directory / "model.npz", "w") as archive:  # not compressed: start-up counts
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, np.ascontiguousarray(arrays[name]), allow_pickle=False)


def load_model(directory: Path) -> Model:
    """Raises ``InputError`` where the model is missing, damaged, or of another format."""
    shown = f"{directory.name}/model.json"
    try:
        content = (directory / "model.json").read_bytes()
        info = msgspec.json.decode(content, type=ModelInfo)
    except OSError as error:
        raise InputError(file=shown, found=error.strerror, advice="name a models directory with --models") from error
    except msgspec.MsgspecError as error:
        raise InputError(file=shown, found=str(error), advice="train the model again (convtag train)") from error
    if info.format != FORMAT:
        raise InputError(
            file=shown,
            field="format",
            found=str(info.format),
            advice=f"this convtag reads format {FORMAT}: train again",
        )
    shown = f"{directory.name}/model.npz"
    try:
        with (directory / "model.npz").open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        with (directory / "model.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            text = Block(arrays["text_keys"], LONGEST, arrays["text_idf"], arrays["text_weights"])
            before = Block(arrays["before_keys"], CONTEXT_LONGEST, arrays["before_idf"], arrays["before_weights"])
            bias = arrays["bias"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(file=shown, found=str(error), advice="train the model again (convtag train)") from error
    for block in (text, before):
        if block.weighted.shape != (len(block.idf), len(info.tags)) or bias.shape != (len(info.tags),):
            raise InputError(file=shown, found="arrays of unequal sizes", advice="train the model again (convtag train)")
    version = hashlib.sha256(content + digest).hexdigest()[:8]
    return Model(info, text, before, bias, version)
