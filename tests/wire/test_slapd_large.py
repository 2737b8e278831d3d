"""
A real OpenLDAP with ten thousand people and nested groups: read whole, from itself and its dump, and written to.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.ports import Reading
from reconciler.ports_adapter import Asking
from reconciler.sources.ldap import read_files, read_live
from reconciler.sources.ldap_ldif import parse
from reconciler.sources.ldap_settings import Settings
from tests.systems.office import Office, person
from tests.wire import large
from tests.wire.ldap_admin import GROUPS
from tests.wire.slapd import BASE, SECRET, TOOL, Slapd, slapd
from tests.wire.slapd_office import opened

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def server() -> Iterator[Slapd]:
    """
    Return the directory.
    """
    with slapd(large.ldif()) as running:
        yield running


def asking(server: Slapd | None) -> Asking[Settings]:
    """
    Return what the source is told; without a server, of files.
    """
    settings = Settings(servers=(server.url,) if server else (), bind_dn=TOOL, password=SECRET, base=BASE)
    now = datetime(2026, 11, 20, 8, tzinfo=UTC)
    return Asking(
        name="corp", settings=settings, home=Path("/"), now=lambda: now, fetched_at="2026-11-20T08:00:00Z"
    )


def read(server: Slapd) -> Reading:
    """
    Return what the directory says.
    """
    said = read_live(asking(server))
    assert said
    return said


def memberships(said: Reading) -> dict[str, list[str]]:
    """
    Return the names of the groups that everybody is in, by name.
    """
    names = {row.key: row.name for row in said.groups}
    return {row.user_name: sorted(names[key] for key in row.groups) for row in said.users}


def test_large_directory_is_read_whole_in_few_requests(server: Slapd) -> None:
    """
    Everybody comes, with all groups near and far, in as many requests as there are pages.
    """
    said = read(server)
    wanted = {
        large.name(one): [large.team_name(group) for group in large.resolved(one)] for one in range(large.PEOPLE)
    }

    assert (said.complete, len(said.groups)) == (True, large.GROUPS)
    assert memberships(said) == wanted
    assert (said.read["users"].pages, said.read["groups"].pages) == (20, 2)
    assert said.notes == ("groups that contain each other, taken for equal: g0000, g0001, g0002, g0003, g0004",)


def test_dump_of_a_large_directory_says_what_the_directory_says(server: Slapd, tmp_path: Path) -> None:
    """
    What `slapcat` prints gives the same rows.
    """
    (tmp_path / "dump.ldif").write_bytes(server.dump())
    live, filed = read(server), read_files([tmp_path], asking(None))

    assert (filed.users, filed.groups) == (live.users, live.groups)


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: Slapd
) -> Office:
    """
    Return a repository whose target is the directory, which people made before it was Git's.
    """
    return opened(Office(tmp_path, capsys), server, monkeypatch, policy=large.POLICY)


def test_large_directory_is_changed_in_a_hundredth(server: Slapd, office: Office) -> None:
    """
    Of those that others made, a hundredth is told to change: exactly that is changed, and groups stay in groups.
    """
    wanted = {number: large.direct(number) for number in range(large.PEOPLE)}
    left = {group for number in range(50) for group in wanted[number][:1]}
    moved = {number: [*groups[1:], 999] for number, groups in wanted.items() if number < 50}
    rows = large.people(wanted | moved)
    rows[50:90] = [replace(row, email=f"new.{row.email}") for row in rows[50:90]]
    joiners = [person(f"new{number}", email="x@example.org") for number in range(10)]
    office.source_says([*rows, *joiners], large.teams())
    before = entries(server)
    told = office.applied()
    after = entries(server)
    touched = {dn.partition(",")[0] for dn in after if after[dn] != before.get(dn)}

    assert "users: 10 create, 40 update; memberships: 50 gained, 50 lost" in told.out
    assert before.keys() <= after.keys()
    assert touched == {
        *(f"uid={row.user_name}" for row in joiners),
        *(f"uid={large.name(number)}" for number in range(50, 90)),
        *(f"cn={large.team_name(group)}" for group in {*left, 999}),
    }
    assert all(
        f"cn={large.team_name(within)},{GROUPS}" in after[f"cn={large.team_name(group)},{GROUPS}"]
        for group in range(large.GROUPS)
        if (within := large.inner(group)) is not None
    )


def entries(server: Slapd) -> dict[str, frozenset[str]]:
    """
    Return what people and groups have, by their names: whose e-mail, who is in it.
    """
    found = parse(server.dump(), Path("dump.ldif"), written=0.0).entries
    return {one.dn: frozenset((*one.all("mail"), *one.all("member"))) for one in found if one.all("cn")}
