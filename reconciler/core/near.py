"""
Of everybody only those who could be taken for somebody named, or are in such a group, and the groups they are in.

Who is who depends on nobody else: whom neither key, link, external id, name nor e-mail leads to, however many
steps it takes, is neither matched with the named nor in their way. What does depend on others, a decision says
(`at_large`), and everything is read then. A property test holds the two together.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, TypeAlias, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.directory import names_in_export
from reconciler.core.export import Export, Placed, PlacedGroup
from reconciler.core.ledger import Ledger, LedgerRow
from reconciler.core.matching import folded
from reconciler.core.model import Kind, Live
from reconciler.core.overrides import Override
from reconciler.core.policy import Policy
from reconciler.core.scope import Scope
from reconciler.core.world import World

How: TypeAlias = Literal["key", "name", "within", "recorded", "link", "id", "external", "called", "mail", "in"]
"""
By what one is looked for: the key of export and ledger; a name in the export, or the key of a group there; a name
that the ledger knows, and the target's id there; and in the target by id, external id, name, e-mail, id of a group.
"""

Ask: TypeAlias = tuple[Kind, How, str]

_Found = TypeVar("_Found")

MOST = 10_000
"""People, accounts and groups above which reading everything is no worse."""


class Near(Struct, frozen=True):
    """
    What was found: rows of the export and of the ledger by key, what is live by the target's id.
    """

    users: dict[str, Placed] = field(default_factory=dict)
    groups: dict[str, PlacedGroup] = field(default_factory=dict)
    user_rows: dict[str, LedgerRow] = field(default_factory=dict)
    group_rows: dict[str, LedgerRow] = field(default_factory=dict)
    live_users: dict[str, Live] = field(default_factory=dict)
    live_groups: dict[str, Live] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """
        Return of how many there is anything.
        """
        return len(self.users) + len(self.groups) + len(self.live_users) + len(self.live_groups)


def is_near(scope: Scope) -> bool:
    """
    Return whether a run of this scope looks at named people alone, or at named groups and who is in them.
    """
    return bool(scope.named)


def forms(text: str) -> frozenset[str]:
    """
    Return the forms of a name of which two have one in common wherever anybody would take them for the same.
    """
    plain = text.strip()
    if plain == text and text.isascii():
        return frozenset((text.lower(),))
    return frozenset((folded(text), plain.casefold()))


def nearby(
    scope: Scope, overrides: Iterable[Override], policy: Policy, look: Callable[[frozenset[Ask]], Near]
) -> Near | None:
    """
    Return all that a run about the named needs to know; None where that is too many to be read one by one.

    Overrides speak of people and groups too: who these are must be known, and whether a blocked one is still on.
    Near is whoever is in a group that is named, on either side, or that somebody named leaves: is it empty then?
    """
    spoken = tuple(overrides)
    named = frozenset(_named(scope, policy))
    if scope.users == "members":
        groups = _found(named, spoken, policy, look)
        if groups is None:
            return None
        named |= frozenset(_members(groups))
    first = named | frozenset(_spoken_of(spoken, policy))
    near = _found(first, spoken, policy, look)
    left = frozenset(_left(scope, near)) if near and scope.users == "named" else frozenset[Ask]()
    return _found(first | left, spoken, policy, look) if left else near


def _found(
    first: frozenset[Ask], overrides: Iterable[Override], policy: Policy, look: Callable[[frozenset[Ask]], Near]
) -> Near | None:
    """
    Return to whom the first asks lead, however many steps it takes; None where these are too many.

    E-mails are asked for last, and only of people who are linked to nothing.
    """
    near, asked = Near(), frozenset[Ask]()
    while asks := (first | _sought(near, policy) | _renamed(near, overrides, policy)) - asked or (
        _mails(near, policy) - asked
    ):
        found = look(asks)
        near = Near(*(getattr(near, name) | getattr(found, name) for name in Near.__struct_fields__))
        asked |= asks
        if near.size > MOST:
            return None
    return near


def narrowed(world: World, near: Near) -> World:
    """
    Return the world with nobody in it but those who are near.
    """
    return replace(
        world,
        export=Export(world.export.manifest, _by_key(near.users), _by_key(near.groups)),
        ledger=Ledger(world.ledger.head, near.user_rows, near.group_rows),
        snapshot=replace(world.snapshot, users=_by_key(near.live_users), groups=_by_key(near.live_groups)),
    )


def _by_key(found: Mapping[str, _Found]) -> tuple[_Found, ...]:
    return tuple(one for _, one in sorted(found.items()))


def _named(scope: Scope, policy: Policy) -> Iterator[Ask]:
    """
    Yield whom the scope names; who is gone from the source, too, where the scope may mean them.
    """
    for name in scope.named:
        if scope.users == "members":
            yield "group", "name", name
            yield from (("group", "recorded", spelled) for spelled in _prefixed(name, policy))
        else:
            yield "user", "name", name
            if scope.remove == "all":
                yield "user", "recorded", name


def _members(groups: Near) -> Iterator[Ask]:
    """
    Yield by what those are found who are in any of the groups: at the source, or in the target.
    """
    yield from (("user", "within", key) for key in groups.groups)
    yield from (("user", "in", link) for link in groups.live_groups)


def _left(scope: Scope, near: Near) -> Iterator[Ask]:
    """
    Yield by what the people of those groups are found that somebody named would leave.
    """
    named = frozenset(form for name in scope.named for form in forms(name))
    keys = {row.link: key for key, row in near.group_rows.items()}
    for key, placed in near.users.items():
        row = near.user_rows.get(key)
        live = near.live_users.get(row.link or "") if row else None
        if live and any(not named.isdisjoint(forms(name)) for name in names_in_export(placed.row)):
            left = (link for link in live.groups if keys.get(link, "") not in ("", *placed.row.groups))
            yield from (("user", "in", link) for link in left)


def _renamed(near: Near, overrides: Iterable[Override], policy: Policy) -> frozenset[Ask]:
    """
    Return the names in the target that overrides give to the groups found so far.
    """
    names = {placed.row.name for placed in near.groups.values()} | near.groups.keys()
    names |= {bare for row in near.group_rows.values() for bare in (row.key, *_bare_names(row, policy))}
    borne = {form for name in names for form in forms(name)}
    return frozenset(
        ("group", "called", spelled)
        for one in overrides
        if one.group and one.rename and not borne.isdisjoint(forms(one.group))
        for spelled in _spellings(one.rename, policy)
    )


def _spoken_of(overrides: Iterable[Override], policy: Policy) -> Iterator[Ask]:
    """
    Yield whom overrides name: people and groups, of now or gone, and the names that they give.
    """
    for one in overrides:
        people = (one.user, one.copy_access_from)
        groups = (one.group, *one.groups_add, *one.groups_remove)
        for kind, names in (("user", people), ("group", groups)):
            yield from ((kind, "name", name) for name in names if name)  # type: ignore[misc]
        for name in filter(None, (*people, *groups)):
            yield "user", "recorded", name
            yield from (("group", "recorded", spelled) for spelled in _prefixed(name, policy))
        if isinstance(given := one.set.get("user_name"), str):
            yield from (("user", "name", given), ("user", "called", given))
        if one.rename:
            yield "group", "name", one.rename
            yield from (("group", "called", spelled) for spelled in _spellings(one.rename, policy))
        if isinstance(mail := one.set.get("email"), str):
            yield "user", "mail", mail


def _sought(near: Near, policy: Policy) -> frozenset[Ask]:
    """
    Return everything by which somebody, or some group, else could be taken for one of those found so far.
    """
    return frozenset(
        (
            *(ask for placed in near.users.values() for ask in _of_person(placed)),
            *(ask for placed in near.groups.values() for ask in _of_group(placed, policy)),
            *(ask for row in near.user_rows.values() for ask in _of_row("user", row)),
            *(ask for row in near.group_rows.values() for ask in _of_row("group", row)),
            *(("group", "name", bare) for row in near.group_rows.values() for bare in _bare_names(row, policy)),
            *(ask for live in near.live_users.values() for ask in _of_live("user", live)),
            *(
                ("user", "name", mail)
                for one in near.live_users.values()
                if isinstance(mail := one.fields.get("email"), str)
            ),
            *(("group", "id", link) for one in near.live_users.values() for link in one.groups),
            *(ask for live in near.live_groups.values() for ask in _of_live("group", live)),
            *(("group", "name", bare) for one in near.live_groups.values() for bare in _bare(one.name, policy)),
        )
    )


def _mails(near: Near, policy: Policy) -> frozenset[Ask]:
    """
    Return the e-mails of people whom the ledger links to nothing, where accounts are found by e-mail.
    """
    if "email" not in policy.users.correlate:
        return frozenset()
    linked = {key for key, row in near.user_rows.items() if row.link}
    return frozenset(
        ("user", "mail", placed.row.email)
        for key, placed in near.users.items()
        if key not in linked and isinstance(placed.row.email, str)
    )


def _of_person(placed: Placed) -> Iterator[Ask]:
    row = placed.row
    yield from (("user", "key", row.key), ("user", "name", row.user_name))
    yield from (("user", "external", row.key), ("user", "called", row.user_name))
    yield from (("group", "key", key) for key in row.groups)


def _of_group(placed: PlacedGroup, policy: Policy) -> Iterator[Ask]:
    row = placed.row
    yield from (("group", "key", row.key), ("group", "name", row.name), ("group", "external", row.key))
    yield from (("group", "called", spelled) for spelled in _spellings(row.name, policy))


def _of_row(kind: Kind, row: LedgerRow) -> Iterator[Ask]:
    yield kind, "key", row.key
    yield from ((kind, "id", link) for link in (row.link, *row.tombstones) if link)
    if row.intent:
        yield kind, "external", row.intent.external_id


def _of_live(kind: Kind, live: Live) -> Iterator[Ask]:
    yield from ((kind, "link", live.id), (kind, "name", live.name))
    if live.external_id:
        yield kind, "key", live.external_id


def _prefixes(policy: Policy) -> tuple[str, ...]:
    return (policy.groups.prefix, *policy.groups.recognise)


def _prefixed(name: str, policy: Policy) -> frozenset[str]:
    return frozenset((name, *(prefix + name for prefix in _prefixes(policy))))


def _bare(name: str, policy: Policy) -> frozenset[str]:
    """
    Return what a group of that name in the target may be called at the source; a target may fold the prefix.
    """
    lengths = (len(one) for one in _prefixes(policy) if folded(name[: len(one)]) == folded(one))
    return frozenset((name, *(name[length:] for length in lengths)))


def _bare_names(row: LedgerRow, policy: Policy) -> frozenset[str]:
    names = (row.names.present, *row.names.previous) if row.names else ()
    return frozenset(bare for name in names for bare in _bare(name, policy))


def _spellings(name: str, policy: Policy) -> frozenset[str]:
    """
    Return all names in the target by which a group of that name at the source is recognised.
    """
    return frozenset(
        prefix + bare for bare in _bare(policy.groups.prefix + name, policy) for prefix in _prefixes(policy)
    ) | {policy.groups.prefix + name}
