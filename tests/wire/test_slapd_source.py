"""
A real OpenLDAP, read and searched: pages, limits, certificates, names that would act, groups in groups.
"""

import gc
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.search import Query
from reconciler.errors import SourceError, UsageError
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking
from reconciler.sources.ldap import read_files, read_live
from reconciler.sources.ldap_live import DirectorySearch
from reconciler.sources.ldap_settings import Settings
from reconciler.wire.ldap_names import named
from tests.wire.slapd import ADMIN, BASE, READER, SECRET, TOOL, Slapd, slapd

pytestmark = pytest.mark.ci

ODD = 'O\'Neil, "x" + <y>; #1 \\ = ü'
PEOPLE = ("ann", "andarm", "aandrei", "mona", *(f"user{number:02}" for number in range(30)))


def person(uid: str, **more: str) -> str:
    """
    Return a person as LDIF.
    """
    extra = "".join(f"{name}: {value}\n" for name, value in more.items())
    return f"dn: uid={uid},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\n{extra}"


def team(name: str, *members: str) -> str:
    """
    Return a group as LDIF; its members are named from below the base.
    """
    listed = "".join(f"member: {member},{BASE}\n" for member in members)
    return f"dn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n{listed}"


ENTRIES = (
    *(person(uid) for uid in PEOPLE),
    person("locked", pwdAccountLockedTime="000001010000Z"),
    team("Analysis", "UID=ann, OU=People", "uid=andarm,ou=people", "cn=Inner,ou=groups"),
    team("Inner", "uid=mona,ou=people", "cn=Analysis,ou=groups"),
    team("Empty", "cn=nobody"),
    f"dn: cn=posix,ou=groups,{BASE}\nobjectClass: posixGroup\ncn: posix\ngidNumber: 7\nmemberUid: ann\n",
)


@pytest.fixture(scope="module")
def server() -> Iterator[Slapd]:
    """
    Return a directory of some people and groups, one in a circle, one of logins, one of nobody.
    """
    with slapd(ENTRIES) as running:
        yield running


@pytest.fixture
def settings(server: Slapd) -> Settings:
    """
    Return what reconciler.yaml would say of it.
    """
    return Settings(servers=(server.url,), bind_dn=TOOL, password=SECRET, base=BASE, page=10)


def asking(settings: Settings) -> Asking[Settings]:
    """
    Return what the adapter is told.
    """
    now = datetime(2026, 11, 20, 8, tzinfo=UTC)
    return Asking(name="corp", settings=settings, home=Path("/"), now=lambda: now)


def read(settings: Settings) -> Reading:
    """
    Return what the directory says.
    """
    said = read_live(asking(settings))
    assert said is not None
    return said


def refusal(settings: Settings) -> str:
    """
    Return why the directory is not read; sockets that the library leaves open where TLS fails are closed at once.
    """
    said = ""
    try:
        read(settings)
    except SourceError as error:
        said = error.message
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return said


def test_directory_is_read_page_by_page(settings: Settings) -> None:
    """
    Everybody comes, however small the pages, with the groups they are in near and far, and who is locked.
    """
    said = read(settings)
    names = {row.key: row.name for row in said.groups}
    groups = {row.user_name: {names[key] for key in row.groups} for row in said.users}

    assert (said.complete, said.faults, len(said.users)) == (True, (), len(PEOPLE) + 1)
    assert said.read["users"].pages == 4
    assert groups["ann"] == {"Analysis", "Inner", "posix"}
    assert groups["mona"] == {"Analysis", "Inner"}
    assert {row.user_name: row.state for row in said.users if row.state != "active"} == {"locked": "suspended"}
    assert any("contain each other" in note for note in said.notes)


def test_renamed_entry_keeps_its_key(server: Slapd, settings: Settings) -> None:
    """
    Who is called otherwise is the same person still; a name that would act in a DN is a name.
    """
    before = next(row for row in read(settings).users if row.user_name == "user29")
    with server.admin() as admin:
        admin.modify_dn(f"uid=user29,ou=people,{BASE}", named("uid", ODD, "").rstrip(","))
        after = next(row for row in read(settings).users if row.key == before.key)
        admin.modify_dn(named("uid", ODD, f"ou=people,{BASE}"), "uid=user29")

    assert after.user_name == ODD


def test_limit_of_the_server_is_told(settings: Settings) -> None:
    """
    Who may not read everything is told so, and the reading proves nobody gone.
    """
    said = read(replace(settings, bind_dn=READER))

    assert not said.complete
    assert "stopped at its size limit" in said.faults[0]


@pytest.mark.parametrize("way", ["ldaps", "start_tls"])
def test_channel_is_encrypted_and_verified(server: Slapd, settings: Settings, way: str) -> None:
    """
    With the authority's certificate the server is believed.
    """
    url = server.ldaps if way == "ldaps" else server.url
    said = read(replace(settings, servers=(url,), start_tls=way == "start_tls", ca_file=str(server.certificate)))

    assert said.complete


@pytest.mark.parametrize(
    ("host", "trusting"), [("127.0.0.1", False), ("localhost", True)], ids=["unknown authority", "other name"]
)
def test_server_that_cannot_prove_itself_is_refused(
    server: Slapd, settings: Settings, host: str, *, trusting: bool
) -> None:
    """
    A certificate of nobody known, or for another name, ends it before any password is sent.
    """
    url = server.ldaps.replace("127.0.0.1", host)
    told = replace(settings, servers=(url,), ca_file=str(server.certificate) if trusting else None)

    assert "certificate" in refusal(told)


def test_password_is_not_sent_in_the_clear(settings: Settings) -> None:
    """
    A server elsewhere is spoken to only where the channel is encrypted.
    """
    with pytest.raises(UsageError, match="not encrypted"):
        read(replace(settings, servers=("ldap://ldap.example.com",)))


def test_next_server_is_asked_where_the_first_is_down(settings: Settings) -> None:
    """
    Servers are tried in order, and the first that answers is read.
    """
    said = read(replace(settings, servers=("ldap://127.0.0.1:1", *settings.servers)))

    assert said.complete


def test_wrong_password_is_tried_on_one_server_alone(server: Slapd, settings: Settings) -> None:
    """
    Who is not let in does not knock everywhere: that would lock the account.
    """
    wrong = "wrong"
    with pytest.raises(SourceError, match="does not let us in") as caught:
        read(replace(settings, servers=(server.url, server.url), password=wrong))

    assert caught.value.message.count("does not let us in") == 1


def test_base_that_is_not_there_is_told(settings: Settings) -> None:
    """
    A directory without the place that is asked for is no empty directory.
    """
    with pytest.raises(SourceError, match="noSuchObject"):
        read(replace(settings, base=f"ou=none,{BASE}"))


def test_what_slapcat_prints_is_what_the_server_says(server: Slapd, settings: Settings, tmp_path: Path) -> None:
    """
    The directory's own dump, read as a file, gives the same rows as the directory itself.
    """
    with server.admin() as admin:
        admin.search(BASE, "(objectClass=*)", attributes=["*", "+"])
        (tmp_path / "all.ldif").write_text(admin.response_to_ldif() + "\n", "utf-8")
    live, filed = read(settings), read_files([tmp_path], asking(replace(settings, servers=())))

    assert filed.users == live.users
    assert filed.groups == live.groups


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param(Query(text="an"), ["aandrei", "andarm", "ann", "Analysis"], id="anywhere"),
        pytest.param(Query(text="an*"), ["aandrei", "andarm", "ann", "Analysis"], id="wildcard, not anchored"),
        pytest.param(Query(text="*)(uid=*"), [], id="escaped"),
        pytest.param(Query(text="(uid=mona)", raw=True), ["mona"], id="raw filter"),
    ],
)
def test_l02_search_finds_what_the_directory_finds(settings: Settings, query: Query, names: list[str]) -> None:
    """
    A text matches anywhere in a name, and a filter of the directory's own is the directory's to answer.
    """
    found = DirectorySearch(asking(settings)).search(query)

    assert sorted(row.user_name for row in found.users) + [row.name for row in found.groups] == names


def test_l02_filter_that_is_none_is_refused(settings: Settings) -> None:
    """
    A filter that the directory cannot read is the searcher's mistake, and told.
    """
    with pytest.raises(SourceError, match="filter"):
        DirectorySearch(asking(settings)).search(Query(text="(((", raw=True))


def test_administrator_is_another_than_the_reconciler() -> None:
    """
    The tests' administrator and the reconciler do not log in by one name.
    """
    assert ADMIN != TOOL
