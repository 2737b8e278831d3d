"""
The writes of a run: batch after batch, each a compare-and-set on what the plan saw or on what this run wrote.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from reconciler.apply.fence import keep
from reconciler.apply.order import Order
from reconciler.core.claims import elements
from reconciler.core.ledger import Fence
from reconciler.core.model import Change
from reconciler.core.record import Outcome
from reconciler.core.successor import external_id
from reconciler.errors import ReconcilerError
from reconciler.ports import Folding, Result, Target, Write

BATCH = 500
"""Changes that are given to the target at once (more where they only move people); never two of one entity."""


class Writing(Struct, kw_only=True):
    """
    What is known half-way: the fence, outcomes, ids and versions of what landed, target ids of groups.
    """

    fence: Fence
    outcomes: list[Outcome] = field(default_factory=list)
    landed: set[str] = field(default_factory=set)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    trouble: ReconcilerError | None = None


def write(chosen: Sequence[Change], target: Target, *, order: Order, writing: Writing, run: str) -> None:
    """
    Write batch after batch; end early where the target or the fence is lost, or the run shall stop.
    """
    for batch in batches(chosen, together=target.together if isinstance(target, Folding) else BATCH):
        if order.stopped():
            return
        try:
            writing.fence = keep(target, writing.fence, order.patience)
            _write_batch(batch, target, writing, run=run)
        except ReconcilerError as error:
            writing.trouble = error
            _fail(batch, writing, error.message)
            return
        order.progress(len(writing.outcomes))


def batches(changes: Sequence[Change], *, together: int = BATCH) -> Iterator[list[Change]]:
    """
    Yield the changes in runs that may be written at once: no two of one entity, none that needs another of them.

    Where that is more than a batch, up to `together` changes of memberships alone stand by themselves: the target
    folds them by group.
    """
    batch: list[Change] = []
    sizes = {True: together, False: BATCH}
    moves = False
    ids: set[str] = set()
    entities: set[tuple[str, str]] = set()
    for change in changes:
        entity = (str(change.kind), change.link or change.key)
        other = moves != (together > BATCH and change.after.keys() == {"groups"})
        if batch and (other or len(batch) >= sizes[moves] or entity in entities or ids & set(change.needs)):
            yield batch
            batch, ids, entities = [], set(), set()
        moves ^= other
        batch.append(change)
        ids.add(change.id)
        entities.add(entity)
    if batch:
        yield batch


def _write_batch(batch: Sequence[Change], target: Target, writing: Writing, *, run: str) -> None:
    writes: dict[str, Change] = {}
    requests: list[Write] = []
    for change in batch:
        reason = _obstacle(change, writing)
        if reason:
            writing.outcomes.append(Outcome(change=change, outcome="left", message=reason))
        else:
            writes[change.id] = change
            requests.append(_request(change, writing))
    for result in target.write(requests, run=run) if requests else ():
        _note(writes[result.change], result, writing)


def _obstacle(change: Change, writing: Writing) -> str:
    """
    Return why a change cannot be tried: something that it needs did not land.
    """
    if any(need not in writing.landed for need in change.needs):
        return "a change that it needs did not land"
    missing = [key for key in sorted(_moved(change)) if key not in writing.groups]
    return f"the group {missing[0]} is not in the target" if missing else ""


def _moved(change: Change) -> frozenset[str]:
    return elements(change.after.get("groups")) ^ elements(change.before.get("groups"))


def _request(change: Change, writing: Writing) -> Write:
    """
    Return a change in the target's own terms.
    """
    place = (str(change.kind), change.key)
    before, after = elements(change.before.get("groups")), elements(change.after.get("groups"))
    created = change.action == "create"
    mine = writing.ids.get(place)
    fresh = mine if change.link is None or change.link == mine else None
    version = writing.versions.get(place, change.expects) if change.link in {None, fresh} else change.expects
    return Write(
        change=change.id,
        action="create" if created else "delete" if change.action == "delete" else "update",
        kind=change.kind,
        id=None if created else change.link or fresh,
        key=external_id(change),
        name=change.name,
        fields={name: value for name, value in change.after.items() if name not in {"groups", "external_id"}},
        join=tuple(sorted(writing.groups[key] for key in after - before)),
        leave=tuple(sorted(writing.groups[key] for key in before - after)),
        expects="" if created else version,
    )


def _note(change: Change, result: Result, writing: Writing) -> None:
    """
    Take in what the target answered.
    """
    place, live = (str(change.kind), change.key), result.live
    outcome = Outcome(change=change, outcome=result.outcome, live=live, message=result.message)
    writing.outcomes.append(outcome)
    if result.outcome != "landed":
        return
    writing.landed.add(change.id)
    if live is None:
        return
    if change.link in {None, live.id} and not (place in writing.ids and writing.ids[place] != live.id):
        writing.ids[place] = live.id
        writing.versions[place] = live.version
    if change.action == "create" and change.kind == "group":
        writing.groups[change.key] = live.id


def _fail(batch: Sequence[Change], writing: Writing, message: str) -> None:
    """
    Note that nobody can say what became of a batch; its intents stay open.
    """
    done = {one.change.id for one in writing.outcomes}
    writing.outcomes.extend(
        Outcome(change=change, outcome="failed", message=message) for change in batch if change.id not in done
    )


def leave_rest(chosen: Sequence[Change], writing: Writing) -> None:
    """
    Note the changes that the run did not come to.
    """
    done = {one.change.id for one in writing.outcomes}
    writing.outcomes.extend(
        Outcome(change=change, outcome="left", message="the run ended before it")
        for change in chosen
        if change.id not in done
    )
