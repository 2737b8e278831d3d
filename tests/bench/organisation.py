"""
An organisation made from a seed: what the cloud says now, what the target holds, and the ledger between them.

The target and the ledger are in step with an earlier export, from which the cloud has since moved on: 1 % of the
people changed in one field, 0.5 % are new. Meanwhile administrators made 0.5 % more accounts and edited 0.1 % of
the shared fields.
"""

import random
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, structs

from reconciler.core.export import Counts, GroupRow, UserRow
from reconciler.core.ledger import Claim, Head, Last, Ledger, LedgerRow, Names
from reconciler.core.model import Fields, Inputs, Live, Value
from reconciler.core.policy import Policy
from reconciler.core.rules import authorities
from reconciler.files.rows import collector_paused

SOURCE, TARGET, ACCOUNT, LINEAGE = "ibmcloud", "openpages", "1f2e3d4c", "bench"
DATABASE = ".reconciler/openpages.db"
EARLIER, NOW = "2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z"
SHARED = ("locale", "profiles", "roles")
PREFIX, PARENT = "Cloud IAM - ", "Workflow, Reporting and Others"
MEMBERSHIPS = 10

_FIRST = ("Ann", "Bob", "Chloé", "Dmitri", "Eva", "Farid", "Grace", "Hiro", "Ines", "José", "Kim", "Łukasz")
_LAST = ("Adams", "Brown", "Castro", "Dupont", "Evans", "Fischer", "García", "Hansen", "Ito", "Jensen", "Kaya")
LOCALES = ("de_DE", "en_GB", "en_US", "fr_FR", "ja_JP")
_MORE_ROLES = (("Viewer",), ("Editor",), ("Operator",), ())
_MOVING = ("description", "email", "first_name", "last_name")
_EDITED: dict[str, Value] = {"locale": "pt_BR", "profiles": ("Audit", "Default"), "roles": ("OpenPages User",)}
_SECURITY: Fields = {
    "can_change_password": True,
    "locked": False,
    "password_expires_in_days": 0,
    "temporary_password": False,
}
_DISPLAYED = (
    "user_name",
    "email",
    "first_name",
    "last_name",
    "display_name",
    "distinguished_name",
    "description",
    "locale",
)


class Edit(Struct, frozen=True):
    """
    What an administrator set: the field of one person, by key.
    """

    key: str
    field: str
    value: Value


class Organisation(Struct, frozen=True, kw_only=True):
    """
    One organisation; every sequence is sorted by key, but for `extra`, the accounts that administrators made.

    `before` is what the cloud said of the people whom the target holds when it was last applied.
    """

    users: Sequence[UserRow]
    groups: Sequence[GroupRow]
    before: Sequence[UserRow]
    edits: Sequence[Edit]
    extra: Sequence[str]


def organisation(size: int, seed: int = 1) -> Organisation:
    """
    Return the organisation of `size` people that the seed makes, the same on every machine.
    """
    chance = random.Random(seed)
    with collector_paused():
        groups = [_group(number) for number in range(max(size // 10, MEMBERSHIPS))]
        users = sorted((_user(number, groups, chance) for number in range(size)), key=lambda row: row.key)
        touched = chance.sample(users, size // 100 + size // 200 + 3 * size // 1_000)
        moved = {row.key: _former(row, chance) for row in touched[: size // 100]}
        new = {row.key for row in touched[size // 100 : size // 100 + size // 200]}
        edited = sorted(row.key for row in touched[size // 100 + size // 200 :])
        return Organisation(
            users=users,
            groups=groups,
            before=[moved.get(row.key, row) for row in users if row.key not in new],
            edits=[_edit(key, SHARED[number % 3]) for number, key in enumerate(edited)],
            extra=[f"local{number}@example.com" for number in range(size // 200)],
        )


def _group(number: int) -> GroupRow:
    """
    Return one group; each grants the role by which its members may log in.
    """
    return GroupRow(
        key=f"AccessGroupId-{number:08x}",
        name=f"Team {number}",
        description=f"People of team {number}",
        roles=tuple(sorted(("OpenPages User", *_MORE_ROLES[number % len(_MORE_ROLES)]))),
    )


def _user(number: int, groups: Sequence[GroupRow], chance: random.Random) -> UserRow:
    """
    Return one active person with twelve attributes and ten memberships.
    """
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    return UserRow(
        key=f"IBMid-{chance.randrange(16**6):06x}{number:07d}",
        user_name=f"person{number}@example.com",
        email=f"person{number}@mail.example.com",
        first_name=first,
        last_name=f"{last} {number}",
        display_name=f"{first} {last}",
        description=f"Joined as number {number}",
        locale=chance.choice(LOCALES),
        state="active",
        source_state="ACTIVE",
        groups=tuple(sorted(group.key for group in chance.sample(groups, MEMBERSHIPS))),
        attributes={"department": f"D{number % 97}", "phone": f"+1 555 {number:07d}", "title": f"T{number % 31}"},
    )


def _former(row: UserRow, chance: random.Random) -> UserRow:
    """
    Return what the cloud said of a person before one field changed.
    """
    field = chance.choice(_MOVING)
    return structs.replace(row, **{field: f"former {getattr(row, field)}"})


def _edit(key: str, field: str) -> Edit:
    return Edit(key, field, _EDITED[field])


def fields_of(row: UserRow, groups: Mapping[str, GroupRow]) -> Fields:
    """
    Return the fields that preset `openpages` gives a person.
    """
    given: Fields = {name: getattr(row, name) for name in ("user_name", "email", "first_name", "last_name")}
    roles = tuple(sorted({role for key in row.groups for role in groups[key].roles}))
    shared: Fields = {"locale": str(row.locale), "profiles": ("Default",), "roles": roles}
    return {**given, "description": str(row.description), **_SECURITY, **shared}


def live_groups(org: Organisation) -> list[Live]:
    """
    Return the groups as the target holds them, with ids in the order in which they were made.
    """
    return [
        Live(
            kind="group",
            id=str(number),
            name=PREFIX + row.name,
            fields={
                "name": PREFIX + row.name,
                "description": str(row.description),
                "parent": PARENT,
                "deleted": False,
                "roles": (),
            },
            external_id=row.key,
        )
        for number, row in enumerate(org.groups, 1)
    ]


def before_edits(org: Organisation) -> Iterator[Live]:
    """
    Yield the people as the product left them in the target when it was last applied.
    """
    groups = {row.key: row for row in org.groups}
    ids = {row.key: str(number) for number, row in enumerate(org.groups, 1)}
    for number, row in enumerate(org.before, 1):
        yield Live(
            kind="user",
            id=str(number),
            name=row.user_name,
            fields={"display_name": None, "distinguished_name": None, **fields_of(row, groups)},
            external_id=row.key,
            groups=tuple(sorted(ids[key] for key in row.groups)),
        )


def live_users(org: Organisation) -> Iterator[Live]:
    """
    Yield the people as the target holds them now, administrators' edits and accounts included.
    """
    edits: dict[str | None, Fields] = {edit.key: {edit.field: edit.value} for edit in org.edits}
    for live in before_edits(org):
        yield structs.replace(live, fields={**live.fields, **edits.get(live.external_id, {})})
    for number, name in enumerate(org.extra, len(org.before) + 1):
        yield _local(number, name)


def _local(number: int, name: str) -> Live:
    """
    Return an account that an administrator made, of which nothing but the name is said.
    """
    fields: Fields = {**dict.fromkeys(_DISPLAYED), **_SECURITY, "user_name": name, "profiles": (), "roles": ()}
    return Live(kind="user", id=str(number), name=name, fields=fields)


def ledger(org: Organisation, policy: Policy) -> Ledger:
    """
    Return the ledger of the run that brought the earlier export to the target under `policy`.
    """
    groups = {row.key: row for row in org.groups}
    head = Head(
        version=1,
        lineage=LINEAGE,
        target=TARGET,
        serial=1,
        inputs=Inputs(policy=policy.digest, fetched_at=EARLIER),
        policy=authorities(policy),
        account=ACCOUNT,
        fetched_at=EARLIER,
        counts=Counts(
            users=len(org.before), groups=len(groups), memberships=sum(len(row.groups) for row in org.before)
        ),
    )
    people = (_user_record(row, fields_of(row, groups), str(n), policy) for n, row in enumerate(org.before, 1))
    teams = (_group_record(live, policy) for live in live_groups(org))
    return Ledger(head, {row.key: row for row in people}, {row.key: row for row in teams})


def _user_record(row: UserRow, fields: Fields, link: str, policy: Policy) -> LedgerRow:
    claims = {
        name: Claim(owner="git", saw=fields[name], wrote=fields[name], since=EARLIER, run=1) for name in SHARED
    }
    source = {name: value for name, value in fields.items() if name not in SHARED}
    return LedgerRow(
        key=row.key,
        link=link,
        names=Names(present=row.user_name),
        claims=claims,
        last=Last(fields=source, groups=row.groups),
        policy=policy.digest,
    )


def _group_record(live: Live, policy: Policy) -> LedgerRow:
    return LedgerRow(
        key=str(live.external_id),
        link=live.id,
        names=Names(present=live.name),
        last=Last(fields={"description": live.fields["description"]}),
        policy=policy.digest,
    )
