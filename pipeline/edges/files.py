"""``tag_files``: puts sources, engine and sinks together for one run, and takes care of how it may end."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from pipeline.edges.blocks import BlockReader
from pipeline.edges.console import Console, coloured
from pipeline.edges.rejects import RejectLog
from pipeline.edges.runner import Engine, Show, json_lines, run_files, write_profiles
from pipeline.edges.sinks import Sink, check_targets
from pipeline.edges.sources import Source
from pipeline.edges.stopping import Stop
from pipeline.edges.summary import Summary


def tag_files(
    *,
    load: Callable[[], Engine],
    files: Sequence[str],
    output: Path | None = None,
    rejects: Path | None = None,
    profiles: Path | None = None,
    view: bool = False,
    quiet: bool = False,
) -> int:
    """The exit code. What can be known to fail is found before a file is touched: inputs, targets, then the rules."""
    sources = [Source(name) for name in files]
    to_stdout = output is None or view
    targets = [("-o", output), ("--rejects", rejects), ("--profiles", profiles)]
    check_targets(sources, [t for t in targets if t[1]] + ([("standard output", None)] if to_stdout else []))
    engine = load()
    _collect_garbage_rarely()
    names: Mapping[str, str] = getattr(engine, "tag_names", {})
    with ExitStack() as stack:

        def sink(path: Path | None) -> Sink:
            return stack.enter_context(closing(Sink(path)))

        deliver: list[Show] = []
        if view:
            from pipeline.view import View  # rich's widths: only for people

            deliver.append(View(sink(None).write, names, coloured(sys.stdout)).show)
        if output is not None or not view:
            deliver.append(json_lines(sink(output).write))
        console = Console(quiet, _progress_of(sources, to_stdout))
        log = RejectLog(sink(rejects).write if rejects else None, console.say)
        profile_sink = sink(profiles) if profiles else None

        stop = stack.enter_context(Stop())
        reader = BlockReader(sources, log, stop)
        summary = Summary()
        try:
            run_files(engine, reader, deliver, summary, console)
        finally:
            console.clear()
        if profile_sink:
            write_profiles(engine.profiles(), profile_sink.write)
        for line in summary.lines(log.count, names, coloured(sys.stderr)):
            console.say(line)
        for failure in reader.failures:
            console.insist(f"convtag: error: {failure}")
        if stop.signal:
            return 128 + stop.signal
        return 2 if reader.failures else 0


def _collect_garbage_rarely() -> None:
    """Rules and states are hundreds of thousands of objects that live on, and a block's own hold no circles: looking
    through them every 700 new objects costs a fifth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _progress_of(sources: Sequence[Source], to_stdout: bool) -> int | None:
    """Bytes to read, or None where a line of progress makes no sense: a live source, or events on the same terminal."""
    if any(s.size is None for s in sources) or (to_stdout and sys.stdout is not None and sys.stdout.isatty()):
        return None
    return sum(s.size or 0 for s in sources)
