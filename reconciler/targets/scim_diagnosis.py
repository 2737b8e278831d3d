"""
What a SCIM server says of itself, and what that means for a run.
"""

from reconciler.core.model import Kind
from reconciler.ports_doctor import Finding
from reconciler.targets.scim_able import Abilities
from reconciler.targets.scim_convert import CORE
from reconciler.targets.scim_paths import Place
from reconciler.targets.scim_server import Server

_SIDES: tuple[Kind, ...] = ("user", "group")


def diagnosis(server: Server, places: dict[Kind, dict[str, Place]]) -> tuple[Finding, ...]:
    """
    Return what the server says it can do, and each of our fields for which its schemas have no place.
    """
    able = server.able
    return (
        Finding(
            what="ETag",
            found=_yes(able.etag),
            means="" if able.etag else "each write is read before and read back after",
        ),
        Finding(what="PATCH", found=_yes(able.patch), means="" if able.patch else "resources are put back whole"),
        Finding(
            what="filter", found=_yes(able.filters), means="" if able.filters else "a taken name is not told whose"
        ),
        Finding(
            what="bulk", found=_yes(able.bulk > 1), means=f"{able.bulk} writes in one request" if able.bulk else ""
        ),
        Finding(what="page", found=str(able.page), means="the most that is asked for at once"),
        Finding(what="members in one PATCH", found=str(server.quirks.changes)),
        *_missing(able, places),
        Finding(what="last writer", found="not told", means="an edit to exactly what we meant passes for ours"),
    )


def _missing(able: Abilities, places: dict[Kind, dict[str, Place]]) -> list[Finding]:
    """
    Return what is said to lie where the server's schemas have nothing; nothing where it lists no schemas.
    """
    found = []
    for kind in _SIDES:
        for name, at in sorted(places[kind].items()):
            known = able.attributes.get(at.urn or CORE[kind])
            absent = known is not None and at.name.lower() not in known
            if able.attributes and (absent or (known is None and at.urn)):
                means = "map it elsewhere, or to null, in the target's settings"
                found.append(Finding(what=f"{kind}s.{name}", found=f"{at.root} is not in its schemas", means=means))
    return found


def _yes(able: bool) -> str:  # noqa: FBT001  what is told
    return "yes" if able else "no"
