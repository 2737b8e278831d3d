"""
Decisions about groups whose names are taken: looked at now, written below `overrides/groups/`, reviewed in Git.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from msgspec import Struct

from reconciler import engine
from reconciler.core.canonical import digest
from reconciler.core.decide import Decision
from reconciler.core.decisions import resolve
from reconciler.core.directory import directory_of
from reconciler.core.matching import folded
from reconciler.core.model import Value
from reconciler.core.overrides import Override
from reconciler.core.ruling import Contest, Review, Verb
from reconciler.errors import InputError, ReconcilerError, UsageError
from reconciler.files.atomic import remove_file, replace_file
from reconciler.files.explain import close
from reconciler.files.new_override import override_text
from reconciler.files.state import RULINGS, load_state
from reconciler.wiring.bench import Bench
from reconciler.wiring.elsewhere import about_here

_LONGEST = 40


class Wish(Struct, frozen=True, kw_only=True):
    """
    What somebody types: what becomes of which groups, and why. No `names`: of all that wait and are not blocked.
    """

    verb: Verb
    names: tuple[str, ...]
    reason: str
    rename: str | None = None


class Ruled(Struct, frozen=True, kw_only=True):
    """
    One decision that was written: the file, its text, and what was looked at.
    """

    path: Path
    text: str
    review: Review


class Rulings(Struct, frozen=True, kw_only=True):
    """
    The decisions that were written, and the contests that could not be decided so.
    """

    written: tuple[Ruled, ...]
    blocked: tuple[Contest, ...]


def read_reviews(found: Bench) -> tuple[Review, ...]:
    """
    Return every group whose name is taken, with who would join and leave; the target is read now.
    """
    return _decision(found).reviews


def _decision(found: Bench) -> Decision:
    return engine.plan(found.asked, found.target, found.book, opened=found.opened, now=found.now)


def write_rulings(found: Bench, wish: Wish) -> Rulings:
    """
    Return the decision files that were written, each with the digest of the memberships as they are now.

    Raises ReconcilerError where a group is in no conflict, or cannot be decided so; then no file is written.
    """
    decision = _decision(found)
    chosen = _named(decision, wish.names) if wish.names else _waiting(decision)
    blocked = tuple(one.contest for one in chosen if _is_barred(one.contest, wish.verb))
    if wish.names and blocked:
        raise ReconcilerError(f"{blocked[0].name!r}: {blocked[0].reason}", hint=blocked[0].release)
    if wish.rename is not None:
        _unborne(decision, wish.rename)
    barred = {one.key for one in blocked}
    ruled = [_ruled(found, decision, one, wish) for one in chosen if one.contest.key not in barred]
    before = {one.path: one.path.read_bytes() if one.path.is_file() else None for one in ruled}
    try:
        for one in ruled:
            replace_file(one.path, one.text.encode())
        _acceptable(found, decision)
    except ReconcilerError:
        _put_back(before)
        raise
    return Rulings(written=tuple(ruled), blocked=blocked)


def _is_barred(contest: Contest, verb: Verb) -> bool:
    """
    Return whether nobody may decide so: a default access group may only be left, or be given way to.
    """
    return verb in {"overwrite", "merge"} and bool(contest.access.default)


def _named(decision: Decision, names: Sequence[str]) -> list[Review]:
    """
    Return the reviews of the groups that are meant; raises ReconcilerError for each that is in no conflict.
    """
    called: dict[str, Review] = {}
    for one in decision.reviews:
        called |= {folded(word): one for word in (one.contest.key, one.contest.name, one.contest.called)}
    faults = [_no_conflict(decision, name, called) for name in names if folded(name) not in called]
    if faults:
        raise ReconcilerError("\n".join(faults), hint="reconciler groups review lists the groups in conflict")
    return list({called[folded(name)].contest.key: called[folded(name)] for name in names}.values())


def _no_conflict(decision: Decision, name: str, called: Mapping[str, Review]) -> str:
    """
    Return why there is nothing to decide of a name.
    """
    directory = directory_of(decision.world.export, decision.world.ledger, decision.world.policy.groups)
    keys = directory.group(name)
    if other := next((one for one in decision.plan.conflicts if one.kind == "group" and keys & {*one.keys}), None):
        return f"the group {name!r} waits for something else: {other.message}; {other.release}"
    if keys:
        return f"the group {name!r} is in no conflict: there is nothing to decide"
    return f"no group is called {name!r} ({close(name, [one.contest.called for one in called.values()])})"


def _waiting(decision: Decision) -> list[Review]:
    """
    Return the reviews of all groups that wait; raises ReconcilerError where none does.
    """
    found = [one for one in decision.reviews if one.contest.waits]
    if not found:
        raise ReconcilerError("no group waits for a decision", hint="reconciler groups review lists those decided")
    return found


def _unborne(decision: Decision, name: str) -> None:
    """
    Raise where another group of the target bears the new name.
    """
    rules = decision.rules["group"]
    whole = decision.world.policy.groups.prefix + name
    if any(rules.name_key(one.name) == rules.name_key(whole) for one in decision.world.snapshot.groups):
        raise ReconcilerError(f"the target has a group {whole!r} already", hint="choose another new name")


def _ruled(found: Bench, decision: Decision, review: Review, wish: Wish) -> Ruled:
    """
    Return the file that decides one group. One that decided it before, and nothing else, gives way.
    """
    contest = review.contest
    path = found.root / RULINGS / f"{_slug(contest.called)}-{digest(contest.key).removeprefix('sha256:')[:8]}.yaml"
    if path.exists() and not _is_as_written(path, found.state.overrides):
        raise UsageError(f"{path} is there already", hint="correct or remove it: it is not overwritten")
    directory = directory_of(decision.world.export, decision.world.ledger, decision.world.policy.groups)
    alone = directory.group(contest.called) == {contest.key}
    entry: Mapping[str, Value] = {
        "group": contest.called if alone else contest.key,
        "decision": wish.verb,
        "reviewed": contest.digest,
        "reason": wish.reason,
        "rename": wish.rename,
    }
    return Ruled(path=path, text=_text(entry), review=review)


def _slug(name: str) -> str:
    """
    Return a name's letters and digits of ASCII, as a file name may hold them.
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:_LONGEST].strip("-") or "group"


def _is_as_written(path: Path, overrides: Sequence[Override]) -> bool:
    """
    Return whether the file holds one decision, as a command wrote it, and no word of anybody's.
    """
    there = [one for one in overrides if one.origin.startswith(f"{path.as_posix()}:")]
    wrote = [
        _text({name: getattr(one, name) for name in ("group", "decision", "reviewed", "reason", "rename")})
        for one in there
    ]
    return wrote == [path.read_text("utf-8")]


def _text(entry: Mapping[str, Value]) -> str:
    """
    Return the file of one decision; its schema lies one folder further up than that of other overrides.
    """
    said = {name: value for name, value in entry.items() if value is not None}
    return override_text(said).replace("$schema=../../", "$schema=../../../", 1)


def _acceptable(found: Bench, decision: Decision) -> None:
    """
    Raise unless the state folder loads, and can be resolved, with the new files in it.
    """
    world = decision.world
    directory = directory_of(world.export, world.ledger, world.policy.groups)
    state = load_state(found.root)
    resolved = resolve(
        about_here(state.overrides, found.elsewhere), directory, today=date.fromisoformat(found.now[:10])
    )
    if resolved.faults:
        raise InputError(resolved.faults)


def _put_back(before: Mapping[Path, bytes | None]) -> None:
    """
    Make the files what they were.
    """
    for path, content in before.items():
        if content is None:
            remove_file(path)
        else:
            replace_file(path, content)
