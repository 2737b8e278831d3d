"""
Records as a table, as JSON and as CSV.
"""

import csv
import io
import json

import pytest

from reconciler.core.model import Value
from reconciler.render.tables import Form, Record, render_records, render_table

COLUMNS = ("user", "value")


def rendered(form: Form, *records: Record, color: bool = False) -> str:
    """
    Return records with a name and a value in one of the forms.
    """
    return render_records(records, form, columns=COLUMNS, values=frozenset({"value"}), color=color)


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """
    Cells begin where their heading does, also beside letters that take two columns or none.
    """
    table = render_table([["ann", "1"], ["\u5f20\u4f1f\u5f20", "2"], ["n\u0303o", "3"]], ("user", "run"))

    assert table.splitlines() == ["USER    RUN", "ann     1", "\u5f20\u4f1f\u5f20  2", "n\u0303o      3"]


@pytest.mark.parametrize(
    ("value", "shown", "cell"),
    [
        pytest.param("en", '"en"', "en", id="text"),
        pytest.param("", '""', "", id="empty text"),
        pytest.param(None, "(empty)", "(empty)", id="cleared"),
        pytest.param(True, "true", "true", id="true"),
        pytest.param(0, "0", "0", id="number"),
        pytest.param(("a", "b"), '{"a", "b"}', "a; b", id="set"),
        pytest.param("a\u202eb", '"a<U+202E>b"', "a<U+202E>b", id="hidden"),
        pytest.param("=1+1", '"=1+1"', "'=1+1", id="formula"),
    ],
)
def test_value_is_shown_for_its_reader(value: Value, shown: str, cell: str) -> None:
    """
    A table shows a value as a plan does, a spreadsheet gets it plain, JSON has it exactly.
    """
    record: Record = {"user": "ann", "value": value}
    told = json.loads(rendered("json", record))

    assert rendered("table", record).splitlines()[1] == f"ann   {shown}"
    assert list(csv.reader(io.StringIO(rendered("csv", record)))) == [list(COLUMNS), ["ann", cell]]
    assert told == [{"user": "ann", "value": list(value) if isinstance(value, tuple) else value}]


def test_name_is_escaped_and_cut() -> None:
    """
    A name can neither act on a terminal nor fill it.
    """
    line = rendered("table", {"user": "\x1b" + "n" * 1_000, "value": 1}).splitlines()[1]

    assert line.startswith("<U+001B>nnn")
    assert "(1,001 characters, sha256:" in line
    assert len(line) < 250


def test_what_a_record_does_not_say_is_no_value() -> None:
    """
    A missing entry is an empty cell, and no key in JSON.
    """
    assert rendered("table", {"user": "ann"}).splitlines()[1] == "ann"
    assert rendered("csv", {"user": "ann"}).splitlines()[1] == "ann,"
    assert json.loads(rendered("json", {"user": "ann"})) == [{"user": "ann"}]


def test_only_the_heading_is_coloured() -> None:
    """
    Colour marks the heading and never what somebody wrote.
    """
    heading, row = rendered("table", {"user": "ann", "value": 1}, color=True).splitlines()

    assert heading == "\x1b[1mUSER  VALUE\x1b[0m"
    assert row == "ann   1"


def test_nothing_is_a_heading_and_an_empty_list() -> None:
    """
    An answer without records is still an answer in its form.
    """
    assert rendered("table") == "USER  VALUE\n"
    assert rendered("csv") == "user,value\r\n"
    assert json.loads(rendered("json")) == []
