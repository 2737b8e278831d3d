"""
Each cloud's files, as its API or command line prints them, give the rows that were written down by hand.

In `tests/data/<cloud>/` lie the files (`printed/`) and the rows that they mean (`users.jsonl`, `groups.jsonl`).
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reconciler.core.export import GroupRow, UserRow
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, NoSettings
from reconciler.wiring.registry import source_adapter

DATA = Path(__file__).parents[1] / "data"

# What the records themselves name as their account, and what is worth knowing of each reading.
CLOUDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "aws": ("d-9067642ac7", ("the state LOCKED, which", "no state, who")),
    "csv": (
        "example",
        (
            "cost_center is no field of ours, left out",
            "the state 1,",
            "the state Active,",
            "the state unknown,",
            "no state,",
        ),
    ),
    "entra": ("", ("(device), left out: 1", "(servicePrincipal), left out: 1", "through each other: ", "Vanished")),
    "google": ("C03az79cb", ("of other organisations, left out: 1", "through each other: 05abcde5, 06abcde6")),
    "ldap": (
        "",
        (
            "another server has, not read: ldap://ForestDnsZones.corp.example.com/",
            "another server has, not read: ldap://far.example.net/",
            "contain each other, taken for equal: Ring A, Ring B",
            "contain each other, taken for equal: Ring one, Ring two",
            "left out: 4 (CN=PC-0815,",
            "whose members a search decides, read as they list them: By search",
            "nothing says whether they may log in, left alone: 1",
        ),
    ),
    "okta": ("example.okta.com", ("the state HIBERNATED, which", "no state, who")),
    "scim": ("scim.example.com", ("the state False, which", "no state, who", "through each other: ")),
}

# Those whose records name no account: somebody says which it is.
UNNAMED = {"csv": "example", "entra": "example", "ldap": "dc=example,dc=com"}

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)


def asking(account: str | None = None, settings: Any = None) -> Asking[Any]:
    """
    Return what an adapter is told.
    """
    return Asking(
        name="cloud",
        settings=settings or NoSettings(),
        home=Path(),
        now=lambda: datetime(2026, 11, 20, tzinfo=UTC),
        account=account,
        fetched_at="2026-11-20T06:00:00Z",
    )


def reading(cloud: str, *paths: Path) -> Reading:
    """
    Return what the cloud's adapter makes of files; by default, of those in its folder.
    """
    adapter = source_adapter(cloud)
    assert adapter.files
    return adapter.files(paths or (DATA / cloud / "printed",), asking(UNNAMED.get(cloud), adapter.settings()))


def written(cloud: str, kind: type[Any]) -> tuple[Any, ...]:
    """
    Return the rows that were written down by hand.
    """
    name = "users.jsonl" if kind is UserRow else "groups.jsonl"
    return tuple(msgspec.json.decode(line, type=kind) for line in (DATA / cloud / name).read_bytes().splitlines())


@each_cloud
def test_files_give_the_rows_written_down_by_hand(cloud: str) -> None:
    """
    Every person and every group, field by field, in the order of their keys.
    """
    found = reading(cloud)

    assert len(found.users) >= 30
    assert found.users == written(cloud, UserRow)
    assert found.groups == written(cloud, GroupRow)


@each_cloud
def test_whole_files_prove_that_they_are_whole(cloud: str) -> None:
    """
    Nothing is missing, the account is what the records say, and what was left out is told.
    """
    found = reading(cloud)
    account, told = CLOUDS[cloud]

    assert found.faults == ()
    assert found.complete
    assert found.account == (account or UNNAMED[cloud])
    assert [part for part in told if not any(part in note for note in found.notes)] == []


@each_cloud
def test_hand_written_rows_hold_the_traps(cloud: str) -> None:
    """
    Text that looks like something else stays text, decomposed letters are composed, nobody is active unsaid.
    """
    users = written(cloud, UserRow)

    assert {one.state for one in users} >= {"active", "suspended", "unknown"}
    assert {"Null", "True", "Zero", "Exponent", "No"} <= {one.last_name for one in users}
    assert "D\u00e9d\u00e9" in {one.first_name for one in users}
    assert {name for one in users for name in one.groups} < {one.key for one in written(cloud, GroupRow)}


@each_cloud
def test_order_of_files_does_not_matter(cloud: str) -> None:
    """
    The same files, named one by one and backwards, give the same rows.
    """
    files = sorted((one for one in (DATA / cloud / "printed").rglob("*") if one.is_file()), reverse=True)

    assert reading(cloud, *files).users == reading(cloud).users
