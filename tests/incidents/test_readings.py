"""
Incidents that began with a bad reading of the source, told through the real command line; SECURITY.md lists them.

The cloud's print-outs are those of the example organisation, spoiled as the report says.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Answer, Desk

AT = ("--fetched-at", "2026-11-20T07:00:00Z")
Spoil = Callable[[Path], None]


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    """
    Return a folder with what the cloud printed, to be spoiled.
    """
    return shutil.copytree(ROOT / "tests" / "data" / "ibmcloud" / "api", tmp_path / "printed")


def export(desk: Desk, printed: Path) -> Answer:
    """
    Return what `export` says of the print-outs; what it wrote is committed.
    """
    told = desk.run("export", "ibmcloud", "--from", str(printed), *AT)
    if desk.git("status", "--porcelain"):
        desk.commit()
    return told


def in_use(desk: Desk) -> tuple[int, int]:
    """
    Return how many accounts can log in, and how many memberships there are.
    """
    ((accounts,),) = desk.admin.run("SELECT COUNT(*) FROM users WHERE enabled")
    ((memberships,),) = desk.admin.run("SELECT COUNT(*) FROM memberships")
    return int(str(accounts)), int(str(memberships))


def error_page(printed: Path) -> None:
    """
    Let the second page of users be the service's error answer.
    """
    answer = {
        "status_code": 503,
        "trace": "7f",
        "errors": [{"code": "service_unavailable", "message": "try later"}],
    }
    (printed / "users-2.json").write_text(json.dumps(answer))


def gateway_page(printed: Path) -> None:
    """
    Let the second page of users be what a gateway says.
    """
    (printed / "users-2.json").write_text("<html><body>503 Service Unavailable</body></html>")


def nothing_at_all(printed: Path) -> None:
    """
    Let nothing have been printed: the shell made the files, and the command behind them failed.
    """
    for path in printed.glob("users-*.json"):
        path.write_text("")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(
            error_page, "users-2.json: page 1: is an error answer of IBM Cloud, no page", id="error-answer"
        ),
        pytest.param(gateway_page, "users-2.json:1: is HTML or XML, not JSON", id="gateway"),
        pytest.param(nothing_at_all, "users-1.json: is empty", id="unreachable"),
    ],
)
def test_failed_answer_is_no_answer(settled: Desk, printed: Path, spoil: Spoil, message: str) -> None:
    """
    An error in the place of a page is named with its file, and the export that was read whole stays.
    """
    before = in_use(settled)
    spoil(printed)
    told = export(settled, printed)

    assert (told.code, told.out) == (1, "")
    assert message in told.err
    assert settled.run("apply", "--yes").code == 0
    assert in_use(settled) == before


def first_page_only(printed: Path) -> None:
    """
    Let only the first page have been asked for.
    """
    for name in ("users-2.json", "users-3.json"):
        (printed / name).unlink()


def empty_list(printed: Path) -> None:
    """
    Let the listing of users succeed, and hold nobody; the groups' members are listed as ever.
    """
    first_page_only(printed)
    (printed / "users-1.json").write_text(json.dumps({"total_results": 0, "limit": 100, "resources": []}))


def members_left_out(printed: Path) -> None:
    """
    Let the members of one group not have been read: the listing of groups names it all the same.
    """
    next((printed / "members").glob("AccessGroupId-0b1e*.json")).unlink()


def narrowed(printed: Path) -> None:
    """
    Let the listing be filtered on the source's side, to half of the people, with totals that fit.
    """
    pages = [json.loads((printed / f"users-{number}.json").read_text()) for number in (1, 2, 3)]
    people = [one for page in pages for one in page["resources"]][::2]
    first_page_only(printed)
    (printed / "users-1.json").write_text(json.dumps({"total_results": len(people), "resources": people}))


@pytest.mark.parametrize(
    ("spoil", "missing"),
    [
        pytest.param(
            first_page_only,
            "the last page of users is missing: every page that is there names a next one",
            id="first-page",
        ),
        pytest.param(empty_list, "and not among the users", id="empty-list"),
        pytest.param(
            members_left_out,
            "members of AccessGroupId-0b1ee8bc-6c52-480e-bd98-04bc5a95427d (Traders) were not given",
            id="members-left-out",
        ),
        pytest.param(narrowed, "and not among the users", id="filter-on-one-side"),
    ],
)
def test_part_of_an_answer_removes_nobody(settled: Desk, printed: Path, spoil: Spoil, missing: str) -> None:
    """
    What is missing is named, everything that would be removed on its word is held, and `apply` removes nothing.
    """
    before = in_use(settled)
    spoil(printed)
    told = export(settled, printed)
    plan = settled.run("plan", "--format", "json").json

    assert (told.code, missing in told.out) == (1, True), told.out
    assert "nobody and nothing removed" in told.err
    assert {one.get("guard") for one in plan["held"]} <= {"export-degraded", "needs"}
    assert len(plan["held"]) > 0
    settled.run("apply", "--yes")
    assert in_use(settled) == before


def test_success_without_content_is_no_empty_organisation(settled: Desk) -> None:
    """
    A reading that succeeds and finds nobody, nowhere, proves nothing: everybody stays.
    """
    before = in_use(settled)
    settled.cloud(lambda _row: None)
    told = settled.run("apply", "--yes")

    assert (told.code, in_use(settled)) == (3, before)
    assert "held: the export is empty: it has no users" in told.out


def test_answers_that_alternate_remove_nobody(settled: Desk) -> None:
    """
    A source that names other people in every answer makes nobody come and go.
    """
    before = in_use(settled)
    whole = settled.git("rev-parse", "HEAD").strip()
    told = [halved(settled, whole, minute) for minute in (10, 20, 30)]

    assert ["the export has shrunk: 30 users, and 60 when it was last applied" in one for one in told] == [True] * 3
    assert in_use(settled) == before


def halved(desk: Desk, whole: str, minute: int) -> str:
    """
    Return what `apply` says of every other person of the `whole` export, the odd or the even ones.
    """
    desk.git("checkout", "--quiet", whole, "--", "state/exports")
    listed = {row.key for row in desk.people()[minute // 10 % 2 :: 2]}
    desk.cloud(lambda row: row if row.key in listed else None, at=f"2026-11-20T07:{minute}:00Z")
    return desk.run("apply", "--yes").out
