"""Conversations for people on a terminal, in Chinese: who said what, what was marked, which flags moved and why."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from rich.cells import cell_len, set_cell_size

from pipeline.edges.summary import FLAG_NAMES
from pipeline.records import Event, FlagEvent, Impact, RetractEvent, SignalEvent, TagEvent, Utterance

_T = TypeVar("_T")

REMEMBERED = 20_000
"""Evidence texts kept for the reasons of later flags; an older reason is named by its utterance instead."""
MAX_TEXT = 2_000
WHO_WIDTH = 18
INDENT = " " * 10

_CHANNELS = {"call": "通话", "chat": "聊天", "group_chat": "群聊"}
_ROLES = {"customer": "客户", "agent": "坐席", "system": "系统"}
_SIGNALS = {"mood_turn": "带动群情绪", "flooding": "刷屏", "copy_paste": "重复粘贴"}
_STYLES = {"bold": "1", "dim": "2", "mark": "1;33", "tag": "36", "raised": "1;31", "good": "1;32", "cleared": "2;32"}

_UNSAFE = {c: 0x2400 + c for c in range(0x20)} | dict.fromkeys(range(0x7F, 0xA0), 0xFFFD)
_UNSAFE |= dict.fromkeys([0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF], 0xFFFD)
_UNSAFE |= {0x0A: ord("⏎"), 0x0D: ord("⏎"), 0x09: 0x20, 0x7F: 0x2421}
"""Control characters one for one into visible ones: a text must not steer the terminal, and offsets must hold."""


class View:
    """Shows block after block; interleaved conversations get their header again whenever the conversation changes."""

    def __init__(self, write: Callable[[bytes], None], tag_names: Mapping[str, str], colour: bool) -> None:
        self._write = write
        self._names = tag_names
        self._colour = colour
        self._reasons: OrderedDict[str, str] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._conversation: str | None = None
        self._day = ""

    def show(self, block: Sequence[Utterance], results: Sequence[Sequence[Event]]) -> None:
        lines: list[str] = []
        for utterance, events in zip(block, results, strict=True):
            lines += self._header(utterance)
            lines.append(self._utterance(utterance, [e for e in events if isinstance(e, TagEvent)]))
            for event in events:
                lines += [INDENT + line for line in self._event(event)]
        self._write(("\n".join(lines) + "\n").encode("utf-8", "replace"))

    def _header(self, u: Utterance) -> Iterator[str]:
        day = u.at.date().isoformat()
        if u.conversation_id != self._conversation:
            again = "（续）" if u.conversation_id in self._seen else ""
            title = f"{_CHANNELS[u.channel]} {clean(u.conversation_id)}{again}  {day}"
            if self._conversation is not None:
                yield ""
            yield self._paint(f"── {title} {'─' * max(2, 60 - cell_len(title))}", "bold")
        elif day != self._day:
            yield self._paint(f"── {day}", "dim")
        self._conversation, self._day = u.conversation_id, day
        _remember(self._seen, u.conversation_id, None)

    def _utterance(self, u: Utterance, tags: Sequence[TagEvent]) -> str:
        who = set_cell_size(f"{_ROLES[u.role]} {clean(u.speaker_id)}", WHO_WIDTH)
        names = "  ".join(self._paint(f"‹{self._name(t.tag)}›", "tag") for t in tags)
        revised = f"（第 {u.revision} 次修订）" if u.revision else ""
        line = f"{u.at:%H:%M:%S}  {who}  {revised}{self._marked(u.text, tags)}"
        for tag in tags:
            said = "…".join(dict.fromkeys(e.text for e in tag.evidence)) or u.text
            _remember(self._reasons, tag.tag_id, f"{_short(said)}（{self._name(tag.tag)}）")
        return f"{line}  {names}" if names else line

    def _marked(self, text: str, tags: Sequence[TagEvent]) -> str:
        """The text with its evidence marked; spans that touch or overlap become one."""
        shown = clean(text[:MAX_TEXT])
        parts, at = [], 0
        for start, end in _merged((e.start, min(e.end, len(shown))) for t in tags for e in t.evidence):
            span = shown[start:end]
            parts += [shown[at:start], self._paint(span, "mark") if self._colour else f"【{span}】"]
            at = end
        parts.append(shown[at:])
        if len(text) > MAX_TEXT:
            parts.append(f"…（共 {len(text):,} 字）")
        return "".join(parts)

    def _event(self, event: Event) -> Iterator[str]:
        if isinstance(event, FlagEvent):
            yield from self._flag(event)
        elif isinstance(event, SignalEvent):
            what = _SIGNALS[event.signal]
            _remember(self._reasons, event.signal_id, f"{what}（{event.signal}）")
            yield self._paint(f"◆ {what}  {clean(event.customer_id)}", "raised")
            if event.impact:
                yield "  " + self._impact(event.impact)
        elif isinstance(event, RetractEvent):
            yield self._paint(f"✕ 收回 {self._reason(event.tag_id)}：{clean(event.reason)}", "dim")

    def _flag(self, event: FlagEvent) -> Iterator[str]:
        raised = event.state == "raised"
        sign = "▲ 升起" if raised else "▽ 解除"
        style = "cleared" if not raised else "good" if event.flag == "high_motivation" else "raised"
        until = f"  至 {_minute(event.expires_at)}" if raised and event.expires_at else ""
        name = f"{FLAG_NAMES[event.flag]} {event.flag}"
        yield self._paint(f"{sign} {name}  {clean(event.customer_id)}  {event.score:.1f} 分", style) + until
        if event.because:
            yield "  因为: " + "；".join(self._reason(i) for i in event.because)
        if event.impact:
            yield "  " + self._impact(event.impact)

    def _impact(self, impact: Impact) -> str:
        members = "、".join(clean(m) for m in impact.members)
        carried = f"，带动 {len(impact.members)} 人：{members}" if members else ""
        return f"群情绪: {impact.before:+.2f} → {impact.after:+.2f}{carried}"

    def _reason(self, key: str) -> str:
        if known := self._reasons.get(key):
            return known
        where, _, tag = key.rpartition("/")
        return f"{self._name(tag)}，见 {clean(where)}" if where else clean(key)

    def _name(self, tag: str) -> str:
        name = self._names.get(tag)
        return clean(f"{name} {tag}" if name else tag)

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._colour else text


def clean(text: str) -> str:
    return text.translate(_UNSAFE)


def _short(text: str, cells: int = 40) -> str:
    text = clean(text[:cells])
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + "…"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _merged(spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _remember(cache: OrderedDict[str, _T], key: str, value: _T) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > REMEMBERED:
        cache.popitem(last=False)
