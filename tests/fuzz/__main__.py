"""
Fuzz one subject for a while: `python -m tests.fuzz NAME --seconds 60`. What breaks it is written to `--crashes`.

Coverage guides the fuzzer (atheris, on libFuzzer). It starts from the corpus beside this file, and keeps what it
finds in a folder of its own; only inputs that broke something are worth a place in the corpus.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["reconciler"]):
    from tests.fuzz.subjects import SUBJECTS, once

CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """
    Fuzz the subject that the command line names; the exit code is not 0 where anything but our errors escaped.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", choices=SUBJECTS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--crashes", type=Path, default=Path(tempfile.gettempdir()))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as found:
        options = [
            f"-max_total_time={asked.seconds}",
            f"-artifact_prefix={asked.crashes}/{asked.name}-",
            "-timeout=30",
            "-max_len=16000",
        ]
        corpus = [found, str(CORPUS / asked.name)]
        atheris.Setup([sys.argv[0], *options, *corpus], lambda content: once(asked.name, content))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
