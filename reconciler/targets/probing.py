"""
What a target does, measured through its own door on throw-away objects: what we take for granted need not be so.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Literal

from msgspec import Struct

from reconciler.core.model import Fields, Kind, Live, Value
from reconciler.errors import ReconcilerError, TargetError
from reconciler.ports import Result, Unfenced, Write
from reconciler.ports_doctor import Finding

_RUN = "probe"
_TEXTS = ("display_name", "last_name", "first_name", "description")
_LATE = "an administrator's edit within a run may be overwritten"


class Trial:
    """
    A target, and the one name that all throw-away objects on it begin with.
    """

    def __init__(self, target: Unfenced) -> None:
        self.target = target
        self.name = f"reconciler-probe-{token_hex(4)}"

    def create(self, kind: Kind, name: str, /, **fields: Value) -> Result:
        """
        Return what became of a create; whoever it makes cannot log in, having no password.

        Raises TargetError where the target shows somebody else for it: nobody but our own is written to.
        """
        made = self._written(
            Write(change=name, action="create", kind=kind, id=None, key=name, name=name, fields=fields)
        )
        if made.live is not None and not self.bears(made.live):
            raise TargetError(f"the target says that it made {kind} {name!r}, and shows {made.live.name!r}")
        return made

    def bears(self, live: Live) -> bool:
        """
        Return whether somebody, or a group, is of this trial: by name, or by key where a target cuts names.
        """
        borne = (live.name.strip(), live.external_id or "")
        return any(one.casefold().startswith(self.name) for one in borne)

    def update(self, live: Live, fields: Fields, *, join: tuple[str, ...] = ()) -> Result:
        """
        Return what became of an update of somebody as seen.
        """
        return self._written(_of(live, "update", fields=fields, join=join))

    def delete(self, live: Live) -> Result:
        """
        Return what became of a delete.
        """
        return self._written(_of(live, "delete"))

    def _written(self, write: Write) -> Result:
        [result] = self.target.write([write], run=_RUN)
        return result


class Stage(Struct, frozen=True):
    """
    A trial on its way: a throw-away user, and a throw-away group where one could be made.
    """

    trial: Trial
    user: Live
    group: Live | None


More = Callable[[Stage], Iterable[Finding]]
"""What else one type of target can be asked."""


def probe(
    target: Unfenced, more: More = lambda _: (), *, clock: Callable[[], float] = time.perf_counter
) -> tuple[Finding, ...]:
    """
    Return what throw-away objects show; they are removed again, also where it is broken off.

    What could not be removed is told: in the findings or, where there are none, by TargetError.
    """
    trial = Trial(target)
    with _cleared(trial) as left:
        found = tuple(_findings(trial, more, clock))
    return (*found, *left)


def _findings(trial: Trial, more: More, clock: Callable[[], float]) -> Iterator[Finding]:
    began = clock()
    made, refused = _user(trial)
    took = clock() - began
    yield from refused
    if made is None:
        return
    yield Finding(what="a write", found=f"{1000 * took:.0f} ms", means="one at a time, read back")
    yield _case(trial)
    field = next((name for name in _TEXTS if name in made.fields), None)
    user, texts = (made, []) if field is None else _text(trial, made, field)
    yield from texts
    yield _writer(user)
    group = trial.create("group", trial.name)
    if group.live is None:
        yield Finding(what="create a group", found=f"refused: {group.message}")
    else:
        yield _alike(trial)
        user, joined = _member(trial, user, group.live)
        yield joined
    yield from more(Stage(trial, user, group.live))


@contextmanager
def _cleared(trial: Trial) -> Iterator[list[Finding]]:
    """
    Give a list that tells afterwards what could not be removed; raise it where something else went wrong before.
    """
    left: list[Finding] = []
    try:
        yield left
    except BaseException as error:
        kept = [f"cannot {one.what}: {one.found}" for one in _removed(trial)]
        if kept:
            raise TargetError("; ".join(kept), hint="remove it by hand") from error
        raise
    left += _removed(trial)


def _removed(trial: Trial) -> Iterator[Finding]:
    """
    Remove all that bears the trial's name, also what was made without an answer; yield what could not be.
    """
    what = f"remove what is called {trial.name}..."
    try:
        there = trial.target.read()
    except ReconcilerError as error:
        yield Finding(what=what, found=error.message, means="do it")
        return
    for live in filter(trial.bears, (*there.users, *there.groups)):
        yield from _kept(trial, live)
    if not there.complete:
        yield Finding(what=what, found=there.problem, means="look whether anything is left")


def _kept(trial: Trial, live: Live) -> Iterator[Finding]:
    """
    Remove one throw-away object, and yield why it could not be.
    """
    try:
        result = trial.delete(live)
        why = "" if result.outcome == "landed" else result.message
    except ReconcilerError as error:
        why = error.message
    if why:
        yield Finding(what=f"remove {live.kind} {live.name}", found=why, means="do it")


def _user(trial: Trial) -> tuple[Live | None, list[Finding]]:
    """
    Return a throw-away user, put away where the target can do that, and what it refused.
    """
    first = trial.create("user", trial.name, active=False)
    if first.live is not None:
        return first.live, []
    cannot = Finding(
        what="a user who is inactive", found=f"refused: {first.message}", means="nobody can be deactivated"
    )
    second = trial.create("user", trial.name)
    if second.live is not None:
        return second.live, [cannot]
    told = Finding(what="create a user", found=f"refused: {second.message}", means="nothing else was probed")
    return None, [told]


def _case(trial: Trial) -> Finding:
    taken = trial.create("user", trial.name.upper()).outcome == "failed"
    assumed = "user_name" in trial.target.equality.caseless
    return Finding(
        what="case of user names",
        found="ignored" if taken else "counts",
        means="as we compare" if taken == assumed else "we compare otherwise",
    )


def _text(trial: Trial, user: Live, field: str) -> tuple[Live, list[Finding]]:
    """
    Return the user, what becomes of spaces around a text, and whether a write that saw too little is refused.
    """
    spaced = trial.update(user, {field: "  Probe  "}).live or user
    kept = spaced.fields[field]
    becomes = {"  Probe  ": "kept", "Probe": "trimmed"}.get(str(kept), f"becomes {kept!r}")
    late = trial.update(user, {field: "Late"})
    moved = spaced.version != user.version
    taken = f"taken: the version {'moves' if moved else 'stands still'}"
    return late.live or spaced, [
        Finding(what="spaces around a text", found=becomes),
        Finding(
            what="a late write",
            found="refused" if late.outcome == "left" else taken,
            means="an edit made since it was read is left alone" if late.outcome == "left" else _LATE,
        ),
    ]


def _writer(user: Live) -> Finding:
    if user.changed_by is None:
        return Finding(
            what="last writer", found="not told", means="an edit to exactly what we meant passes for ours"
        )
    ours = user.changed_by not in {"", "admin"}
    means = "" if ours else "our own writes pass for an administrator's"
    return Finding(what="last writer", found=f"told: we are {user.changed_by!r}", means=means)


def _alike(trial: Trial) -> Finding:
    """
    Return in what the names of two groups may differ.
    """
    tried = {"case": trial.name.upper(), "a space at the end": f"{trial.name} "}
    alike = [what for what, name in tried.items() if trial.create("group", name).outcome == "failed"]
    found = f"one group but for {' and '.join(alike)}" if alike else "every letter counts"
    return Finding(what="names of groups", found=found)


def _member(trial: Trial, user: Live, group: Live) -> tuple[Live, Finding]:
    result = trial.update(user, {}, join=(group.id,))
    there = result.live is not None and group.id in result.live.groups
    found = "done" if there else f"not done ({result.message or result.outcome})"
    return result.live or user, Finding(what="a membership", found=found)


def _of(
    live: Live, action: Literal["update", "delete"], *, fields: Fields | None = None, join: tuple[str, ...] = ()
) -> Write:
    """
    Return a write of somebody as seen.
    """
    return Write(
        change=live.name,
        action=action,
        kind=live.kind,
        id=live.id,
        key=live.external_id or "",
        name=live.name,
        fields=fields or {},
        join=join,
        expects=live.version,
    )
