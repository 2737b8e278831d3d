"""
One trigger made true, as the service asks for it: everything is opened afresh, and nobody is asked.
"""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler import engine
from reconciler.core.scope import Scope, search
from reconciler.core.search import Query
from reconciler.errors import UnknownNameError, UsageError
from reconciler.sources.exported import ExportSearch
from reconciler.wiring.bench import Bench, bench, decided, recovered, require_repository, require_saved
from reconciler.wiring.surroundings import order

TOLD = 20
"""Warnings of a run that its caller is told; `plan` has all of them."""


class Place(Struct, frozen=True, kw_only=True):
    """
    Where the triggers of one service act: state folder, target, environment; and how long a run waits for another.
    """

    root: Path
    target: str | None
    environ: Mapping[str, str]
    wait: float = 30.0
    push: bool = False


class Result(Struct, frozen=True, kw_only=True):
    """
    What one run came to: its serial, and how many changes landed, did not land, are held.

    A `run` of 0: there was nothing to do or to record. `ended` False: it was stopped before its end. The
    `notices` are what the caller must know, such as why somebody was not made.
    """

    run: int = 0
    landed: int = 0
    failed: int = 0
    held: int = 0
    ended: bool = True
    trouble: str = ""
    notices: tuple[str, ...] = ()


def opens(place: Place) -> None:
    """
    Look whether there is anything to serve: state, target and ledger can be read. Raises what reading them raises.
    """
    with bench(place.root, place.target, environ=place.environ) as found:
        require_repository(found.store)


def found_by(place: Place, text: str) -> Scope:
    """
    Return the scope of the users whom a search finds in the newest export.

    Raises UnknownNameError where that is nobody, UsageError where they are more than the policy lets a search make.
    """
    with bench(place.root, place.target, environ=place.environ) as found:
        return searched(found, text)


def searched(found: Bench, text: str) -> Scope:
    """
    Return the scope of the users whose user name or display name contains the text; `*` in it is anything.

    Raises UnknownNameError where that is nobody, UsageError where they are more than the policy lets a search make.
    """
    users = ExportSearch(found.asked.export).search(Query(text=text)).users
    cap = found.asked.policy.search_cap
    if not users:
        raise UnknownNameError((text,))
    if len(users) > cap:
        told = f"{text!r} finds {len(users):,} users, and a search makes {cap:,} at most"
        raise UsageError(told, hint="search for more of the name, or raise `search_cap` in the policy")
    return search(row.key for row in users)


def make(place: Place, scope: Scope | None, stopped: Callable[[int], bool]) -> Result:
    """
    Return what a run about a scope (None: what the policy says) came to; `stopped` is told how many are done.

    Raises what planning and applying raise; then nothing was written, or all that was is recorded.
    """
    done = [0]
    with bench(place.root, place.target, environ=place.environ, push=place.push, scope=scope) as found:
        require_repository(found.store).heal()
        asked = order(
            place.environ,
            now=found.clock,
            wait=place.wait,
            lineage=uuid.uuid4().hex,
            life=found.asked.policy.max_request_life,
        )
        asked = replace(asked, progress=done.append, stopped=lambda: stopped(done[-1]))
        require_saved(found, scope)
        found = recovered(found, asked)  # noqa: PLW2901  the same bench, its ledger brought up to date
        found, decision = decided(found, scope)  # noqa: PLW2901  the same again
        report = engine.act(decision, found.target, found.book, opened=found.opened, order=asked)
    landed = sum(1 for one in report.outcomes if one.outcome == "landed")
    return Result(
        run=report.run,
        landed=landed,
        failed=0 if report.interrupted else len(report.outcomes) - landed,
        held=len(decision.plan.held) + len(decision.plan.conflicts),
        ended=not report.interrupted,
        trouble=report.trouble.message if report.trouble else "",
        notices=tuple(one.text for one in decision.plan.notices if one.level == "warning")[:TOLD],
    )
