"""Labelled lines: training text and evaluation sets share one shape."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from pipeline.errors import InputError
from pipeline.records import Channel


class Labelled(msgspec.Struct, frozen=True):
    """One customer utterance with its tags; ``context``: the turns before it, oldest first, ``agent: …``/``customer: …``."""

    text: str
    tags: tuple[str, ...]
    channel: Channel = "chat"
    context: tuple[str, ...] = ()
    id: str | None = None
    dialogue_id: str | None = None
    source: str | None = None


def read_labelled(files: Sequence[Path], tags: Collection[str]) -> list[Labelled]:
    """Every line of the files, in order. Raises ``InputError`` naming file and line of the first that doesn't fit."""
    decoder = msgspec.json.Decoder(Labelled)
    lines: list[Labelled] = []
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputError(file=str(file), found=error.strerror, advice="name a file of labelled lines") from error
        for number, raw in enumerate(content.splitlines(), 1):
            if not raw.strip():
                continue
            try:
                line = decoder.decode(raw)
            except msgspec.MsgspecError as error:
                raise InputError(file=str(file), line=number, found=str(error), advice="see docs/training.md") from error
            unknown = sorted(set(line.tags) - set(tags))
            if unknown:
                raise InputError(
                    file=str(file),
                    line=number,
                    field="tags",
                    found=unknown[0],
                    advice="use a tag of rules/vocabulary.yml",
                )
            lines.append(line)
    return lines
