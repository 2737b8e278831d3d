"""
Fuzz one subject for a while: `python -m tests.fuzz NAME --seconds 60`. What breaks it is written to `--crashes`.

Coverage guides the fuzzer (atheris, on libFuzzer). It starts from the corpus beside this file, and keeps what it
finds in a folder of its own; only inputs that broke something are worth a place in the corpus. Each is told as the
command that gives it to the subject once more, whole: a file on a machine of CI is gone by the time it is missed.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from tests.fuzz.again import CORPUS, NAMES, again, broke


def main() -> None:
    """
    Fuzz the subject that the command line names; the exit code is not 0 where anything but our errors escaped.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="begin as another run did; 0: as none did")
    parser.add_argument("--crashes", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--again", metavar="BASE64", help="give this input to the subject, once, and fuzz nothing")
    asked = parser.parse_args()
    if asked.again is not None:
        again(asked.name, asked.again)
        return
    known = broke(asked.name, asked.crashes)
    code = _fuzzed(asked)
    for command in broke(asked.name, asked.crashes):
        if command not in known:
            sys.stderr.write(f"to see it again: {command}\n")
    sys.exit(code)


def _fuzzed(asked: argparse.Namespace) -> int:
    """
    Return how a process of its own ends that fuzzes: libFuzzer ends the one it breaks, or that takes too long.
    """
    child = os.fork()
    if not child:
        _fuzz(asked)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _fuzz(asked: argparse.Namespace) -> NoReturn:
    import atheris  # noqa: PLC0415  who sees an input again needs no fuzzer, which is for Linux alone

    with atheris.instrument_imports(include=["reconciler"]):
        from tests.fuzz.subjects import once  # noqa: PLC0415  seen by the fuzzer from here on

    with tempfile.TemporaryDirectory() as found:
        options = [
            f"-max_total_time={asked.seconds}",
            f"-artifact_prefix={asked.crashes}/{asked.name}-",
            f"-seed={asked.seed}",
            "-timeout=30",
            "-max_len=16000",
        ]
        atheris.Setup(
            [sys.argv[0], *options, found, str(CORPUS / asked.name)], lambda content: once(asked.name, content)
        )
        atheris.Fuzz()
    raise SystemExit


if __name__ == "__main__":
    main()
