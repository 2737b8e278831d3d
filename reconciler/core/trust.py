"""
What an export may be trusted for: everything, adds and updates only, or nothing at all.

Nothing is removed without proof that the source was read whole. Going back to an older export needs a waiver.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.core.claims import earlier
from reconciler.core.export import Counts, JoinedManifest, Manifest
from reconciler.core.ledger import Head
from reconciler.core.overrides import Waiver
from reconciler.core.policy import Guards
from reconciler.core.waivers import Wanted, allowing, not_allowing

CLOCK_SKEW = "5m"
"""How far ahead of ours the source's clock may be."""

TOLD = 3
"""Faults of an incomplete export that the reason names: it is told with every change that it holds."""


class Expectation(Struct, frozen=True, kw_only=True):
    """
    What an export is judged by: the account it must be of, how old it may be, what was applied last.
    """

    target: str
    now: str
    max_age: str
    account: str | None
    head: Head
    guards: Guards
    waivers: Sequence[Waiver] = ()


class Trust(Struct, frozen=True, kw_only=True):
    """
    Why an export is refused (with what to do), or the reasons why it proves no absence; both empty: it is whole.
    """

    refused: str = ""
    hint: str = ""
    degraded: tuple[str, ...] = ()


def judge(manifest: Manifest, expected: Expectation) -> Trust:
    """
    Return what the export may be trusted for.
    """
    account = expected.account or expected.head.account
    if account and manifest.account != account:
        told = f"the export is of account {manifest.account!r}, and {account!r} is expected"
        return Trust(refused=told, hint="export the right account, or correct `account` in reconciler.yaml")
    if earlier(latest := max(_times(manifest).values()), CLOCK_SKEW) > expected.now:
        told = f"the export was read at {latest}, which is in the future (now {expected.now})"
        return Trust(refused=told, hint="correct the clock of the machine that exports, and export again")
    overtaken = next(_overtaken(manifest, expected.head), None)
    if overtaken and not allowing(expected.waivers, _back(expected)):
        told = f"the export{overtaken[0]} was read at {overtaken[1]}; one of {overtaken[2]} was applied already"
        hint = (
            "export again; to go back on purpose, waive it in state/overrides/waivers.yaml: "
            f"- {{target: {expected.target}, guard: export-older, count: 1, until: {expected.now[:10]}, "
            "reason: ...}"
        )
        return Trust(refused=told + not_allowing(expected.waivers, _back(expected)), hint=hint)
    return Trust(degraded=tuple(_degraded(manifest, expected)))


def _times(manifest: Manifest) -> Mapping[str, str]:
    """
    Return when each source was read, by name; of an export of one source there is but one time, under no name.
    """
    return manifest.parts if isinstance(manifest, JoinedManifest) else {"": manifest.fetched_at}


def _overtaken(manifest: Manifest, head: Head) -> Iterator[tuple[str, str, str]]:
    """
    Yield of which source a later export has been applied than this one: the source, this time and the later one.
    """
    for name, time in _times(manifest).items():
        known = head.sources.get(name, "") if name and head.sources else head.fetched_at
        if time < known:
            yield f" of {name}" if name else "", time, known


def _back(expected: Expectation) -> Wanted:
    """
    Return what a waiver must allow, for one export, to go back on purpose.
    """
    return Wanted(expected.target, "export-older", 1, expected.now[:10])


def _degraded(manifest: Manifest, expected: Expectation) -> Iterator[str]:
    if not manifest.complete:
        more = len(manifest.faults) - TOLD
        told = [*manifest.faults[:TOLD], *([f"and {more:,} more"] if more > 0 else [])]
        why = "; ".join(told) or "its manifest says so"
        yield f"the export is incomplete ({why})"
    if earlier(expected.now, expected.max_age) > manifest.fetched_at:
        oldest = {time: name for name, time in _times(manifest).items()}.get(manifest.fetched_at)
        which = f" of {oldest}" if oldest else ""
        yield f"the export{which} is stale: read at {manifest.fetched_at}, more than {expected.max_age} ago"
    yield from _missing(manifest.counts, expected.head.counts, expected.guards)
    if isinstance(manifest, JoinedManifest) and len(manifest.sizes) > 1:
        for name, size in manifest.sizes.items():
            yield from _missing(size, expected.head.sizes.get(name, Counts()), expected.guards, of=name)


def _missing(now: Counts, before: Counts, guards: Guards, *, of: str = "") -> Iterator[str]:
    """
    Yield what shows that rows may be missing: none are left, or too many have gone. `of` is one source of several.

    One of several may have groups alone, and ever have had.
    """
    what = f"the export of {of}" if of else "the export"
    for kind in ("users", "groups", "memberships"):
        then, there = getattr(before, kind), getattr(now, kind)
        if kind == "users" and not there and (then or not of):
            yield f"{what} is empty: it has no users"
        elif not guards.shrunken.allows(then - there, then):
            yield (
                f"{what} has shrunk: {there} {kind}, and {then} when it was last applied "
                f"(more than max({guards.shrunken.count}, {guards.shrunken.percent:g} %) fewer)"
            )
