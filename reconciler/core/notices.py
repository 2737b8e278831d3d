"""
What a reader must know though nothing of it is a change: states nobody knows, profiles nobody offers, bad readings.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from reconciler.core.access import offered
from reconciler.core.claims import elements
from reconciler.core.correlate import Pair
from reconciler.core.decisions import Decided
from reconciler.core.export import Placed
from reconciler.core.model import Catalogue, Notice
from reconciler.core.settle import Settled


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
