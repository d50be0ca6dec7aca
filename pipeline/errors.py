"""The one error that is a user's to mend: it says where, what was found, and what to do."""

from __future__ import annotations


class InputError(Exception):
    """Something a user wrote or named can't be used. ``str()`` is one line; commands print it and exit with 2."""

    def __init__(
        self,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
        found: str | None = None,
        advice: str = "",
    ) -> None:
        super().__init__(file, line, field, found, advice)
        self.file = file
        self.line = line
        self.field = field
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        where = ":".join(str(p) for p in (self.file, self.line) if p is not None)
        what = ", ".join(p for p in (f"found {self.found}" if self.found else "", self.advice) if p)
        return ": ".join(p for p in (where, self.field or "", what) if p)
