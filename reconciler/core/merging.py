"""
People whom several sources describe, as one row each: joined by a value that all of them give.

Of each field the first source that gives it decides, in the order of precedence; what others say instead is kept,
to be shown. Groups, roles and attributes of all sources count: each source speaks of its own.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from reconciler.core.export import Apart, Dispute, Placed, UserRow

FIELDS = ("user_name", "email", "first_name", "last_name", "display_name", "description", "locale")
ATTRIBUTE = "attributes."
BOTH = " + "
"""Stands between the places of rows that are one."""

Parts: TypeAlias = list[tuple[str, Placed]]
"""What each source says of one person, in the order of precedence."""


class Joining(Struct, frozen=True, kw_only=True):
    """
    By which field people of several sources are one, and which order of sources holds for single fields.

    `by` is a field of a row, or `attributes.NAME`. Of the keys that the sources give, one in `known` is kept before
    all others, so that nobody becomes somebody else because another source learns of them: those have an account.
    """

    by: str
    precedence: dict[str, tuple[str, ...]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()


class Merged(Struct, frozen=True):
    """
    The people of all sources, each once, where the sources say different things of one, and who must not be one.
    """

    users: tuple[Placed, ...]
    disputes: tuple[Dispute, ...]
    apart: tuple[Apart, ...] = ()


def merged(sources: Mapping[str, Sequence[Placed]], joining: Joining) -> Merged:
    """
    Return the people of all sources, in order of precedence, those with one value of the joining field as one.

    Whoever shares the value with somebody of the same source is joined with nobody: which of them is meant? Nor are
    those of whom several are known: each has an account, and nobody gets another's because one source says so.
    """
    users: list[Placed] = []
    disputes: list[Dispute] = []
    apart: list[Apart] = []
    for value, parts in _by_value(sources, joining.by).items():
        names = [name for name, _ in parts]
        if not value or len(set(names)) == 1:
            users += (placed for _, placed in parts)
        elif len(set(names)) < len(names):
            users += (placed for _, placed in parts)
            disputes += _ambiguous(parts, joining.by)
        elif len({placed.row.key for _, placed in parts} & joining.known) > 1:
            users += (placed for _, placed in parts)
            apart.append(_apart(parts, joining.by))
        else:
            key = _key(parts, joining.known)
            users.append(_one(parts, key, joining))
            disputes += _disputes(parts, key, joining)
    return Merged(tuple(users), tuple(disputes), tuple(apart))


def _by_value(sources: Mapping[str, Sequence[Placed]], by: str) -> dict[str, Parts]:
    """
    Return what the sources say by the value, in one form, of the joining field; without one, under the empty value.
    """
    found: dict[str, Parts] = defaultdict(list)
    for name, people in sources.items():
        for placed in people:
            found[_alike(_text(placed.row, by))].append((name, placed))
    return found


def _alike(text: str) -> str:
    """
    Return the form in which two values are one: but for letters' case, and canonically equal (Unicode NFC).

    No look-alike is: whoever can choose a full-width letter, or any that folds to a plain one, is not for that the
    one who has the plain letter.
    """
    low = unicodedata.normalize("NFC", text).lower()
    return low if text.isascii() or not low.isascii() else text


def _text(row: UserRow, name: str) -> str:
    """
    Return the text of a field or attribute; empty where the source gives none.
    """
    value = row.attributes.get(name.removeprefix(ATTRIBUTE)) if name.startswith(ATTRIBUTE) else getattr(row, name)
    return value if isinstance(value, str) else ""


def _key(parts: Parts, known: frozenset[str]) -> str:
    keys = [placed.row.key for _, placed in parts]
    return next((key for key in keys if key in known), keys[0])


def _one(parts: Parts, key: str, joining: Joining) -> Placed:
    """
    Return the row of somebody whom several sources describe. It stands at the places of all of them.
    """
    rows = [placed.row for _, placed in parts]
    state = _ordered(parts, "state", joining)[0][1]
    attributes = {name for row in rows for name in row.attributes}
    row = replace(
        rows[0],
        key=key,
        state=state.state,
        source_state=state.source_state,
        groups=tuple(sorted({group for row in rows for group in row.groups})),
        roles=tuple(sorted({role for row in rows for role in row.roles})),
        attributes={
            name: _ordered(parts, ATTRIBUTE + name, joining)[0][1].attributes[name] for name in sorted(attributes)
        },
    )
    given = {name: _ordered(parts, name, joining) for name in FIELDS}
    fields = {name: getattr(order[0][1], name) for name, order in given.items() if order}
    return Placed(replace(row, **fields), BOTH.join(placed.origin for _, placed in parts))


def _ordered(parts: Parts, name: str, joining: Joining) -> list[tuple[str, UserRow]]:
    """
    Return the sources that give a field, in the order that holds for it. Of states, one that is known comes first.
    """
    first = joining.precedence.get(name, ())
    rows = [(source, placed.row) for source, placed in parts if _gives(placed.row, name)]
    rows.sort(key=lambda one: first.index(one[0]) if one[0] in first else len(first))
    if name == "state":
        rows.sort(key=lambda one: one[1].state == "unknown")
    return rows


def _gives(row: UserRow, name: str) -> bool:
    if name.startswith(ATTRIBUTE):
        return name.removeprefix(ATTRIBUTE) in row.attributes
    return getattr(row, name) is not UNSET


def _disputes(parts: Parts, key: str, joining: Joining) -> Iterator[Dispute]:
    """
    Yield each field of which the sources give different values. An unknown state disputes none.
    """
    attributes = sorted({ATTRIBUTE + name for _, placed in parts for name in placed.row.attributes})
    for name in ("state", *FIELDS, *attributes):
        said = [(source, _said(row, name)) for source, row in _ordered(parts, name, joining)]
        others = [(source, value) for source, value in said[1:] if not _same(name, value, said[0][1], joining.by)]
        if others:
            yield Dispute(key=key, field=name, taken=said[0], others=tuple(others))


def _said(row: UserRow, name: str) -> str:
    value = row.attributes[name.removeprefix(ATTRIBUTE)] if name.startswith(ATTRIBUTE) else getattr(row, name)
    return value if isinstance(value, str) else ", ".join(value)


def _same(name: str, one: str, other: str, by: str) -> bool:
    """
    Return whether two values agree; of the joining field its letters' case says nothing, of states an unknown one.
    """
    if name == "state" and one == "unknown":
        return True
    return _alike(one) == _alike(other) if name == by else one == other


def _ambiguous(parts: Parts, by: str) -> Iterator[Dispute]:
    """
    Yield, once, that a value is of several people of one source, and so joins nobody.
    """
    said = [(f"{name} {placed.row.key}", _text(placed.row, by)) for name, placed in parts]
    yield Dispute(key=parts[0][1].row.key, field=by, taken=None, others=tuple(said))


def _apart(parts: Parts, by: str) -> Apart:
    return Apart(
        keys=tuple(placed.row.key for _, placed in parts),
        field=by,
        said=tuple(f"{name}: {_text(placed.row, by)!r}" for name, placed in parts),
    )
