"""Character n-grams of many texts at once, as integers, and the table that knows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LONGEST = 3
_BITS = 21
"""A code point fits in 21 bits, so three fit in one 64-bit key."""
_MIX = np.uint64(0x9E3779B97F4A7C15)

Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]


def keys_of(texts: Sequence[str], longest: int) -> tuple[Keys, Ints, Ints]:
    """All n-grams of 1 to ``longest`` characters: their keys, the index of their text, and their start in it.

    Ordered by length, then by text and position. Texts must not contain U+0000 (normalised ones don't).
    """
    joined = "\0".join(texts) + "\0"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    border = codes == 0
    text_of = np.cumsum(border)[:-1]
    text_of = np.concatenate(([0], text_of))
    first = np.concatenate(([0], np.flatnonzero(border)[:-1] + 1))
    position = np.arange(len(codes)) - first[text_of]
    keys, owners, starts = [], [], []
    key = codes
    valid = ~border
    for length in range(1, longest + 1):
        if length > 1:
            key = (key[:-1] << np.uint64(_BITS)) | codes[length - 1 :]
            valid = valid[:-1] & ~border[length - 1 :]
        keys.append(key[valid])
        owners.append(text_of[: len(valid)][valid])
        starts.append(position[: len(valid)][valid])
    return np.concatenate(keys), np.concatenate(owners), np.concatenate(starts)


def keys_of_one(text: str, longest: int) -> list[int]:
    """The keys of one text, as ``keys_of`` gives them, without arrays."""
    codes = list(map(ord, text))
    keys = codes.copy()
    key = codes
    for length in range(1, longest):
        key = [(k << _BITS) | c for k, c in zip(key, codes[length:], strict=False)]
        keys += key
    return keys


def key_of(gram: str) -> int:
    """The key of one n-gram of at most three characters."""
    key = 0
    for char in gram:
        key = (key << _BITS) | ord(char)
    return key


class KeyTable:
    """Open-addressing hash table from n-gram keys to their number (0, 1, …), looked up by whole arrays."""

    def __init__(self, keys: Keys) -> None:
        self.size = 1 << max(4, int(len(keys) * 3).bit_length())
        self._shift = np.uint64(64 - (self.size.bit_length() - 1))
        self._slots: Keys = np.zeros(self.size, dtype=np.uint64)
        self._numbers = np.full(self.size, -1, dtype=np.int32)
        pending = np.arange(len(keys))
        slot = self._slot(keys)
        self.most_steps = 0
        while len(pending):
            free = self._numbers[slot] < 0
            # of several keys that want one free slot, the last assignment wins; the others step on
            self._numbers[slot[free]] = pending[free]
            self._slots[slot[free]] = keys[pending[free]]
            left = self._numbers[slot] != pending
            pending, slot = pending[left], (slot[left] + 1) & (self.size - 1)
            self.most_steps += 1

    def _slot(self, keys: Keys) -> Ints:
        return ((keys * _MIX) >> self._shift).astype(np.int64)

    def look_up(self, keys: Keys) -> npt.NDArray[np.int32]:
        """The number of each key, -1 where it is unknown."""
        slot = self._slot(keys)
        found = self._numbers[slot]
        right = self._slots[slot] == keys
        numbers = np.where(right, found, -1).astype(np.int32, copy=False)
        pending = np.flatnonzero(~right & (found >= 0))
        for _ in range(self.most_steps):
            if not len(pending):
                break
            step = (slot[pending] + 1) & (self.size - 1)
            slot[pending] = step
            found = self._numbers[step]
            right = self._slots[step] == keys[pending]
            numbers[pending[right]] = found[right]
            pending = pending[~right & (found >= 0)]
        return numbers
