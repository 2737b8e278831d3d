"""
The contract of sources on a real OpenLDAP, loaded with the people and groups whose rows were written down by hand.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reconciler.core.export import GroupRow, UserRow
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, SourceAdapter
from reconciler.sources.ldap import ADAPTER
from reconciler.sources.ldap_ldif import read
from reconciler.sources.ldap_settings import Settings
from reconciler.testing.sources import AT, SourceContract
from reconciler.wire.ldap_entry import Entry
from tests.wire.slapd import BASE, SECRET, TOOL, Slapd, slapd

pytestmark = pytest.mark.ci

DATA = Path(__file__).parents[1] / "data/ldap"
THERE = {BASE, f"ou=people,{BASE}", f"ou=groups,{BASE}"}
COMPUTED = {"subschemasubentry", "hassubordinates"}


@pytest.fixture(scope="module")
def server() -> Iterator[Slapd]:
    """
    Return a directory that holds what the files hold.
    """
    files = sorted(DATA.glob("printed/openldap-*.ldif"), reverse=True)
    entries = [one for file in files for one in read(file).entries]
    with slapd(text for text in map(printed, entries) if text) as running:
        yield running


class TestLive(SourceContract):
    """
    The OpenLDAP part of `tests/data/ldap`, under the base that the server has.
    """

    @pytest.fixture
    def adapter(self) -> SourceAdapter[Any]:
        """
        Return what is plugged in for directories.
        """
        return ADAPTER

    @pytest.fixture
    def reading(self, server: Slapd) -> Reading:
        """
        Return what the directory says.
        """
        settings = Settings(servers=(server.url,), bind_dn=TOOL, password=SECRET, base=BASE, page=7)
        moment = datetime.fromisoformat(AT).astimezone(UTC)
        assert ADAPTER.live
        said = ADAPTER.live(Asking(name="corp", settings=settings, home=Path("/"), now=lambda: moment))
        assert said
        return said

    def test_server_gives_the_rows_written_down_by_hand(self, reading: Reading) -> None:
        """
        Every person and every group, as from the files, in pages of seven.
        """
        assert reading.users == written("users.jsonl", UserRow)
        assert reading.groups == written("groups.jsonl", GroupRow)
        assert reading.read["users"].pages == 3
        assert any("not read: ldap://far.example.net/" in note for note in reading.notes)


def moved(text: str) -> str:
    """
    Return text with the base that the server has.
    """
    return text.replace("dc=example,dc=com", BASE)


def printed(one: Entry) -> str:
    """
    Return an entry as LDIF, with what a server keeps of it; empty for what every server of the tests has.
    """
    kept = {name: values for name, values in one.attributes.items() if name not in COMPUTED}
    lines = [("dn", moved(one.dn).encode())]
    lines += (
        (name, moved(value.decode("latin-1")).encode("latin-1")) for name, all_ in kept.items() for value in all_
    )
    text = "".join(f"{name}:: {b64encode(value).decode()}\n" for name, value in lines)
    return "" if moved(one.dn) in THERE else text


def written(name: str, kind: type[Any]) -> tuple[Any, ...]:
    """
    Return the rows, written down by hand, of those whom this server has.
    """
    lines = moved((DATA / name).read_text("utf-8")).splitlines()
    rows = (msgspec.json.decode(line, type=kind) for line in lines)
    return tuple(
        row
        for row in rows
        if row.attributes["dn"].endswith(tuple(f",ou={ou},{BASE}" for ou in ("people", "groups")))
    )
