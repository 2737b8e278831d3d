"""
What an auditor is told: who owned a field, what it held, when, by which run and commit.
"""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from reconciler.core.canonical import encode
from reconciler.core.ledger import RunChange, RunClaim, RunHeader
from reconciler.core.model import Inputs
from reconciler.core.runs import Commit, Run, decode_runs
from reconciler.history import known_as, owners_over_time, read_runs
from reconciler.store import EmptyStore, GitStore


def landed(key: str, before: dict[str, Any], after: dict[str, Any], **rest: Any) -> RunChange:
    """
    Return an update of a user that landed.
    """
    told: dict[str, Any] = {
        "action": "update",
        "kind": "user",
        "name": key.title(),
        "because": {},
        "outcome": "landed",
    } | rest
    return RunChange(id="c", key=key, before=before, after=after, **told)


def claim(key: str, field: str, *, owner: Any, was: Any, value: Any, **rest: Any) -> RunClaim:
    """
    Return a claim of a user's field that changed hands.
    """
    told: dict[str, Any] = {"kind": "user", "name": key.title(), "row": 16, "text": "now the admin's"} | rest
    return RunClaim(key=key, field=field, owner=owner, was=was, value=value, **told)


def content(run: int, *lines: RunChange | RunClaim) -> bytes:
    """
    Return the record of `run`, which ran at midnight of that day of the month.
    """
    header = RunHeader(
        run=run,
        time=f"2026-11-{run:02}T00:00:00Z",
        scope="all",
        who="ann@ci",
        tool="reconciler 0",
        inputs=Inputs(),
        plan="",
        approval="",
        previous="",
    )
    return b"".join(encode(line) + b"\n" for line in (header, *lines))


def ran(*runs: tuple[RunChange | RunClaim, ...]) -> tuple[Run, ...]:
    """
    Return the runs with these lines, numbered from 1, each added by a commit named for it.
    """
    return decode_runs(
        (f"runs/2026/{run}.jsonl", content(run, *lines), Commit(commit=f"commit-{run}", who="ann", time="t"))
        for run, lines in enumerate(runs, start=1)
    )


STORY = ran(
    (
        landed("ann", {}, {"locale": "en_US", "last_name": "Lee"}, action="create", because={"locale": "policy"}),
        claim("ann", "locale", owner="git", was=None, value="en_US", row=0, text="written"),
        landed("bob", {}, {"locale": "en_US"}, action="create"),
    ),
    (claim("ann", "locale", owner="admin", was="git", value="de_DE"),),
    (
        landed("ann", {"last_name": "Lee"}, {"last_name": "Roe"}),
        landed("bob", {"locale": "en_US"}, {"locale": "fr_FR"}, outcome="failed"),
        landed("ann", {"locale": "de_DE"}, {"locale": "es_ES"}, because={"locale": "override"}),
    ),
)


def test_the_life_of_a_field_is_told_in_order() -> None:
    """
    Each value that landed and each change of hands is a row: run, commit, owner before and after, value, cause.
    """
    told = [
        (event.run, event.commit, event.action, event.was, event.owner, event.before, event.value, event.text)
        for event in owners_over_time(STORY, user="ann", field="locale")
    ]

    assert told == [
        (1, "commit-1", "create", None, "git", UNSET, "en_US", "policy"),
        (1, "commit-1", "claim", None, "git", UNSET, "en_US", "written"),
        (2, "commit-2", "claim", "git", "admin", UNSET, "de_DE", "now the admin's"),
        (3, "commit-3", "update", "admin", "admin", "de_DE", "es_ES", "override"),
    ]


def test_a_field_that_nobody_ever_claimed_has_no_owner() -> None:
    """
    Of a field that is Git's by policy the record tells values, and no owner.
    """
    told = owners_over_time(STORY, user="ann", field="last_name")

    assert [(event.value, event.owner, event.was) for event in told] == [("Lee", None, None), ("Roe", None, None)]
    assert {(event.who, event.outcome, event.kind, event.key, event.name) for event in told} == {
        ("ann@ci", "landed", "user", "ann", "Ann")
    }


def test_what_did_not_land_is_not_told() -> None:
    """
    A change that failed changed nothing, so it is no row.
    """
    assert [event.run for event in owners_over_time(STORY, user="bob")] == [1]


def test_since_leaves_out_rows_but_not_what_they_decided() -> None:
    """
    A later row still knows the owner that an earlier, omitted run decided.
    """
    (event,) = owners_over_time(STORY, user="ann", field="locale", since="2026-11-03")

    assert (event.run, event.owner) == (3, "admin")
    assert owners_over_time(STORY, since="2026-11-04") == ()


def test_everybody_is_told_sorted_by_run_and_place() -> None:
    """
    Without a question every row is told, in one order whatever the order within a record.
    """
    told = [(event.run, event.key, event.field) for event in owners_over_time(STORY)]

    assert told == sorted(told)
    assert len(told) == 7


def test_a_change_of_no_field_is_told_of_the_whole_entity() -> None:
    """
    A delete that names no field is one row, without field or value; one that does has the value that was lost.
    """
    runs = ran((landed("ann", {}, {}, action="delete"), landed("bob", {"locale": "x"}, {}, action="delete")))
    told = [(event.key, event.field, event.before, event.value) for event in owners_over_time(runs)]

    assert told == [("ann", "", UNSET, UNSET), ("bob", "locale", "x", UNSET)]


def test_groups_are_told_too_but_not_for_a_user_of_that_name() -> None:
    """
    A question about a user is not answered with a group that bears the same key.
    """
    runs = ran(
        (
            landed("ann", {}, {"x": "1"}, kind="group"),
            claim("ann", "x", owner="git", was=None, value="1", kind="group"),
        )
    )

    assert len(owners_over_time(runs)) == 2
    assert owners_over_time(runs, user="ann") == ()


NAMED = ran(
    (landed("k1", {}, {"user_name": "lee", "email": "Ann@Example.com", "roles": ("lee2",)}, name="Ann Lee"),),
    (landed("k1", {"user_name": "lee"}, {"user_name": "roe", "email": None}, name="Ann Roe"),),
    (
        landed("k2", {}, {"user_name": "lee"}, name="Lee Min"),
        claim("k3", "x", owner="git", was=None, value=1, name="Kim"),
    ),
)


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        pytest.param("k1", {"k1"}, id="key"),
        pytest.param("ann@example.com", {"k1"}, id="address in other letters"),
        pytest.param("roe", {"k1"}, id="present name"),
        pytest.param("ANN LEE", {"k1"}, id="name in the target, before"),
        pytest.param("lee", {"k1", "k2"}, id="a login that two people had"),
        pytest.param("kim", {"k3"}, id="known by a claim alone"),
        pytest.param("K1", set(), id="a key is exact"),
        pytest.param("lee2", set(), id="a role is no name"),
    ],
)
def test_a_user_is_found_by_any_name_ever_borne(asked: str, keys: set[str]) -> None:
    """
    A key, or any name or address that a run recorded, finds the user; a login used again finds both.
    """
    assert known_as(NAMED, asked) == keys


def test_the_repository_alone_tells_it(tmp_path: Path) -> None:
    """
    Records and the commits that added them are read from Git, without ledger rows and without a target.
    """
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    noon = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
    store = GitStore.open(tmp_path, root="ledger", branch="ledger", author=("R", "r@localhost"), now=lambda: noon)
    told: list[tuple[RunChange | RunClaim, ...]] = [STORY[0].changes, STORY[1].claims]
    commits = [
        store.commit({f"runs/2026/{run}.jsonl": content(run, *lines)}, "x", parent=store.revision())
        for run, lines in enumerate(told, start=1)
    ]
    runs = read_runs(store)

    assert [run.commit for run in runs] == [
        Commit(commit=commit, who="R <r@localhost>", time="2026-11-22T12:00:00Z") for commit in commits
    ]
    assert [event.commit for event in owners_over_time(runs, user="ann", field="locale")] == commits


def test_without_a_repository_there_is_no_history() -> None:
    """
    Where nothing was ever committed, nothing is told.
    """
    assert read_runs(EmptyStore()) == ()
