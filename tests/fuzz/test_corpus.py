"""
Every input that ever broke a loader or a renderer, and those the fuzzer starts from: only our errors escape.
"""

import base64
from pathlib import Path

import pytest

from tests.fuzz.again import CORPUS, NAMES, again, broke
from tests.fuzz.subjects import SUBJECTS, once

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


def test_corpus_has_a_folder_for_each_subject() -> None:
    """
    What is fuzzed is what has something to start from.
    """
    assert sorted(SUBJECTS) == NAMES


def test_input_that_broke_something_is_told_as_what_shows_it_again(tmp_path: Path) -> None:
    """
    The command that is printed holds the input whole, and gives it to the subject that it broke.
    """
    content = (CORPUS / "plan" / "sound.bin").read_bytes()
    for name in ("plan-crash-0a", "plan-oom-1b", "planet-crash-2c", "plan.fuzz"):
        (tmp_path / name).write_bytes(content if name == "plan-crash-0a" else b"\xff\n{")
    first, second = broke("plan", tmp_path)
    command, _, text = first.partition(" --again ")

    assert command == "python3 -m tests.fuzz plan"
    assert base64.b64decode(text) == content
    assert base64.b64decode(second.rpartition(" ")[2]) == b"\xff\n{"


def test_input_is_seen_again_by_its_subject() -> None:
    """
    What a subject refuses in our words ends in silence; what it breaks on breaks again.
    """
    broken = base64.b64encode(b"\n{").decode()

    assert again("plan", broken) is None  # type: ignore[func-returns-value]
    with pytest.raises(KeyError, match="planet"):
        again("planet", broken)
