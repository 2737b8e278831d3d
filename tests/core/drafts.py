"""
Drafts, facts and waivers for tests of the guards: a large, quiet organisation, and what may happen in it.
"""

from typing import Any

from reconciler.core.changes import TAKEN, Draft
from reconciler.core.guard import Guarded
from reconciler.core.limits import Facts
from reconciler.core.model import Change
from reconciler.core.overrides import Waiver
from reconciler.core.policy import Guards

NOW = "2026-11-22T10:00:00Z"


def draft(name: str, *tags: str, **change: Any) -> Draft:
    """
    Return a draft about somebody, by default an update.
    """
    given = {
        "id": f"c-{name}-{sorted(tags)}",
        "action": "update",
        "kind": "user",
        "key": name,
        "name": name,
        **change,
    }
    return Draft(change=Change(**{"link": f"l-{name}", **given}), phase=TAKEN, tags=frozenset(tags))


def off(name: str, *tags: str) -> Draft:
    """
    Return the deactivation of somebody.
    """
    more = {"action": "deactivate", "before": {"active": True}, "after": {"active": False}, "risk": ("removal",)}
    return draft(name, *(tags or ("users-deactivated",)), **more)


def leaving(name: str, group: str = "g") -> Draft:
    """
    Return somebody's leaving a group.
    """
    more = {"before": {"groups": (group,)}, "after": {"groups": ()}, "risk": ("removal",)}
    return draft(name, "memberships-removed", f"left:{group}", **more)


def facts(**change: Any) -> Facts:
    """
    Return facts of a large, quiet organisation, with a change.
    """
    quiet: dict[str, Any] = {
        "guards": Guards(),
        "target": "registry",
        "now": NOW,
        "linked": 20,
        "groups": 20,
        "armed": frozenset({"l-root", "l-boss"}),
        "privileged": frozenset({"Admins"}),
        "members": {"g": 40, "h": 40},
        "memberships": 80,
        "names": {"g": "Traders"},
        "recent": {},
        "waivers": (),
    }
    return Facts(**{**quiet, **change})


def waiver(code: str, count: int, **change: Any) -> Waiver:
    """
    Return a waiver that holds today.
    """
    sound: dict[str, Any] = {"origin": "w:1", "target": "registry", "until": NOW[:10], "reason": "T-2"}
    return Waiver(**{**sound, "guard": code, "count": count, **change})


def held(found: Guarded) -> list[tuple[str, str]]:
    """
    Return what is held, and by which guard.
    """
    return [(one.name, one.guard) for one in found.held]
