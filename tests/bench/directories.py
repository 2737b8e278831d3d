"""
How fast people and groups come into a directory: `python -m tests.bench.directories`, on an OpenLDAP of its own.

Beside it, in turn, a bare loop of the same client adds the same entries and memberships, one request each; what is
printed is a ratio, of the processor's time and of requests, because machines differ.
"""

import argparse
import resource
import time
from collections.abc import Callable

import ldap3

from reconciler.core.model import Kind
from reconciler.ports import Write
from reconciler.targets.ldap import LdapTarget
from reconciler.targets.ldap_settings import Groups, LdapSettings, Users
from reconciler.wire.ldap_connect import Channel
from tests.wire.ldap_admin import GROUPS, PEOPLE
from tests.wire.slapd import SECRET, TOOL, Slapd, slapd

BATCH = 1000
MEMBERSHIPS = 10


def main() -> None:
    """
    Print the table.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=10_000)
    users = parser.parse_args().users
    groups = max(1, users // 10)
    bare = measured("a bare loop", lambda server: loop(server, users, groups), holds=(users, groups))
    ours = measured("the target", lambda server: applied(server, users, groups), holds=(users, groups))
    print(f"users {users}, groups {groups}, memberships {users * MEMBERSHIPS}")  # noqa: T201 - a table
    print(f"CPU {ours[0] / bare[0]:.2f} x, elapsed {ours[1] / bare[1]:.2f} x the bare loop's")  # noqa: T201


def measured(name: str, work: Callable[[Slapd], int], *, holds: tuple[int, int]) -> tuple[float, float]:
    """
    Return the seconds of processor and clock that the work takes on an empty directory, which then holds so many.
    """
    with slapd() as server:
        began, clock = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        requests = work(server)
        ended, elapsed = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - clock
        snapshot = target_of(server).read()
        assert (len(snapshot.users), len(snapshot.groups)) == holds
    spent = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    print(f"{name}: {requests} writes, {spent:.1f} s of CPU, {elapsed:.1f} s")  # noqa: T201 - a table
    return spent, elapsed


def loop(server: Slapd, users: int, groups: int) -> int:
    """
    Add entries and then memberships, a modification a group, as a script would; return the requests.
    """
    connection = ldap3.Connection(
        ldap3.Server(server.url, get_info=ldap3.NONE), TOOL, SECRET, auto_bind=True, check_names=False
    )
    for number in range(groups):
        dn = f"cn=g{number},{GROUPS}"
        connection.add(dn, attributes={"objectClass": "groupOfNames", "cn": f"g{number}", "member": ""})
    for number in range(users):
        attributes = {"objectClass": "inetOrgPerson", "uid": f"u{number}", "cn": f"u{number}", "sn": f"S{number}"}
        connection.add(f"uid=u{number},{PEOPLE}", attributes={**attributes, "mail": f"u{number}@example.com"})
    members: dict[int, list[str]] = {}
    for number in range(users):
        for group in joined(number, groups):
            members.setdefault(group, []).append(f"uid=u{number},{PEOPLE}")
    for group, listed in members.items():
        connection.modify(f"cn=g{group},{GROUPS}", {"member": [("MODIFY_ADD", listed)]})
    connection.unbind()
    return users + 2 * groups


def applied(server: Slapd, users: int, groups: int) -> int:
    """
    Let the target make the same, in batches as apply does, each read back; return the writes.
    """
    target = target_of(server)
    target.read()
    made = target.write([creation("group", f"g{number}") for number in range(groups)], run="run-1")
    ids = [result.live.id for result in made if result.live]
    writes = [
        creation(
            "user",
            f"u{number}",
            fields={"last_name": f"S{number}", "email": f"u{number}@example.com"},
            join=tuple(ids[group] for group in joined(number, groups)),
        )
        for number in range(users)
    ]
    for start in range(0, users, BATCH):
        results = target.write(writes[start : start + BATCH], run="run-1")
        assert all(result.outcome == "landed" for result in results)
    target.close()
    return users + groups


def target_of(server: Slapd) -> LdapTarget:
    """
    Return the directory as a target.
    """
    channel = Channel(servers=(server.url,), bind_dn=TOOL, password=SECRET)
    settings = LdapSettings(users=Users(base=PEOPLE), groups=Groups(base=GROUPS), bind_dn=TOOL, password=SECRET)
    return LdapTarget(channel, settings)


def joined(number: int, groups: int) -> list[int]:
    """
    Return the groups that somebody is in.
    """
    return sorted({(number * 7 + step * 13) % groups for step in range(MEMBERSHIPS)})


def creation(kind: Kind, name: str, *, fields: dict[str, str] | None = None, join: tuple[str, ...] = ()) -> Write:
    """
    Return a create.
    """
    return Write(
        change=name,
        action="create",
        kind=kind,
        id=None,
        key=name,
        name=name,
        fields=dict(fields or {}),
        join=join,
    )


if __name__ == "__main__":
    main()
