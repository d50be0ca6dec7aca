"""Where the time goes, by layer: samples of the stack every millisecond of CPU time, so that nothing is slowed down."""

from __future__ import annotations

import gc
import signal
import time
from collections import Counter
from types import FrameType
from typing import Any

INTERVAL = 0.001
LAYERS = (
    "read, decode",
    "normalise, fold numbers",
    "automaton",
    "sound, disguises",
    "scope, segment, groups of phrases",
    "model",
    "rules and model decide",
    "evidence, tag events",
    "group signals",
    "customers' flags",
    "states, hand-over",
    "encode, write, count",
)
READ, FOLD, FIND, SOUND, SCOPE, MODEL, DECIDE, EVIDENCE, GROUPS, CUSTOMERS, STATES, WRITE = LAYERS
_OWNERS = {
    "groups": GROUPS,
    "customers": CUSTOMERS,
    "Tagger._evidence": EVIDENCE,
    "Tagger._events": EVIDENCE,
    "Tagger._model_spans": EVIDENCE,
    "DisguisedFinder": SOUND,
    "SoundFinder": SOUND,
}
"""Folders, classes and functions that answer for all they call."""
_CLASSES = {"Finder": FIND}
_MODULES = {
    "text/normalise": FOLD,
    "text/numbers": FOLD,
    "text/mapped": FOLD,
    "text/sound": SOUND,
    "text": SCOPE,
    "matching": SCOPE,
    "learning": MODEL,
    "deciding": DECIDE,
    "tagger": STATES,
    "engine": STATES,
    "edges/store": STATES,
    "edges/runner": WRITE,
    "edges/sinks": WRITE,
    "edges/summary": WRITE,
    "edges/console": WRITE,
    "edges": READ,
}


class Sampler:
    """Counts, while entered, in which layer the process is. Garbage collection is timed as well, and is part of it."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()
        self.collecting = 0.0
        self._since = 0.0
        self._known: dict[tuple[str, str], tuple[str | None, str | None]] = {}

    def __enter__(self) -> Sampler:
        gc.callbacks.append(self._collects)
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        gc.callbacks.remove(self._collects)

    def shares(self) -> dict[str, float]:
        total = sum(self.samples.values()) or 1
        return {layer: self.samples[layer] / total for layer in LAYERS}

    def _collects(self, phase: str, _info: dict[str, Any]) -> None:
        if phase == "start":
            self._since = time.perf_counter()
        else:
            self.collecting += time.perf_counter() - self._since

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        inner: str | None = None
        while frame is not None:
            code = frame.f_code
            place = (code.co_filename, code.co_qualname)
            known = self._known.get(place)
            if known is None:
                known = self._known[place] = _layer(*place)
            owner, own = known
            if owner is not None:
                inner = owner
                break
            inner = inner or own
            frame = frame.f_back
        if inner is not None:
            self.samples[inner] += 1


def _layer(file: str, function: str) -> tuple[str | None, str | None]:
    """The layer that answers for all below this place, if it is such a place, and the layer of the place itself."""
    _, found, module = file.rpartition("/pipeline/")
    if not found:
        return None, None
    module = module.removesuffix(".py")
    folder, kind = module.partition("/")[0], function.partition(".")[0]
    owner = _OWNERS.get(folder) or _OWNERS.get(function) or _OWNERS.get(kind)
    return owner, _CLASSES.get(kind) or _MODULES.get(module) or _MODULES.get(folder)
