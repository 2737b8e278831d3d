"""
Who could be imported from a source into a target, and what would become of each: known before anything happens.

The engine says it: the plan is made as if everybody who was found had been chosen, and nothing of it is kept.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler import engine
from reconciler.core.decide import Decision
from reconciler.core.export import GroupRow, UserRow
from reconciler.core.lifecycle import OURS
from reconciler.core.matching import folded
from reconciler.core.model import Kind
from reconciler.core.overrides import Override
from reconciler.core.policy import Policy
from reconciler.core.scope import ALL
from reconciler.core.search import Query
from reconciler.errors import InputError, UsageError
from reconciler.files.state import read_state
from reconciler.ports import Searchable
from reconciler.sources.exported import display_name
from reconciler.wiring.adapters import known_source
from reconciler.wiring.bench import Bench

Status: TypeAlias = Literal["import", "synchronize", "blocked"]

INTERNAL = "exists as internal"
"""Why an account, or a group, that was made in the target keeps the source's one out."""


class Match(Struct, frozen=True, kw_only=True):
    """
    One user or group that a search found, and what an import would come to.

    `import`: it is made, or adopted. `synchronize`: it was imported before, and follows the source. `blocked`:
    nothing would be written, for this `reason`; `release` says what helps. `chosen`: an override includes it.
    """

    kind: Kind
    key: str
    name: str
    display: str
    status: Status
    reason: str = ""
    release: str = ""
    chosen: bool = False


class Found(Struct, frozen=True, kw_only=True):
    """
    What a search found, users before groups, and the decision that would be made if all of it were chosen.
    """

    matches: tuple[Match, ...]
    decision: Decision


class _Row(Struct, frozen=True, kw_only=True):
    """
    A user or a group of the source; `names` is all that an override may call it by, folded.
    """

    kind: Kind
    key: str
    name: str
    display: str
    state: str
    names: frozenset[str]


def target_of(root: Path, source: str, target: str | None) -> str | None:
    """
    Return the target that draws from the source, where one is not named; None where that is for others to say.

    Raises UsageError for a source that is not configured, or from which the named target does not draw.
    """
    reading = read_state(root)
    if reading.config is None:
        raise InputError(reading.faults)
    known_source(reading.config, source)
    drawing = sorted(name for name, one in reading.config.targets.items() if source in one.sources)
    if target in reading.config.targets and target not in drawing:
        hint = f"name one that does: {', '.join(drawing)}" if drawing else "add it to the target's sources"
        raise UsageError(f"{target} draws from other sources than {source}", hint=hint)
    return drawing[0] if target is None and len(drawing) == 1 else target


def search(found: Bench, source: Searchable, query: Query) -> Found:
    """
    Return who matches in the source, and what an import of each would come to. The target is read now.

    Raises UsageError where the target's policy looks after everybody anyway.
    """
    policy = found.asked.policy
    kinds = _chosen_one_by_one(policy)
    if not kinds:
        told = f"the policy of {found.asked.target} looks after everybody: there is nobody to choose"
        raise UsageError(told, hint="`population: selected` in the policy leaves the choice to overrides")
    said = source.search(query)
    rows = [row for row in (*map(_user, said.users), *map(_group, said.groups)) if row.kind in kinds]
    cared = dict(_cared_for(rows, found.asked.overrides, today=date.fromisoformat(found.now[:10])))
    supposed = [_chosen(row) for row in rows if (row.kind, row.key) not in cared]
    asked = replace(found.asked, overrides=[*found.asked.overrides, *supposed])
    decision = engine.plan(
        asked,
        found.target,
        found.book,
        opened=found.opened,
        now=found.now,
        about={row.key for row in rows if row.kind == "user"},
        scope=ALL,
    )
    return Found(
        matches=tuple(_match(row, decision, cared.get((row.kind, row.key))) for row in rows), decision=decision
    )


def _chosen_one_by_one(policy: Policy) -> frozenset[Kind]:
    """
    Return the kinds of which the policy looks after those alone whom somebody chose.
    """
    kinds: dict[Kind, str] = {"user": policy.users.population, "group": policy.groups.population}
    return frozenset(kind for kind, population in kinds.items() if population != "all")


def _user(row: UserRow) -> _Row:
    mail = row.email if isinstance(row.email, str) else ""
    names = frozenset(folded(one) for one in (row.key, row.user_name, mail) if one)
    return _Row(
        kind="user", key=row.key, name=row.user_name, display=display_name(row), state=row.state, names=names
    )


def _group(row: GroupRow) -> _Row:
    shown = row.description if isinstance(row.description, str) else ""
    names = frozenset({folded(row.key), folded(row.name)})
    return _Row(kind="group", key=row.key, name=row.name, display=shown, state="active", names=names)


def _cared_for(
    rows: Iterable[_Row], overrides: Iterable[Override], *, today: date
) -> Iterator[tuple[tuple[Kind, str], Override]]:
    """
    Yield each row of which an override says already whether it is looked after, with that override.
    """
    holding = [one for one in overrides if one.until is None or date.fromisoformat(one.until) >= today]
    said: dict[tuple[Kind, str], Override] = {}
    for one in holding:
        if one.include or one.exclude or one.block:
            kind: Kind = "user" if one.user is not None else "group"
            said[kind, folded(one.user or one.group or "")] = one
    for row in rows:
        for name in row.names:
            if (row.kind, name) in said:
                yield (row.kind, row.key), said[row.kind, name]


def _chosen(row: _Row) -> Override:
    """
    Return the override that chooses a row, as if somebody had written it.
    """
    user, group = (row.key, None) if row.kind == "user" else (None, row.key)
    return Override(origin="import:0", digest=f"import {row.kind} {row.key}", include=True, user=user, group=group)


def _match(row: _Row, decision: Decision, care: Override | None) -> Match:
    """
    Return what an import of one row comes to: the first that applies.
    """
    status, reason, release = _status(row, decision, care)
    return Match(
        kind=row.kind,
        key=row.key,
        name=row.name,
        display=row.display,
        status=status,
        reason=reason,
        release=release,
        chosen=care is not None and care.include,
    )


def _status(row: _Row, decision: Decision, care: Override | None) -> tuple[Status, str, str]:
    if care is not None and not care.include:
        return "blocked", f"an override says hands off ({care.origin})", "remove it"
    for conflict in decision.plan.conflicts:
        if conflict.kind == row.kind and row.key in conflict.keys:
            return "blocked", *_in_the_way(row, decision, conflict.message, conflict.release)
    for held in decision.plan.held:
        if (held.kind, held.key, held.guard) == (row.kind, row.key, "adoption"):
            return "blocked", f"{INTERNAL} {row.kind}", held.release
    settled = decision.settled.get((row.kind, row.key))
    verb = settled.fate.verb if settled else ""
    ledger = decision.world.ledger.users if row.kind == "user" else decision.world.ledger.groups
    linked = row.key in ledger and bool(ledger[row.key].link)
    if verb == "create" or (settled and verb == "keep" and settled.pair.via not in OURS):
        return "import", "", ""
    if linked:
        return "synchronize", "", ""
    return "blocked", _left_out(row), "it can be imported once that has changed"


def _in_the_way(row: _Row, decision: Decision, message: str, release: str) -> tuple[str, str]:
    """
    Return why a conflict blocks a row: an account of the target has its name, or two of the source have one.
    """
    live = decision.world.snapshot.users if row.kind == "user" else decision.world.snapshot.groups
    ledger = decision.world.ledger.users if row.kind == "user" else decision.world.ledger.groups
    links = {one.link for one in ledger.values()}
    internal = any(one.name == row.name and one.id not in links for one in live)
    return (f"{INTERNAL} {row.kind}" if internal else message), release


def _left_out(row: _Row) -> str:
    """
    Return why somebody who was chosen is not made all the same.
    """
    if row.state == "active":
        return f"the policy makes no such {row.kind}"
    return f"the source says of its state: {row.state}"
