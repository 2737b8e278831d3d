"""
What a reader must know though nothing of it is a change: states nobody knows, profiles nobody offers, bad readings.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from reconciler.core.access import offered
from reconciler.core.claims import elements
from reconciler.core.correlate import Pair
from reconciler.core.decisions import Decided
from reconciler.core.export import Dispute, JoinedManifest, Manifest, Placed
from reconciler.core.model import Catalogue, Notice
from reconciler.core.overrides import to_write
from reconciler.core.scope import Scope
from reconciler.core.settle import Settled

DISPUTES = 50
"""Disagreements of sources that a plan tells one by one; whoever has more joins by the wrong field."""


def unknown_states(people: Iterable[Placed]) -> Iterator[Notice]:
    """
    Yield a notice for each person whose state at the source means nothing to us: neither created nor touched.
    """
    unknown = (placed for placed in people if placed.row.state == "unknown")
    for placed in sorted(unknown, key=lambda placed: placed.row.key):
        row = placed.row
        said = f"the source says {row.source_state!r}" if row.source_state else "no state is given"
        text = f"{placed.origin}: {row.user_name!r} is neither created nor touched: {said}"
        yield Notice(code="unknown-state", level="warning", text=text)


def without_profile(settled: Settled, catalogue: Catalogue) -> Iterator[Notice]:
    """
    Yield a notice where an administrator owns somebody's profiles and the target offers none of them.
    """
    live, claim = settled.pair.live, settled.reached.get("profiles")
    if live is None or claim is None or claim.owner != "admin":
        return
    held = sorted(elements(live.fields.get("profiles")))
    if not any(offered(profile, catalogue) for profile in held):
        what = f"none of {', '.join(held)} is enabled" if held else "there is none"
        text = f"{live.name!r} has no profile to work with: {what}, and the profiles are the admin's"
        yield Notice(code="no-enabled-profile", level="warning", text=text)


def unmade(pairs: Iterable[Pair], decided: Mapping[str, Decided], scope: Scope) -> Iterator[Notice]:
    """
    Yield a notice for each person whom a run names and who gets no account, with what keeps it from one.

    Of a state that nobody knows there is a notice already.
    """
    for pair in pairs if scope.users == "named" else ():
        wanted = pair.desired
        if pair.live is None and wanted and wanted.reason not in {"", "unknown"}:
            text = f"{wanted.name!r} is not made: {_against(pair.key, wanted.reason, decided)}"
            yield Notice(code="not-made", level="warning", text=text)


def _against(key: str, reason: str, decided: Mapping[str, Decided]) -> str:
    verb = {"excluded": "exclude", "blocked": "block"}.get(reason, "")
    if verb:
        return f"{decided[key].places[verb]} says {verb}"
    selected = to_write("user", key, "include")
    known = {
        "not-selected": f"nobody has selected it; to do so, write {selected} below overrides/",
        "unprovisioned": "no role that it has lets it log in",
    }
    return known.get(reason, f"the source says {reason}")


def unblocked(pairs: Iterable[Pair], decided: Mapping[str, Decided], off: AbstractSet[str]) -> Iterator[Notice]:
    """
    Yield a notice for each person whom an override blocks and who can log in still, once the run is over.

    `off` are the keys of those whom it switches off. A run about few, or about groups, leaves the others.
    """
    for pair in pairs:
        one = decided.get(pair.key)
        if one and one.block and pair.live and pair.live.active and pair.key not in off:
            text = (
                f"{pair.live.name!r} is blocked by {one.places['block']}, and this run leaves the account on: "
                f"reconciler sync-users {pair.key}"
            )
            yield Notice(code="blocked-still-on", level="warning", text=text)


def unproved(degraded: Sequence[str], held: Iterable[Notice]) -> Iterator[Notice]:
    """
    Yield a notice for an export that proves no absence, where no guard has told of it already.
    """
    if degraded and all(one.code != "export-degraded" for one in held):
        text = f"{'; '.join(degraded)}: adds and updates only, nothing is removed on such an export"
        yield Notice(code="export-degraded", level="warning", text=text)


def disputed(manifest: Manifest, about: AbstractSet[str] | None) -> Iterator[Notice]:
    """
    Yield a notice for each thing that several sources say differently of one person; `about` None: of anybody.
    """
    if not isinstance(manifest, JoinedManifest):
        return
    mine = [one for one in manifest.disputes if about is None or one.key in about]
    for one in mine[:DISPUTES]:
        yield Notice(code="sources-disagree", level="note" if one.taken else "warning", text=_dispute(one))
    if len(mine) > DISPUTES:
        text = f"the sources disagree {len(mine) - DISPUTES:,} times more"
        yield Notice(code="sources-disagree", level="note", text=text)


def _dispute(one: Dispute) -> str:
    others = ", ".join(f"{source} says {value!r}" for source, value in one.others)
    if one.taken is None:
        return f"{one.field} joins nobody where one source gives it to several people: {others}"
    return f"{one.key}: {one.field} is {one.taken[1]!r} as {one.taken[0]} says; {others}"
