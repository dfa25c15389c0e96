"""Whatever ends a command early -> a message in three parts, and the exit status."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from kinfold.cli import process
from kinfold.data.faults import shown
from kinfold.errors import InvalidParameterError, KinfoldError, MachineError

#: Usage errors of the command-line library: the class behind `typer.BadParameter`, wherever it lives.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

STOPPED, TERMINATED, BUG = 130, 143, 7
_LONGEST = 2000


class AlreadyToldError(Exception):
    """Ends a command whose error is already part of its output; `status` is the exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Wish:
    """How the caller wants errors: as JSON, with the traceback."""

    json: bool
    debug: bool
    argv: tuple[str, ...] = ()

    @classmethod
    def of(cls, argv: Sequence[str]) -> Wish:
        """Read it off the arguments themselves, since they may be what is wrong."""
        options = list(argv)
        if "--" in options:
            options = options[: options.index("--")]
        return cls("--json" in options, "--debug" in options, tuple(argv))


def tell(error: BaseException, wish: Wish) -> int:
    """Report an error; return the exit status."""
    if isinstance(error, AlreadyToldError):
        return error.status
    if isinstance(error, BrokenPipeError):
        process.silence_stdout()
        return 0
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if isinstance(error, KeyboardInterrupt | process.Terminated | typer.Abort):
        return _stopped(isinstance(error, process.Terminated))
    if _wants_help(error):
        sys.stderr.write(_help(error))
        return 2
    known = as_known(error, wish)
    try:
        if wish.json:
            sys.stdout.write(json.dumps({"error": as_json(known)}, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            sys.stderr.write(as_text(known, colour=_colour()))
        if wish.debug:
            sys.stderr.write("".join(traceback.format_exception(error)))
        sys.stderr.flush()
    except BrokenPipeError:
        process.silence_stdout()
    return known.exit_code


def as_known(error: BaseException, wish: Wish) -> KinfoldError:
    """Return the error as one of ours; what nobody foresaw is a bug, and is written to a crash file."""
    if isinstance(error, KinfoldError) and error.exit_code != BUG:
        return error
    if isinstance(error, UsageError):
        return _usage(error)
    if isinstance(error, MemoryError):
        return MachineError(
            "there is not enough memory for this", fix="use a machine with more, or fewer rows", code="M-010"
        )
    if isinstance(error, OSError):
        name = shown(os.fsdecode(error.filename), 200) if isinstance(error.filename, str | bytes) else ""
        what = f"{name}: {error.strerror}" if name else f"the machine refused: {error.strerror or error}"
        return MachineError(what, fix="check the disk, the path and its permissions", code="M-011")
    return _bug(error, wish)


def as_json(error: KinfoldError) -> dict[str, object]:
    """Return the parts of an error for a program."""
    parts = {"code": error.code, "what": error.what, "seen": error.seen, "why": error.why, "try": error.fix}
    return {**{name: visible(text) for name, text in parts.items()}, "exit": error.exit_code}


def as_text(error: KinfoldError, *, colour: bool = False) -> str:
    """Return the parts of an error for a person, lines that are not there left out."""
    head = f"error {error.code}:" if error.code else "error:"
    lines = [f"\x1b[1;31m{head}\x1b[0m {visible(error.what)}" if colour else f"{head} {visible(error.what)}"]
    lines += [f"  {name:<6} {visible(text)}" for name, text in error.details()]
    return "\n".join(lines) + "\n"


def visible(text: str, limit: int = _LONGEST) -> str:
    """Return text in which nothing can move a terminal's cursor; line ends stay."""
    return "\n".join(shown(line, limit) for line in text.split("\n"))


def _usage(error: Exception) -> InvalidParameterError:
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "kinfold"
    message = error.format_message() if isinstance(error, UsageError) else str(error)  # type: ignore[attr-defined]
    return InvalidParameterError(message.strip(), fix=f"{where} --help", code="U-001")


def _wants_help(error: BaseException) -> bool:
    """Return whether a group was named without a verb: then its help is the answer, not an error."""
    return type(error).__name__ == "NoArgsIsHelpError"


def _help(error: BaseException) -> str:
    return str(error.ctx.get_help()) + "\n"  # type: ignore[attr-defined]


def _stopped(terminated: bool) -> int:
    try:
        sys.stderr.write("\nstopped: nothing was left half-written\n")
        sys.stderr.flush()
    except OSError:
        pass
    return TERMINATED if terminated else STOPPED


def _bug(error: BaseException, wish: Wish) -> KinfoldError:
    name = f"crash-{os.urandom(4).hex()}.txt"
    report = [
        f"kinfold crashed on Python {sys.version}, {sys.platform}",
        f"arguments: {' '.join(map(ascii, wish.argv))}",
        "",
        *traceback.format_exception(error),
    ]
    if isinstance(error, KinfoldError):
        report += [f"  {part} {text}" for part, text in error.details()]
    written = ""
    for folder in (os.curdir, os.path.expanduser("~")):
        try:
            path = name if folder == os.curdir else os.path.join(folder, name)
            with open(path, "x", encoding="utf-8", errors="backslashreplace") as file:
                file.write("\n".join(report))
            written = path
            break
        except OSError:
            continue
    what = error.what if isinstance(error, KinfoldError) else f"{type(error).__name__}: {error}"
    return KinfoldError(
        "this is a bug in kinfold, not a fault of yours",
        seen=visible(what, 200),
        why=f"the details are in {written}" if written else "no crash file could be written: add --debug",
        fix="please report it with that file, once you have looked that nothing private is in it",
        code="K-001",
    )


def _colour() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
