"""
A decision as an override file: one way to write it, and it is read as it was meant.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.files.new_override import Entry, override_text, write_override
from reconciler.files.scan import scan
from reconciler.files.schema import check
from reconciler.files.yamlio import parse

ENTRY: Entry = {
    "user": "ann@example.com",
    "take": ("locale", "profiles"),
    "reviewed": {"profiles": ("Audit", "Risk: all"), "locale": None},
    "reason": "AUD-1",
}


def read(text: str) -> Any:
    """
    Return the one entry of an override file, as its schema types it.
    """
    checked = check(parse(scan(text.encode(), "new.yaml")), "overrides")
    assert checked.faults == ()
    (entry,) = checked.value
    return entry


def test_override_is_written_in_one_way() -> None:
    """
    Keys are sorted, and only what could be read otherwise is quoted.
    """
    assert override_text(ENTRY).splitlines()[1:] == [
        "- reason: AUD-1",
        '  reviewed: {locale: null, profiles: [Audit, "Risk: all"]}',
        "  take: [locale, profiles]",
        "  user: ann@example.com",
    ]


def test_editor_is_told_the_schema() -> None:
    """
    The first line names the schema, so that an editor completes and explains.
    """
    first = override_text(ENTRY).splitlines()[0]

    assert first == "# yaml-language-server: $schema=../../schemas/overrides.schema.json"


@pytest.mark.parametrize(
    "text", ["no", "True", "null", "0123", "1e3", "12:30", "~", "", " a ", "- a", "a: b", "a #b"]
)
def test_text_that_yaml_takes_for_something_else_stays_text(text: str) -> None:
    """
    What one version of YAML or another reads as no text is quoted.
    """
    entry = read(override_text({"user": "ann", "give": ("locale",), "reviewed": {"locale": text}, "reason": "x"}))

    assert entry["reviewed"] == {"locale": text}
    assert type(entry["reviewed"]["locale"]) is str


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), min_size=1))
def test_any_printable_text_is_read_as_it_was_written(text: str) -> None:
    """
    No reason, and no value, can say more in the file than it says as text.
    """
    entry: Entry = {"user": text, "give": ("locale",), "reviewed": {"locale": text}, "reason": text}

    assert read(override_text(entry)) == {**entry, "give": ["locale"]}


@pytest.mark.parametrize("value", [True, False, 7, None], ids=["true", "false", "number", "null"])
def test_value_keeps_its_type(value: bool | int | None) -> None:  # noqa: FBT001 - a value, not a flag
    """
    What is no text is read back as what it was.
    """
    entry = read(override_text({"user": "ann", "take": ("locked",), "reviewed": {"locked": value}, "reason": "x"}))

    assert entry["reviewed"] == {"locked": value}


def test_file_is_never_overwritten(tmp_path: Path) -> None:
    """
    The same decision has the same name, and the second time it is refused.
    """
    path = write_override(tmp_path / "overrides", "take", ENTRY)

    assert path.read_text() == override_text(ENTRY)
    with pytest.raises(UsageError, match="is there already"):
        write_override(tmp_path / "overrides", "take", ENTRY)
