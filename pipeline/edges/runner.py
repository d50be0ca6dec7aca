"""The whole run over files: blocks in, events out, in the order of the input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Protocol

import msgspec

from pipeline.edges.blocks import BlockReader
from pipeline.edges.console import Console
from pipeline.edges.summary import Summary
from pipeline.records import Event, Profile, Utterance

_PROFILES = 1000

Write = Callable[[bytes], None]
Show = Callable[[Sequence[Utterance], Sequence[Sequence[Event]]], None]


class Engine(Protocol):
    """What the edges need of the pipeline; ``pipeline.engine.Engine`` is one."""

    def run(self, block: Sequence[Utterance]) -> list[list[Event]]:
        """One list of events per utterance, in order."""

    def profiles(self) -> Iterator[Profile]:
        """Every customer ever seen, sorted by ``customer_id``."""


def run_files(engine: Engine, reader: BlockReader, deliver: Sequence[Show], summary: Summary, console: Console) -> None:
    """Each block is delivered whole before the next one is read: nothing queues up behind a slow output."""
    for block in reader.blocks():
        results = engine.run(block)
        for each in deliver:
            each(block, results)
        summary.add(len(block), list(chain.from_iterable(results)))
        console.progress(reader.bytes_read, summary.utterances)
    console.clear()


def json_lines(write: Write) -> Show:
    encode = msgspec.json.Encoder().encode_lines

    def show(_block: Sequence[Utterance], results: Sequence[Sequence[Event]]) -> None:
        events = list(chain.from_iterable(results))
        if events:
            write(encode(events))

    return show


def write_profiles(profiles: Iterator[Profile], write: Write) -> None:
    encode = msgspec.json.Encoder().encode_lines
    while some := list(islice(profiles, _PROFILES)):
        write(encode(some))
