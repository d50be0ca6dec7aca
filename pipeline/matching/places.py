"""YAML that remembers the line of every value, so that an error can point at it. Safe types only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import InputError

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Places:
    """Lines (from 1) by path inside the document, e.g. ``("phrases", "any", 2)``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[tuple[str | int, ...], int] = {}

    def error(self, path: tuple[str | int, ...], found: object, advice: str) -> InputError:
        """The error for the value at ``path``; the nearest known enclosing line is named."""
        at = path
        while at and at not in self.lines:
            at = at[:-1]
        field = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
        shown = None if found is None else str(found)
        return InputError(file=self.file, line=self.lines.get(at, 1), field=field or None, found=shown, advice=advice)


def load_yaml(file: Path, shown_as: str) -> tuple[Any, Places]:
    """The document in ``file`` and its places. Raises ``InputError`` where it can't be read or isn't YAML."""
    places = Places(shown_as)
    try:
        text = file.read_text(encoding="utf-8-sig")
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise InputError(file=shown_as, line=1, found="an empty file", advice="write a mapping")
            _walk(node, (), places, set())
            return loader.construct_document(node), places
        finally:
            loader.dispose()
    except OSError as error:
        raise InputError(file=shown_as, found=error.strerror, advice="make the file readable") from error
    except UnicodeDecodeError as error:
        raise InputError(file=shown_as, found="bytes that are not UTF-8", advice="save the file as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InputError(
            file=shown_as,
            line=None if mark is None else mark.line + 1,
            found=error.problem or "no YAML",
            advice="mend the YAML (indentation, quotes around : # { [ or a leading - ? @)",
        ) from error
    except yaml.YAMLError as error:
        raise InputError(file=shown_as, found=str(error).splitlines()[0], advice="mend the YAML") from error


def _walk(node: Any, path: tuple[str | int, ...], places: Places, open_nodes: set[int]) -> None:
    if id(node) in open_nodes or len(path) > 20:
        raise InputError(file=places.file, line=node.start_mark.line + 1, found="endless nesting", advice="write it out")
    places.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise InputError(
                    file=places.file,
                    line=key.start_mark.line + 1,
                    field=key.value,
                    found="the key twice",
                    advice="merge them",
                )
            seen.add(key.value)
            _walk(value, (*path, key.value), places, open_nodes | {id(node)})
            places.lines[(*path, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            _walk(value, (*path, i), places, open_nodes | {id(node)})
