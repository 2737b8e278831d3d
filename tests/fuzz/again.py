"""
An input that broke a subject, seen again without a fuzzer.
"""

import base64
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.name for path in CORPUS.iterdir())


def broke(name: str, folder: Path) -> list[str]:
    """
    Return the command for each input in `folder` that broke the subject, sorted; it holds the input, in base64.

    A file that libFuzzer left there begins with the subject's name, and then says what it was: crash, timeout, oom.
    """
    found = sorted(path for kind in ("crash", "timeout", "oom") for path in folder.glob(f"{name}-{kind}-*"))
    return [
        f"python3 -m tests.fuzz {name} --again {base64.b64encode(path.read_bytes()).decode()}" for path in found
    ]


def again(name: str, text: str) -> None:
    """
    Give the input that `text` is in base64 to the subject, once.
    """
    from tests.fuzz.subjects import once  # noqa: PLC0415  the fuzzer wants to see it loaded

    once(name, base64.b64decode(text, validate=True))
