"""
Every input that ever broke a loader or a renderer, and those the fuzzer starts from: only our errors escape.
"""

from pathlib import Path

import pytest

from tests.fuzz.subjects import SUBJECTS, once

CORPUS = Path(__file__).parent / "corpus"
INPUTS = sorted(CORPUS.glob("*/*"))


@pytest.mark.parametrize("path", INPUTS, ids=[f"{path.parent.name}/{path.name}" for path in INPUTS])
def test_input_of_the_corpus_breaks_nothing(path: Path) -> None:
    """
    Each is read, or refused in our own words.
    """
    assert once(path.parent.name, path.read_bytes()) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("name", SUBJECTS)
def test_fuzzer_starts_from_something_sound(name: str) -> None:
    """
    The corpus of each subject has an input that is accepted whole, so that the fuzzer gets behind the first check.
    """
    assert SUBJECTS[name]((CORPUS / name / "sound.bin").read_bytes()) is None
