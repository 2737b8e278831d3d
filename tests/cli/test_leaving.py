"""
The end of a command's process.
"""

import subprocess
import sys

import pytest


def left(*lines: str) -> tuple[int, str]:
    """
    Return the exit code of a process that runs the lines, and what it printed.
    """
    program = "\n".join(("import atexit", "from reconciler.cli.leaving import keep, leave", *lines))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


@pytest.mark.parametrize("gathered", ["", "keep([1], [2])"], ids=["little", "much"])
def test_all_that_was_printed_has_left_and_the_code_is_told(gathered: str) -> None:
    """
    Whatever a command has gathered, its answer is whole, and its code the one that it gave.
    """
    told = left(gathered, "print('answer ' * 100_000)", "leave(4)")

    assert told == (4, "answer " * 100_000 + "\n")


def test_memory_is_given_back_at_once_where_there_is_much() -> None:
    """
    What Python does before it ends is left out only where a command has kept what it gathered.
    """
    said = "atexit.register(print, 'given back')"

    assert (left(said, "leave(0)"), left(said, "keep([1])", "leave(0)")) == ((0, "given back\n"), (0, ""))


def test_reader_who_has_gone_ends_nothing_early() -> None:
    """
    Where what was printed can no longer leave, the process ends as any other does.
    """
    gone = ("import os, sys", "os.close(1)", "keep([1])", "print('nobody reads this')", "leave(4)")

    assert left(*gone)[0] not in {0, 4}
