"""
Tables as text: each line that cannot be right is refused with its number.
"""

from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.ports import Reading
from reconciler.sources.csvfile import ADAPTER
from tests.sources.test_clouds import asking

HEAD = "key,user_name,state,groups\n"


def read(folder: Path, users: str | bytes, groups: str | None = None) -> Reading:
    """
    Return what the tables say.
    """
    (folder / "users.csv").write_bytes(users if isinstance(users, bytes) else users.encode())
    if groups is not None:
        (folder / "groups.csv").write_text(groups)
    assert ADAPTER.files
    return ADAPTER.files([folder], asking("example"))


@pytest.mark.parametrize(
    ("users", "line", "told"),
    [
        pytest.param("", 1, "has no column key", id="empty"),
        pytest.param("key,mail\n", 1, "has no column key, and user_name", id="of-nothing"),
        pytest.param("key;user_name\n1;ann\n", 1, "has no column key", id="semicolons"),
        pytest.param("key,user_name,key\n", 1, "names columns twice: key", id="twice"),
        pytest.param(HEAD + "1,ann,active\n", 2, "has 3 columns, and the header 4", id="short"),
        pytest.param(HEAD + "1,ann,active,a,b\n", 2, "has 5 columns, and the header 4", id="long"),
        pytest.param(HEAD + '1,"a\nb",active,\n2,bob\n', 4, "has 2 columns", id="after-two-lines"),
        pytest.param(HEAD + ",ann,active,\n", 2, "key is empty", id="key"),
        pytest.param(HEAD + "1, ,active,\n", 2, "user_name is empty", id="name"),
        pytest.param(HEAD + "1,ann,active,\n1,bob,active,\n", 3, "key 1 stands at", id="same-key"),
        pytest.param(HEAD + '1,"ann,active,\n', 2, "is no table: unexpected end", id="open-quote"),
        pytest.param(HEAD + '1,"a"nn,active,\n', 2, "is no table", id="quote-within"),
        pytest.param(HEAD + "1,an\0n,active,\n", 2, "holds a NUL", id="nul"),
        pytest.param(HEAD.encode() + b"1,J\xfcrgen,active,\n", 2, "is not UTF-8", id="latin"),
    ],
)
def test_line_that_cannot_be_right_is_refused(tmp_path: Path, users: str | bytes, line: int, told: str) -> None:
    """
    The file and the line are told, counted as an editor counts them.
    """
    with pytest.raises(InputError) as refused:
        read(tmp_path, users)

    assert [fault.line for fault in refused.value.faults] == [line]
    assert told in refused.value.message


def test_group_that_no_table_has_is_refused(tmp_path: Path) -> None:
    """
    Where groups are described, whoever is in another one is a slip of the pen.
    """
    with pytest.raises(InputError, match="is in group rsik, which no table has"):
        read(tmp_path, HEAD + "1,ann,active,rsik\n", "key,name\nrisk,Risk\n")


def test_groups_that_nobody_describes_are_those_that_people_are_in(tmp_path: Path) -> None:
    """
    Without a table of groups their names are all there is.
    """
    found = read(tmp_path, HEAD + "1,ann,active,Risk; Audit\n")

    assert [(one.key, one.name) for one in found.groups] == [("Audit", "Audit"), ("Risk", "Risk")]


def test_line_break_that_is_no_end_of_line_parts_nothing(tmp_path: Path) -> None:
    """
    U+2028, U+0085 and a form feed are characters of a cell, not the end of a row.
    """
    found = read(tmp_path, HEAD + "1,a\u2028b\x85c\x0cd,active,\n")

    assert [one.user_name for one in found.users] == ["a\u2028b\x85c\x0cd"]


def test_table_of_groups_alone_is_not_the_whole(tmp_path: Path) -> None:
    """
    Without people nobody is removed.
    """
    found = read(tmp_path, "key,name\nrisk,Risk\n")

    assert found.faults == ("no users were given",)


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        pytest.param("E-Mail", "; did you mean email?", id="near"),
        pytest.param("shoe size", "", id="far"),
    ],
)
def test_column_that_is_left_out_is_told_with_its_file(tmp_path: Path, column: str, hint: str) -> None:
    """
    A mistyped header loses nothing in silence: the note names the file, the column, and ours that is like it.
    """
    notes = read(tmp_path, f"key,user_name,state,{column}\n1,ann,active,x\n").notes

    assert f"{tmp_path / 'users.csv'}:1: column {column} is no field of ours, left out{hint}" in notes


@pytest.mark.parametrize(
    ("head", "groups", "told"),
    [
        pytest.param("state", "key,name\n", ["users.csv", "groups"], id="none"),
        pytest.param("group", "key,name\n", ["users.csv", "groups", "did you mean group?"], id="misspelt"),
        pytest.param("Groups", None, ["users.csv", "groups", "did you mean Groups?"], id="capitals"),
        pytest.param("role", None, ["users.csv", "roles", "did you mean role?"], id="roles"),
        pytest.param("groups", "key,name,rolse\n", ["groups.csv", "roles", "did you mean rolse?"], id="of-groups"),
        pytest.param("groups", "key,name\n", [], id="right"),
        pytest.param("title", None, [], id="another-word"),
    ],
)
def test_set_that_no_column_tells_is_not_empty(
    tmp_path: Path, head: str, groups: str | None, told: list[str]
) -> None:
    """
    A missing or misspelt column would put everybody out of every group: the export is not the whole.
    """
    found = read(tmp_path, f"key,user_name,{head}\n1,ann,\n", groups)

    assert (len(found.faults), found.complete) == (bool(told), not told)
    assert all(word in "".join(found.faults) for word in told)
