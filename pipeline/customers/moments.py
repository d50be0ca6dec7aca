"""Event time as one integer: microseconds since 1970 and the offset it was written with.

An integer compares and stores faster than a datetime, and msgpack would lose the offset, which customers' systems want
back as they sent it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NONE = timedelta(0)
_QUARTER = 900
_LAST = 2**55
"""Packed it must fit 64 bits: times outside the years 829 to 3111 count as the nearest of these."""

DAY = 86_400_000_000


def pack(at: datetime) -> int:
    """Sorts by instant first; offsets are kept to the quarter of an hour."""
    since = at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if not -_LAST < micros < _LAST:
        micros = max(1 - _LAST, min(_LAST - 1, micros))
    offset = at.utcoffset() or _NONE
    return micros << 8 | (offset.days * 86_400 + offset.seconds) // _QUARTER + 128


def instant(moment: int) -> int:
    """Microseconds since 1970: what is equal here happened at the same time, whatever the offset."""
    return moment >> 8


def later(moment: int, micros: int) -> int:
    """The same offset, ``micros`` on."""
    return moment + (micros << 8)


def unpack(moment: int) -> datetime:
    zone = timezone(timedelta(seconds=((moment & 255) - 128) * _QUARTER))
    return (_EPOCH + timedelta(microseconds=moment >> 8)).astimezone(zone)
