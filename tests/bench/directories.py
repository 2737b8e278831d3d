"""
How fast people and groups come into a directory: `python -m tests.bench.directories`, on an OpenLDAP of its own.

Beside it, in turn, a bare loop of the same client adds the same entries and memberships, one request each; what is
printed is a ratio, of the processor's time and of requests, because machines differ.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from statistics import median

import ldap3

from reconciler.apply.writing import BATCH
from reconciler.core.model import Kind, Live
from reconciler.ports import Write
from reconciler.targets.ldap import LdapTarget
from reconciler.targets.ldap_settings import Groups, LdapSettings, Users
from reconciler.testing.writes import update
from reconciler.wire.ldap_connect import Channel
from tests.wire.ldap_admin import GROUPS, PEOPLE
from tests.wire.slapd import SECRET, TOOL, Slapd, slapd

MEMBERSHIPS = 10


def main() -> None:
    """
    Print the table.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    users, groups = arguments.users, max(1, arguments.users // 10)
    spent, elapsed = [], []
    for _ in range(arguments.rounds):
        bare = measured("a bare loop", lambda server: loop(server, users, groups), holds=(users, groups))
        ours = measured("the target", lambda server: applied(server, users, groups), holds=(users, groups))
        spent.append(ours[0] / bare[0])
        elapsed.append(bare[1] / ours[1])
    print(f"users {users}, groups {groups}, memberships {users * MEMBERSHIPS}")  # noqa: T201 - a table
    print(f"CPU {median(spent):.2f} x, rate {median(elapsed):.2f} x the bare loop's")  # noqa: T201 - a table


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
        attributes = {"objectClass": "groupOfNames", "cn": f"g{number}", "member": ""}
        connection.add(dn, attributes={**attributes, "businessCategory": f"g{number}"})
    for number in range(users):
        attributes = {"objectClass": "inetOrgPerson", "uid": f"u{number}", "cn": f"u{number}", "sn": f"S{number}"}
        more = {"mail": f"u{number}@example.com", "employeeNumber": f"u{number}"}
        connection.add(f"uid=u{number},{PEOPLE}", attributes={**attributes, **more})
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
    Let the target make the same as apply does: groups, people, then who joins, each read back; return the writes.
    """
    target = target_of(server)
    target.read()
    teams = written(target, [creation("group", f"g{number}") for number in range(groups)], at_once=BATCH)
    fields = [{"last_name": f"S{number}", "email": f"u{number}@example.com"} for number in range(users)]
    people = written(target, [creation("user", f"u{n}", fields=one) for n, one in enumerate(fields)], at_once=BATCH)
    joins = [
        update(live, join=tuple(sorted(teams[group].id for group in joined(number, groups))))
        for number, live in enumerate(people)
    ]
    written(target, joins, at_once=target.together)
    target.close()
    return users + 2 * groups


def written(target: LdapTarget, writes: Sequence[Write], *, at_once: int) -> list[Live]:
    """
    Return what is there once the writes are made, so many at once.
    """
    parts = [writes[start : start + at_once] for start in range(0, len(writes), at_once)]
    results = [result for part in parts for result in target.write(part, run="run-1")]
    assert all(result.outcome == "landed" for result in results)
    return [result.live for result in results if result.live]


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


def creation(kind: Kind, name: str, *, fields: dict[str, str] | None = None) -> Write:
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
    )


if __name__ == "__main__":
    main()
