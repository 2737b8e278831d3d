"""
Where there are several targets: which names in overrides mean somebody whom only another one knows.

An override speaks of a person or a group, not of a target. Whom this target has never heard of, and another one
knows, is none of its affair; whom nobody knows is a mistake, and is told as one.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from reconciler.apply.book import Book, glance
from reconciler.core.directory import Directory, directory_of
from reconciler.core.export import Export
from reconciler.core.ledger import Ledger
from reconciler.core.matching import folded
from reconciler.core.overrides import Override
from reconciler.core.policy import GroupPolicy
from reconciler.errors import InputError, LedgerError, SourceError
from reconciler.files.state import State
from reconciler.ports import Exported, Recorded
from reconciler.wiring.adapters import open_store
from reconciler.wiring.drawing import drawn
from reconciler.wiring.surroundings import clock


def names_elsewhere(
    state: State, target: str, export: Exported, ledger: Recorded, *, environ: Mapping[str, str]
) -> frozenset[str]:
    """
    Return the names, folded, that overrides use and that mean nobody here, but somebody of another target.

    A target of which export or ledger cannot be read knows nobody.
    """
    if len(state.config.targets) == 1:
        return frozenset()
    strange = frozenset(map(called, state.overrides))
    strange -= _known(strange, export, ledger, state.policies[target].groups)
    found: set[str] = set()
    for other in sorted(state.config.targets.keys() - {target}) if strange else ():
        with suppress(InputError, LedgerError, SourceError):
            store = open_store(state, other, clock(environ))
            book = Book(target=other, store=store, folder=state.root.resolve().parent)
            ledger = glance(book).ledger
            source = drawn(state.root, state.config, other, ledger)
            found |= _known(strange, source.export, ledger, state.policies[other].groups)
    return frozenset(found)


def called(one: Override) -> str:
    """
    Return the name, folded, by which an override calls whom it is about.
    """
    return folded(one.user if one.user is not None else one.group or "")


def about_here(overrides: Iterable[Override], elsewhere: frozenset[str]) -> tuple[Override, ...]:
    """
    Return the overrides that do not speak of somebody elsewhere.
    """
    return tuple(one for one in overrides if called(one) not in elsewhere)


def strangers(overrides: Iterable[Override], own: Directory, others: Iterable[Directory]) -> frozenset[str]:
    """
    Return the same names, where the directories of all targets are at hand.
    """
    names = frozenset(map(called, overrides)) - _names(own)
    return names & frozenset[str]().union(*map(_names, others))


def _known(wanted: frozenset[str], export: Exported, ledger: Recorded, groups: GroupPolicy) -> frozenset[str]:
    """
    Return which of the names mean somebody in an export or its ledger; people are read shard by shard.
    """
    nobody = Export(export.manifest, (), ())
    without_people = Export(export.manifest, (), export.groups), Ledger(ledger.head, {}, ledger.groups)
    found = wanted & _names(directory_of(*without_people, groups))
    for _, people in export.shards():
        found |= wanted & Directory(Export(export.manifest, tuple(people), ()), {}, {}).people.keys()
    for _, rows in ledger.shards():
        found |= wanted & Directory(nobody, rows, {}).known_before
    return found


def _names(directory: Directory) -> frozenset[str]:
    return frozenset({*directory.people, *directory.groups, *directory.known_before})
