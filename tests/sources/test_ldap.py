"""
A directory read whole, from LDIF or from itself, and searched: what proves it, and what casts doubt on it.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.core.search import Query
from reconciler.errors import InputError, SourceError, UsageError, WireError
from reconciler.ports_adapter import Asking
from reconciler.sources.ldap import ADAPTER, read_files, read_live
from reconciler.sources.ldap_live import DirectorySearch
from reconciler.sources.ldap_settings import Settings
from reconciler.wire.ldap import Found
from tests.wire.directories import FakeDirectory, made

BASE = "dc=example,dc=org"
ANN = made(f"uid=ann,ou=people,{BASE}", objectClass="inetOrgPerson", uid="ann", cn="Ann", entryUUID="1")
STAFF = made(f"cn=staff,{BASE}", objectClass="groupOfNames", cn="staff", entryUUID="2", member=ANN.dn)
LDIF = f"""\
dn: {BASE}
objectClass: domain

dn: uid=ann,ou=people,{BASE}
objectClass: inetOrgPerson
uid: ann
cn: Ann
entryUUID: 1

dn: cn=staff,{BASE}
objectClass: groupOfNames
cn: staff
entryUUID: 2
member: uid=ann,ou=people,{BASE}
"""
CUT = Path(__file__).parents[1] / "data/ldap/cut"
ENDED = "\nsearch: 2\nresult: 0 Success\n\n# numEntries: 3\n"


def asking(
    settings: Settings | None = None, *, account: str | None = None, fetched_at: str | None = None
) -> Asking[Settings]:
    """
    Return what the adapter is told.
    """
    return Asking(
        name="corp",
        settings=settings or Settings(base=BASE),
        home=Path("/state"),
        now=lambda: datetime(2026, 11, 20, 8, tzinfo=UTC),
        account=account,
        fetched_at=fetched_at,
    )


def server(**settings: object) -> Asking[Settings]:
    """
    Return what the adapter is told of a source that names a server.
    """
    return asking(Settings(servers=("ldaps://ldap.example.org",), base=BASE, **settings))  # type: ignore[arg-type]


def directory(*entries: object, **settings: object) -> FakeDirectory:
    """
    Return a directory with these people and groups, whatever the rest of its answers.
    """

    def answer(_base: str, filter_: str) -> Found:
        group = "groupOfNames" in filter_
        chosen = [one for one in entries if ("groupofnames" in one.classes()) is group]  # type: ignore[attr-defined]
        return Found(entries=tuple(chosen), **settings)  # type: ignore[arg-type]

    return FakeDirectory(answer)


def printed(folder: Path, text: str = LDIF + ENDED) -> Path:
    """
    Return a file that a directory's tool printed.
    """
    path = folder / "all.ldif"
    path.write_text(text, "utf-8")
    return path


def test_ldif_of_a_whole_search_is_whole(tmp_path: Path) -> None:
    """
    People and groups, and a search that says it ended well, are a whole reading of the directory.
    """
    said = read_files([printed(tmp_path).parent], asking(fetched_at="2026-11-20T06:00:00Z"))

    assert (said.complete, said.faults, said.account) == (True, (), BASE)
    assert [(one.user_name, one.groups) for one in said.users] == [("ann", ("2",))]
    assert [one.name for one in said.groups] == ["staff"]
    assert said.fetched_at == "2026-11-20T06:00:00Z"
    assert said.notes == ("entries that are no people or groups, left out: 1",)


@pytest.mark.parametrize(
    ("ending", "fault"),
    [
        pytest.param(
            "\nresult: 4 Size limit exceeded\n", "the search ended with 4 Size limit exceeded", id="limit"
        ),
        pytest.param("\n# numEntries: 9\n", "9 entries are told, and 3 are there", id="fewer"),
    ],
)
def test_ldif_that_says_it_is_cut_is_not_whole(tmp_path: Path, ending: str, fault: str) -> None:
    """
    A search that a limit ended, or that found more than is printed, proves nobody gone.
    """
    said = read_files([printed(tmp_path, LDIF + ending)], asking())

    assert not said.complete
    assert said.faults == (f"all.ldif: {fault}",)


def test_ldif_that_says_nothing_of_its_end_is_told(tmp_path: Path) -> None:
    """
    Where no tool says how its search ended, the reader is told that nobody knows.
    """
    said = read_files([printed(tmp_path, LDIF)], asking())

    assert said.complete
    assert any("whether they are whole is yours to know" in note for note in said.notes)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("limit", "limit.ldif: the search ended with 4 Size limit exceeded"),
        ("page", "page.ldif: the search has more pages than are there"),
        ("range", "CN=All Hands,OU=Groups,DC=corp,DC=example,DC=com: only a part of its members was printed"),
    ],
)
def test_files_that_were_cut_prove_nobody_gone(name: str, fault: str) -> None:
    """
    A limit, a page without the next, a part of a large group's members: each is told, and the reading is not whole.
    """
    said = read_files([CUT / f"{name}.ldif"], asking(Settings(), account="dc=example,dc=com"))

    assert (said.complete, said.faults) == (False, (fault,))


@pytest.mark.parametrize(
    ("text", "given", "error", "word"),
    [
        pytest.param(LDIF, asking(Settings(base="dc=other")), SourceError, "another directory", id="base"),
        pytest.param(LDIF, asking(Settings(), account="dc=other"), SourceError, "another directory", id="account"),
        pytest.param("dn: nonsense\nuid: x\n", asking(), SourceError, "another directory", id="no dn"),
        pytest.param(LDIF, asking(Settings()), UsageError, "which directory", id="nobody says"),
        pytest.param(LDIF, asking(fetched_at="today"), UsageError, "is no time", id="time"),
        pytest.param("{}\n", asking(), InputError, "attribute: value", id="json"),
    ],
)
def test_ldif_that_cannot_be_meant_is_refused(
    tmp_path: Path, text: str, given: Asking[Settings], *, error: type[Exception], word: str
) -> None:
    """
    Files of another directory, of nobody knows which, or of no directory, are not read.
    """
    with pytest.raises(error, match=word):
        read_files([printed(tmp_path, text)], given)


def test_folder_without_ldif_is_refused(tmp_path: Path) -> None:
    """
    Who names no file is told how one is printed.
    """
    with pytest.raises(SourceError) as caught:
        read_files([tmp_path], asking())

    assert "ldapsearch" in caught.value.hint


def test_key_that_two_entries_bear_is_nobodys(tmp_path: Path) -> None:
    """
    Two entries of one key are both left out, and the reading is not whole.
    """
    twin = LDIF.replace("uid=ann,ou=people", "uid=anna,ou=people", 1)
    said = read_files([printed(tmp_path, LDIF + "\n" + twin.partition("\n\n")[2])], asking())

    assert said.users == ()
    assert "several entries bear the key '1'" in said.faults


def test_directory_is_read_live() -> None:
    """
    Both searches of a directory, each to its last page, are a reading as of the moment they began.
    """
    asked = directory(ANN, STAFF, pages=3)
    said = read_live(server(groups_base=f"ou=groups,{BASE}", ca_file="ca.pem"), asked.dial)

    assert said is not None
    assert (said.complete, said.account, said.fetched_at) == (True, BASE, "2026-11-20T08:00:00Z")
    assert said.users[0].groups == ("2",)
    assert said.read["users"].pages == 3
    assert [base for base, _ in asked.asked] == [BASE, f"ou=groups,{BASE}"]
    assert (asked.closed, asked.channels[0].ca_file) == (True, Path("/state/ca.pem"))


def test_source_without_server_is_read_from_files() -> None:
    """
    Where no server is named there is nothing to read live, nor to search.
    """
    assert read_live(asking()) is None
    assert ADAPTER.search is not None
    assert ADAPTER.search(asking()) is None
    assert ADAPTER.search(server()) is not None


def test_directory_that_stops_early_is_not_whole() -> None:
    """
    A limit of the server's, an empty directory, and a referral are told; only the referral is no fault.
    """
    stopped = read_live(server(), directory(ANN, STAFF, faults=("it stopped",)).dial)
    empty = read_live(server(), directory().dial)
    referred = read_live(server(), directory(ANN, STAFF, referrals=("ldap://other/dc=y",)).dial)

    assert stopped is not None
    assert empty is not None
    assert referred is not None
    assert (stopped.complete, empty.complete, referred.complete) == (False, False, True)
    assert (stopped.faults, empty.faults) == (("it stopped",), ("there are no people in it",))
    assert "ldap://other/dc=y" in referred.notes[0]


def test_somebody_of_unknown_state_is_told() -> None:
    """
    People of whom the directory does not say whether they are locked are counted.
    """
    mute = made(f"cn=Bob,{BASE}", objectClass="user", sAMAccountName="bob", objectGUID=bytes(16))
    said = read_live(server(), directory(mute).dial)

    assert said
    assert said.users[0].state == "unknown"
    assert "left alone: 1" in said.notes[0]


@pytest.mark.parametrize("where", ["dial", "search"])
def test_directory_that_does_not_answer_is_told(where: str) -> None:
    """
    What the wire says becomes the source's word, with its hint.
    """
    silent = FakeDirectory(lambda _base, _filter: WireError("no route", hint="look"))

    def refuse(_channel: object) -> FakeDirectory:
        raise WireError("no route", hint="look")

    with pytest.raises(SourceError, match="no route") as caught:
        read_live(server(), refuse if where == "dial" else silent.dial)
    assert caught.value.hint == "look"


@pytest.mark.parametrize(
    ("query", "person", "group"),
    [
        pytest.param(Query(text="an*"), "(uid=*an*)", "(|(cn=*an*))", id="text"),
        pytest.param(Query(text="a)(uid=*"), r"(uid=*a\29\28uid=*)", r"(|(cn=*a\29\28uid=*))", id="escaped"),
        pytest.param(Query(text="(mail=*)", raw=True), "(mail=*)", "(mail=*)", id="raw"),
        pytest.param(Query(text="mail=*", raw=True), "(mail=*)", "(mail=*)", id="raw without brackets"),
    ],
)
def test_l02_search_asks_for_names_or_as_it_is_told(query: Query, person: str, group: str) -> None:
    """
    Text is looked for in every name, escaped; a filter of the directory's own is passed on as it is.
    """
    asked = directory(ANN, STAFF)
    found = DirectorySearch(server(), asked.dial).search(query)
    (_, of_people), (_, of_groups) = asked.asked

    assert (found.users[0].user_name, found.groups[0].name) == ("ann", "staff")
    assert person in of_people
    assert of_groups.endswith(f"{group})")
    assert of_people.startswith("(&")
