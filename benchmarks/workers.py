"""The two pipelines, each in a process of its own that stays between rounds, so that neither's heap slows the other."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec


class Round(NamedTuple):
    """One pass over a stream: µs are per line of it."""

    lines: int
    wall: float
    cpu: float
    events: int
    digest: str = ""
    found: Any = None


class Worker:
    """Runs methods of ``kind`` in another process, one at a time."""

    def __init__(self, kind: type, *arguments: Any) -> None:
        self._pipe, theirs = multiprocessing.get_context("spawn").Pipe()
        process = multiprocessing.get_context("spawn").Process
        self._process = process(target=_serve, args=(theirs, kind, arguments), daemon=True)
        self._process.start()
        theirs.close()

    def call(self, method: str, *arguments: Any) -> Any:
        self._pipe.send((method, arguments))
        return self._pipe.recv()

    def close(self) -> None:
        self._pipe.close()
        self._process.join()


def _serve(pipe: Connection, kind: type, arguments: tuple[Any, ...]) -> None:
    subject = kind(*arguments)
    while True:
        try:
            method, values = pipe.recv()
        except EOFError:
            return
        pipe.send(getattr(subject, method)(*values))


class NaiveWorker:
    def __init__(self, stream: Path, phrases: list[str], models: Path) -> None:
        from benchmarks.naive import Naive

        self._naive = Naive(phrases, models)
        self._stream = stream

    def round(self, first: int, step: int, out: Path) -> Round:
        """Every ``step``-th line from ``first`` on."""
        with self._stream.open(encoding="utf-8") as file:
            lines = [(i, line) for i, line in enumerate(file) if i % step == first]
        found: list[Any] = []
        events = 0
        wall, cpu = time.perf_counter(), time.process_time()
        with out.open("w", encoding="utf-8") as file:
            for number, line in lines:
                text = self._naive.line(number, line, found)
                if text:
                    file.write(text)
                    events += text.count("\n")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return Round(len(lines), wall / len(lines) * 1e6, cpu / len(lines) * 1e6, events, found=found)


class OurWorker:
    """``convtag tag`` without its start-up: rules and model are loaded once, all state is new in every round."""

    def __init__(self, stream: Path, rules: Path, models: Path, cache: Path) -> None:
        os.environ["XDG_CACHE_HOME"] = str(cache)
        from pipeline.customers.policy import load_policy as load_flags
        from pipeline.groups.policy import load_policy as load_groups
        from pipeline.loading import load_tagger

        begin = time.perf_counter()
        self.tagger = load_tagger(rules, models)
        self.load_seconds = time.perf_counter() - begin
        self._groups = load_groups(rules)
        self._flags = load_flags(rules / "flags.yml", self.tagger.rules.tags)
        self._stream = stream

    def loaded(self) -> tuple[int, float]:
        """Phrases, and seconds that loading them took."""
        return len(self.tagger.rules.phrases), self.load_seconds

    def peak(self) -> float:
        """MB of memory at most, so far."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def round(self, out: Path) -> Round:
        from pipeline.edges.files import tag_files
        from pipeline.engine import Engine

        engine = Engine(self.tagger, self._groups, self._flags)
        wall, cpu = time.perf_counter(), time.process_time()
        tag_files(load=lambda: engine, files=[str(self._stream)], output=out, quiet=True)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        lines = self._stream.read_bytes().count(b"\n")
        content = out.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:12]
        return Round(lines, wall / lines * 1e6, cpu / lines * 1e6, content.count(b"\n"), digest)

    def sample(self, out: Path, least: int) -> tuple[dict[str, float], float, int]:
        """Share of each layer, share of garbage collection, and how many samples say so."""
        from benchmarks.layers import Sampler

        sampler = Sampler()
        cpu = time.process_time()
        while sum(sampler.samples.values()) < least:
            with sampler:
                self.round(out)
        cpu = time.process_time() - cpu
        return sampler.shares(), sampler.collecting / cpu, sum(sampler.samples.values())

    def one_by_one(self, out: Path) -> str:
        """The digest of the events where every utterance is a block of its own."""
        from pipeline.engine import Engine
        from pipeline.records import Utterance

        engine = Engine(self.tagger, self._groups, self._flags)
        decode = msgspec.json.Decoder(Utterance).decode
        encode = msgspec.json.Encoder().encode_lines
        with self._stream.open("rb") as lines, out.open("wb") as file:
            for line in lines:
                for events in engine.run([decode(line)]):
                    file.write(encode(events))
        return hashlib.sha256(out.read_bytes()).hexdigest()[:12]

    def compare(self, found: list[Any], generated: list[str]) -> dict[str, int]:
        """What the naive pipeline found, held against ours; see ``pipeline.py`` for what the counts mean."""
        lines = self._stream.read_bytes().splitlines()
        utterances = {each.number: msgspec.json.decode(lines[each.number]) for each in found}
        counts = self._compare_tags(found, [utterances[each.number]["text"] for each in found])
        known = frozenset(generated)
        counts |= dict.fromkeys(("hits", "kept", "scoped", "inside", "changed", "missing"), 0)
        for each in found:
            hits = [hit for hit in each.hits if hit[2] in known]
            utterance = utterances[each.number]
            ours = self._verdicts(utterance["text"], utterance["channel"]) if hits else {}
            for hit in hits:
                counts["hits"] += 1
                counts[ours.get(hit) or self._unfound(utterance["text"], hit[2])] += 1
        return counts

    def _compare_tags(self, found: list[Any], texts: list[str]) -> dict[str, int]:
        import numpy as np

        from pipeline.learning.seen import Seen, seen_text

        model = self.tagger.model
        assert model is not None  # noqa: S101  # for the type checker: built-in models are there
        thresholds = np.array([model.info.thresholds[tag] for tag in model.info.tags])
        cut = np.log(thresholds / (1 - thresholds))
        seen = [Seen(seen_text(text.lower())) for text in texts]
        ways = {
            "in_blocks": [row for i in range(0, len(seen), 1024) for row in model.logits(seen[i : i + 1024])],
            "alone": [model.logits([each])[0] for each in seen],
        }
        counts = {"utterances": len(found), "tags": sum(len(each.tags) for each in found)}
        for way, rows in ways.items():
            tags = [tuple(np.array(model.info.tags)[row >= cut].tolist()) for row in rows]
            counts[way] = sum(set(t) != set(each.tags) for t, each in zip(tags, found, strict=True))
        return counts

    def _unfound(self, text: str, word: str) -> str:
        """``changed``: the naive pipeline looks into contacts and repeats that we fold into one sign first."""
        reading = self.tagger.matcher.read(text, "customer", "chat")
        return "changed" if reading.folded.text.count(word) < text.count(word) else "missing"

    def _verdicts(self, text: str, channel: str) -> dict[tuple[int, int, str], str]:
        reading = self.tagger.matcher.read(text, "customer", channel)
        verdicts: dict[tuple[int, int, str], str] = {}
        for hit in reading.hits:
            span = reading.original_span(hit.spans[0][0], hit.spans[-1][1])
            place = (*span, self.tagger.rules.phrases[hit.phrase].shown)
            kind = {"kept": "kept", "inside_word": "inside"}.get(hit.verdict, "scoped")
            if verdicts.get(place) != "kept":
                verdicts[place] = kind
        return verdicts
