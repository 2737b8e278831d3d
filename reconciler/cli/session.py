"""
What all commands share: their options, and how they speak. Answers go to stdout, everything else to stderr.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click
from msgspec import Struct

from reconciler.render.escape import log_line

Function = TypeVar("Function", bound=Callable[..., Any])


class Session(Struct, frozen=True, kw_only=True):
    """
    How one command was called: on which state folder, and how it may speak.
    """

    state: Path
    quiet: bool
    verbose: bool
    color: bool
    environ: Mapping[str, str]

    def say(self, text: str) -> None:
        """
        Tell something that is not the answer, unless nobody wants to hear it.
        """
        if not self.quiet:
            click.echo(_lines(text), err=True)

    def whisper(self, text: str) -> None:
        """
        Tell something that only --verbose wants to hear.
        """
        if self.verbose:
            click.echo(_lines(text), err=True)

    @property
    def on_terminal(self) -> bool:
        """
        Return whether somebody sits there who can be asked.
        """
        return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """
        Yield a function that is told how many are done; on a terminal a bar shows it, if there is enough to do.
        """
        worth = _is_terminal(sys.stderr) and not self.quiet and total > 500  # noqa: PLR2004  less takes under a second
        if not worth:
            yield lambda _done: None
            return
        with click.progressbar(length=total, label=what, file=sys.stderr, show_pos=True) as bar:
            yield lambda done: bar.update(done - bar.pos)


def shared(command: Function) -> Function:
    """
    Return the command with the options that all commands have; it gets them as one `session`.
    """

    def wrapped(*, state: Path, quiet: bool, verbose: bool, no_color: bool, **options: Any) -> Any:  # noqa: ANN401
        color = _is_terminal(sys.stdout) and not no_color and not os.environ.get("NO_COLOR")
        session = Session(state=state, quiet=quiet, verbose=verbose, color=color, environ=os.environ)
        return command(session=session, **options)

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    options = (
        click.option("--no-color", is_flag=True, help="No colour, also on a terminal (as NO_COLOR does)."),
        click.option("-v", "--verbose", is_flag=True, help="Say more of what is done."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but the answer and errors."),
        click.option(
            "--state",
            type=click.Path(path_type=Path),
            default="state",
            show_default=True,
            metavar="DIR",
            help="The folder with reconciler.yaml.",
        ),
    )
    for option in options:
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def _is_terminal(stream: TextIO | None) -> bool:
    """
    Return whether somebody sits at a stream; one that was closed before the command began is None.
    """
    return stream is not None and stream.isatty()


def answer(text: str) -> None:
    """
    Print an answer on stdout; what it quotes of others is shown, never obeyed.
    """
    click.echo(_lines(text), nl=False)


def detail(text: str) -> None:
    """
    Tell on stderr what a failure consists of; --quiet asks for errors, too.
    """
    click.echo(_lines(text), err=True)


def complain(message: str, hint: str = "") -> None:
    """
    Tell a failure on stderr, with what to do about it.
    """
    click.echo(f"error: {_lines(message)}", err=True)
    if hint:
        click.echo(f"hint: {_lines(hint)}", err=True)


def _lines(text: str) -> str:
    """
    Return text that may quote somebody's values, with nothing in it that a terminal or a log would act on.
    """
    return "\n".join(log_line(line) for line in text.split("\n"))
