"""
People of two joined sources: nobody becomes another who has an account, and nobody is lost when a join comes apart.
"""

import pytest

from reconciler.core.ledger import Head, Ledger, LedgerRow
from reconciler.wiring.bench import sound_state
from reconciler.wiring.drawing import drawn
from tests.cli.conftest import CLARA, Desk

HEADER = "key,user_name,email,state,roles\n"
OTHER = "hr-2,x,x@example.com,active,\n"
VIEWER = "- user: {}\n  roles: {{add: [Viewer]}}\n  reason: she reads reports\n"


def joins(desk: Desk, first: str) -> None:
    """
    Let personnel records come before the cloud, joined by e-mail, and say this of people.
    """
    config = desk.state / "reconciler.yaml"
    text = config.read_text().replace("sources:\n", "sources:\n  hr: {type: csv, account: personnel}\n", 1)
    config.write_text(text.replace("sources: [ibmcloud]\n", "sources: [hr, ibmcloud]\n    join: {by: email}\n"))
    says(desk, first, at="2026-11-20T07:00:00Z")


def says(desk: Desk, rows: str, *, at: str = "2026-11-20T07:30:00Z") -> None:
    """
    Let personnel records say this of people.
    """
    (desk.folder / "users.csv").write_text(HEADER + rows)
    desk.run("export", "hr", "--from", str(desk.folder / "users.csv"), "--fetched-at", at)
    desk.commit()


def test_two_known_people_never_become_one(desk: Desk) -> None:
    """
    Mallory, who can change an e-mail at one source, gets nothing of Clara's, and Clara stays as she is.
    """
    joins(desk, "hr-9,mallory,mallory@example.com,active,\n")
    desk.decides(VIEWER.format("mallory"))
    desk.run("apply", "--yes")
    says(desk, f"hr-9,mallory,{CLARA.upper()},active,\n")
    told = desk.run("plan", "--format", "json").json
    (conflict,) = told["conflicts"]

    assert told["changes"] == []
    assert "hr-9" in conflict["keys"]
    assert "at least two of them have an account each" in conflict["message"]
    assert conflict["release"].startswith("correct the email at one of the sources, or write ")
    assert desk.run("apply", "--yes").code == 3


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(f"hr-1,{CLARA},clara.new@example.com,active,\n" + OTHER, id="another-e-mail"),
        pytest.param("hr-1,clara.new,clara.new@example.com,active,\n" + OTHER, id="another-name-too"),
        pytest.param(OTHER, id="dropped"),
        pytest.param(f"hr-1,{CLARA},{CLARA},active,\nhr-3,y,{CLARA},active,\n" + OTHER, id="given-to-two"),
        pytest.param(f"hr-1,{CLARA},\uff23{CLARA[1:]},active,\n" + OTHER, id="look-alike"),
    ],
)
def test_nobody_is_removed_when_a_join_comes_apart(desk: Desk, later: str) -> None:
    """
    Clara was known by the key of personnel records; the cloud still calls her active, so both are held.
    """
    joins(desk, f"hr-1,{CLARA},{CLARA},active,\n" + OTHER)
    desk.run("apply", "--yes")
    says(desk, later)
    told = desk.run("plan", "--format", "json").json

    assert [change for change in told["changes"] if "clara" in change["name"]] == []
    assert [one for one in told["conflicts"] if "hr-1" in one["keys"] and "no source joins" in one["message"]]


def test_join_that_is_mended_releases_both(desk: Desk) -> None:
    """
    It is told once, and however many runs came between, nothing has changed for her once the sources agree again.
    """
    same = f"hr-1,{CLARA},{CLARA},active,\n" + OTHER
    joins(desk, same)
    desk.run("apply", "--yes")
    says(desk, OTHER)
    held = [desk.run("apply", "--yes").code for _ in range(2)]
    says(desk, same, at="2026-11-20T07:45:00Z")
    told = desk.run("plan", "--format", "json").json

    assert held == [3, 0]
    assert (told["conflicts"], told["changes"]) == ([], [])


def test_who_left_is_removed_when_the_other_key_is_excluded(desk: Desk) -> None:
    """
    To exclude the second of the two settles it.
    """
    joins(desk, f"hr-1,{CLARA},{CLARA},active,\n" + OTHER)
    desk.run("apply", "--yes")
    says(desk, OTHER)
    desk.decides(f"- user: {CLARA}\n  exclude: true\n  reason: she left\n")
    told = desk.run("plan", "--format", "json").json

    assert told["conflicts"] == []
    assert "deactivate" in [change["action"] for change in told["changes"] if change["key"] == "hr-1"]


def test_key_without_an_account_is_no_second_person(desk: Desk) -> None:
    """
    What the ledger only remembers, and links to nothing, keeps nobody apart.
    """
    joins(desk, f"hr-1,{CLARA},{CLARA},active,\n")
    (cloud,) = (one.key for one in desk.people() if one.email == CLARA)
    rows = {"hr-1": LedgerRow(key="hr-1"), cloud: LedgerRow(key=cloud, link="7")}
    ledger = Ledger(Head(version=1, lineage="l", target="openpages", serial=1), rows, {})
    export = drawn(desk.state, sound_state(desk.state).config, "openpages", ledger).export

    assert {"hr-1", cloud} & {placed.row.key for _, shard in export.shards() for placed in shard} == {cloud}
