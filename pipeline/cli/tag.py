"""``convtag tag``: the whole pipeline without a broker, utterances in, events out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.edges.runner import Engine

DESCRIPTION = """Reads utterances (JSON lines, UTF-8, plain or gzip) and writes tag, contact and flag events, one JSON
object a line, in the order of the input and while it is still being read: a line waits at most 50 ms for its block.
A line that is no valid utterance is a reject: counted, named on stderr or kept by --rejects, and no reason to stop."""

EXAMPLES = """examples:
  convtag tag calls.jsonl chats.jsonl.gz -o events.jsonl --rejects rejects.jsonl
  tail -F live.jsonl | convtag tag - | grep '"event":"flag"'
  convtag tag group.jsonl --view | less -R

"""


def add_parser(subparsers: Any) -> None:
    from pipeline.cli import EXIT_CODES  # a circle at the top of the file

    parser = subparsers.add_parser(
        "tag",
        description=DESCRIPTION,
        epilog=EXAMPLES + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="utterances; - or nothing: standard input")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="write the events here (default: standard output)")
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="keep rejected lines here: file, line, error, raw line")
    parser.add_argument("--profiles", type=Path, metavar="FILE", help="write every customer's profile here at the end")
    parser.add_argument("--rules", type=Path, metavar="DIR", help="use these rules instead of the built-in ones")
    parser.add_argument("--models", type=Path, metavar="DIR", help="use these models instead of the built-in ones")
    parser.add_argument("--view", action="store_true", help="show conversations for people on standard output, in Chinese")
    parser.add_argument("-q", "--quiet", action="store_true", help="nothing but errors on stderr")
    parser.set_defaults(usage=parser.format_help)


def load_engine(args: argparse.Namespace) -> Engine:
    from pipeline.engine import Engine  # rules and models: not for --help

    return Engine.load(args.rules, args.models)


def run(args: argparse.Namespace) -> int:
    if not args.files and sys.stdin is not None and sys.stdin.isatty():
        print(args.usage(), end="", file=sys.stderr)
        return 2
    from pipeline.edges.files import tag_files  # msgspec and the rest: not for --help

    return tag_files(
        load=lambda: load_engine(args),
        files=args.files or ["-"],
        output=None if args.output == Path("-") else args.output,
        rejects=args.rejects,
        profiles=args.profiles,
        view=args.view,
        quiet=args.quiet,
    )
