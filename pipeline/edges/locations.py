"""Where rules and models lie, and where compiled rules may be kept."""

from __future__ import annotations

import os
from pathlib import Path

_package = Path(__file__).parents[1]


def built_in(name: str) -> Path:
    """The ``rules`` or ``models`` folder: inside an installed wheel, or at the top of a checkout."""
    installed = _package / "_data" / name
    return installed if installed.is_dir() else _package.parent / name


def cache_directory() -> Path | None:
    """``$XDG_CACHE_HOME/convtag`` or ``~/.cache/convtag``; nothing where there is no home."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(base) / "convtag" if base else Path.home() / ".cache" / "convtag"
    except RuntimeError:
        return None
