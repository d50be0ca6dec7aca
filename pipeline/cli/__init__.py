"""``convtag``: one file per command, and a command's modules are imported only when it is the one to run."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

from pipeline.edges.console import write
from pipeline.errors import InputError

EXIT_CODES = """exit codes: 0 done, also with rejects; 2 unusable arguments, rules, input or output;
130 / 143 ended early by SIGINT / SIGTERM, what was read is delivered; 141 the reader of the output went away"""


class Command(NamedTuple):
    """Its module has ``add_parser(subparsers)`` and ``run(args) -> int``."""

    name: str
    module: str
    help: str


COMMANDS = [
    Command("tag", "pipeline.cli.tag", "tag utterances (JSON lines) and raise flags: events out, one a line"),
    Command("explain", "pipeline.cli.explain", "show how one utterance is tagged, and why"),
    Command("rules", "pipeline.cli.rules", "check all rules and run their examples"),
    Command("train", "pipeline.cli.train", "train the model on labelled text"),
    Command("evaluate", "pipeline.cli.evaluate", "measure rules and model on labelled text"),
]


def main(argv: Sequence[str] | None = None) -> int:
    """The console script. A user's mistake is one line on stderr, never a traceback."""
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except InputError as e:
        complain(str(e))
        return 2
    except BrokenPipeError:
        _drop_stdout()
        return 128 + signal.SIGPIPE
    except OSError as e:
        if e.errno != errno.ENOSPC:
            raise
        _drop_stdout()
        complain(f"cannot write: {e.strerror}")
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _drop_stdout() -> None:
    """Or Python would try again, and complain, while it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def complain(message: str) -> None:
    write(f"convtag: error: {' '.join(message.splitlines())}\n")


def _run(argv: list[str]) -> int:
    first = next((a for a in argv if not a.startswith("-")), None)  # no option before the command takes a value
    wanted = next((c for c in COMMANDS if c.name == first), None)
    parser = _Parser(
        prog="convtag",
        description="Tags and flags for Chinese customer conversations, each with its evidence.",
        epilog=f"example: convtag tag calls.jsonl -o events.jsonl\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    module: Any = None
    for command in COMMANDS:
        if command is wanted:
            module = import_module(command.module)
            module.add_parser(subparsers)
        else:
            subparsers.add_parser(command.name, help=command.help)
    try:
        args, rest = parser.parse_known_args(argv)
        unknown = [a for a in rest if a.startswith("-") and a != "-"]
        if rest and (unknown or "files" not in args):
            parser.error(f"unrecognized arguments: {' '.join(unknown or rest)}")
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else 2
    if rest:
        args.files += rest  # argparse takes positionals only once: of "a -o out b" it leaves b
    code: int = module.run(args)
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        complain(f"{message} (see {self.prog} --help)")
        self.exit(2)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version  # 30 ms that only this option needs

        print("convtag", version("convtag"))
        parser.exit()
