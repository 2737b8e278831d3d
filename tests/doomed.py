"""
A command line run in a process of its own that is killed, or that loses its disk, at an effect of one's choice.

The process is forked from this one, which has everything loaded already: a real process with a number of its own,
ended by a real SIGKILL, and a second cheaper than one that starts from nothing. The listener is laid into the child
alone, so this process announces its effects to nobody.
"""

import json
import os
import re
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import git  # noqa: F401  loaded here once, and not by every child
import sqlalchemy  # noqa: F401  the same

from reconciler.cli.main import run
from reconciler.effects import EVENT


class Effect(NamedTuple):
    """
    One effect of a run: its place among the others, what was done, to what.
    """

    number: int
    verb: str
    what: str

    @property
    def kind(self) -> str:
        """
        What makes it one of a kind: a statement's words, a file's place and name without what counts or names.
        """
        if self.verb == "sql":
            return f"sql {_statement(self.what)}"
        return f"{self.verb} {self.what if self.verb == 'git' else _place(self.what)}"


class Ended(NamedTuple):
    """
    What a process left: its exit code (-9: killed), what it printed, and the effects it began, in their order.
    """

    code: int
    out: str
    err: str
    effects: tuple[Effect, ...]


Listener = Callable[[str, Effect], None]
"""Told `begins` or `ends`, and of which effect; what it raises, the effect raises."""

Witness = Callable[[str, tuple[Any, ...], bool], None]
"""Told every audit event, its arguments, and whether it comes inside an effect."""


def kill(number: int, moment: str) -> Listener:
    """
    Return the listener that kills the process when effect `number` `begins` or `ends`.
    """

    def listen(heard: str, effect: Effect) -> None:
        if (heard, effect.number) == (moment, number):
            os.kill(os.getpid(), signal.SIGKILL)

    return listen


def kill_before(kind: str, *, time: int) -> Listener:
    """
    Return the listener that kills the process before the first (1), second (2) or a later effect of its kind.
    """
    begun: list[Effect] = []

    def listen(heard: str, effect: Effect) -> None:
        if (heard, effect.kind) == ("begins", kind):
            begun.append(effect)
            if len(begun) == time:
                os.kill(os.getpid(), signal.SIGKILL)

    return listen


def fail(number: int, error: Exception) -> Listener:
    """
    Return the listener that has effect `number` fail with `error` before it begins.
    """

    def listen(heard: str, effect: Effect) -> None:
        if (heard, effect.number) == ("begins", number):
            raise error

    return listen


def let(_heard: str, _effect: Effect) -> None:
    """
    Let an effect be.
    """


def overlook(_event: str, _details: tuple[Any, ...], _inside: bool) -> None:  # noqa: FBT001  a listener's signature
    """
    Make nothing of an audit event.
    """


def reconciler(
    folder: Path,
    *arguments: str,
    now: str,
    listener: Listener = let,
    witness: Witness = overlook,
    path: str = "",
) -> Ended:
    """
    Return what the command line left that ran in `folder` at the time `now`, with `listener` at its effects.

    `witness` is at every audit event; `path` goes before the folders in which programs are looked for.
    """
    surroundings = {"RECONCILER_NOW": now, "PATH": f"{path}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as notes:
        place = Path(notes)
        with warnings.catch_warnings():
            # from Python 3.12 on: the thread by which pytest-xdist listens does nothing that the child would need
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            os.environ.update(surroundings)
            _live(folder, arguments, place, lambda: _listened(listener, witness, place / "effects"))
        _, status = os.waitpid(child, 0)
        listed = (place / "effects").read_text("utf-8").splitlines()
        return Ended(
            os.waitstatus_to_exitcode(status),
            (place / "out").read_text("utf-8"),
            (place / "err").read_text("utf-8"),
            tuple(Effect(*json.loads(line)) for line in listed),
        )


def _live(folder: Path, arguments: Sequence[str], notes: Path, listen: Callable[[], None]) -> NoReturn:
    """
    Be the child: run the command, and leave without any of the parent's clean-up.
    """
    code = 70
    try:
        _redirected(notes)
        os.chdir(folder)
        listen()
        code = run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  nothing of the child may go on as the parent's test
        traceback.print_exc()
    finally:
        os._exit(code)


def _redirected(notes: Path) -> None:
    """
    Have what this process prints written to files, whatever the test's own capture does.
    """
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(notes / name, os.O_WRONLY | os.O_CREAT), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  lives as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _listened(listener: Listener, witness: Witness, notes: Path) -> None:
    """
    Note every effect that begins in a file, which outlives a kill, and have the two hear of what happens.
    """
    file = os.open(notes, os.O_WRONLY | os.O_CREAT)
    under_way: list[Effect] = []
    begun = 0

    def hear(event: str, details: tuple[Any, ...]) -> None:
        nonlocal begun
        witness(event, details, bool(under_way))
        if event != EVENT:
            return
        if details[0] == "ends":
            listener("ends", under_way.pop())
        else:
            effect = Effect(begun, *details[1:])
            begun += 1
            os.write(file, json.dumps(effect).encode() + b"\n")
            under_way.append(effect)
            listener("begins", effect)

    sys.addaudithook(hear)


_NUMBERS = re.compile(r"\b[0-9a-f]{8,}\b|\d+|\(\?[?, ]*\)")


def _statement(sql: str) -> str:
    """
    Return the words of a statement, without the columns and conditions that one shape of it may have.

    Tables, triggers and views are made in one transaction, so one of them is like another.
    """
    words = _NUMBERS.sub("N", sql).split()
    return " ".join(words[: 1 if words[0] == "CREATE" else 5])


def _place(path: str) -> str:
    """
    Return a path's last folder and name, without digits and digests.
    """
    return "/".join(_NUMBERS.sub("N", part) for part in Path(path).parts[-2:])
