"""
A whole world of which one can be shown no more than is asked for, as an index of it would.
"""

from collections.abc import Iterator

from reconciler.core.directory import names_in_export, names_in_ledger
from reconciler.core.export import GroupRow, UserRow
from reconciler.core.ledger import LedgerRow
from reconciler.core.model import Kind, Live
from reconciler.core.near import Ask, Near, forms
from reconciler.core.world import World


class Sight:
    """
    Answers from a world, and counts what it shows.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.shown = 0

    def look(self, asks: frozenset[Ask]) -> Near:
        """
        Return whatever somebody who asks so is shown.
        """
        world = self.world
        found = Near(
            {one.row.key: one for one in world.export.users if set(_said("user", one.row)) & _those(asks)},
            {one.row.key: one for one in world.export.groups if set(_said("group", one.row)) & _those(asks)},
            {key: row for key, row in world.ledger.users.items() if set(_kept("user", row)) & _those(asks)},
            {key: row for key, row in world.ledger.groups.items() if set(_kept("group", row)) & _those(asks)},
            {one.id: one for one in world.snapshot.users if set(_lives("user", one)) & _those(asks)},
            {one.id: one for one in world.snapshot.groups if set(_lives("group", one)) & _those(asks)},
        )
        self.shown += sum(len(getattr(found, name)) for name in Near.__struct_fields__)
        return found


def _those(asks: frozenset[Ask]) -> frozenset[Ask]:
    """
    Return the asks with every form of each name.
    """
    named = {"name", "recorded", "called", "mail"}
    return frozenset(
        (kind, how, form) for kind, how, text in asks for form in (forms(text) if how in named else (text,))
    )


def _lives(kind: Kind, live: Live) -> Iterator[Ask]:
    yield kind, "id", live.id
    if live.external_id:
        yield kind, "external", live.external_id
    yield from ((kind, "called", form) for form in forms(live.name))
    yield from ((kind, "in", link) for link in live.groups)
    if isinstance(mail := live.fields.get("email"), str):
        yield from ((kind, "mail", form) for form in forms(mail))


def _said(kind: Kind, row: UserRow | GroupRow) -> Iterator[Ask]:
    yield kind, "key", row.key
    yield from ((kind, "name", form) for name in names_in_export(row) for form in forms(name))
    if isinstance(row, UserRow):
        yield from ((kind, "within", key) for key in row.groups)


def _kept(kind: Kind, row: LedgerRow) -> Iterator[Ask]:
    yield kind, "key", row.key
    yield from ((kind, "link", link) for link in (row.link, *row.tombstones) if link)
    yield from ((kind, "recorded", form) for name in names_in_ledger(row) for form in forms(name))
