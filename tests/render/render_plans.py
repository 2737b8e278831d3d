"""
Plans made by hand: what the tests of the renderers show.
"""

from collections.abc import Sequence
from typing import Any

from reconciler.core.canonical import digest
from reconciler.core.model import (
    Action,
    Change,
    ClaimNews,
    Conflict,
    Expiring,
    Fields,
    Held,
    Inputs,
    Kind,
    Notice,
    Plan,
)
from reconciler.core.ruling import Entitled

NAMES = {"g-risk": "Cloud IAM - Risk Officers", "g-audit": "Cloud IAM - Auditors"}
EXPORT = "state/exports/ibmcloud/users.jsonl"


def change(action: Action, key: str, *, kind: Kind = "user", name: str | None = None, **rest: Any) -> Change:
    """
    Return a change of `key`, named for it, with the id that its content gives.
    """
    before: Fields = rest.get("before", {})
    after: Fields = rest.get("after", {})
    name = f"{key}@example.com" if name is None else name
    identity = digest("sqlite:test.db", kind, key, action, before, after)
    return Change(id=identity, action=action, kind=kind, key=key, name=name, **rest)


def plan(*changes: Change, **rest: Any) -> Plan:
    """
    Return a plan of `changes`; `rest` replaces what else it holds.
    """
    held: Sequence[Held] = rest.get("held", ())
    counts = {"changes": len(changes), "held": len(held)}
    content: dict[str, Any] = {
        "version": 1,
        "tool": "0.1.0",
        "target": "openpages",
        "identity": "sqlite:.reconciler/openpages.db",
        "scope": "all",
        "inputs": Inputs(export="sha256:11", fetched_at="2026-11-22T09:00:00Z"),
        "summary": counts,
        "changes": changes,
        "held": (),
        "conflicts": (),
        "claims": (),
        "expiring": (),
        "notices": (),
        "names": NAMES,
        "entities": {"user": 60, "group": 12},
        "digest": digest(sorted(one.id for one in changes)),
    }
    return Plan(**(content | rest))


def creates(count: int) -> Plan:
    """
    Return the plan of a first run: `count` users to create, each with a membership.
    """
    return plan(
        *(
            change(
                "create",
                f"IBMid-{number:05}",
                after={"email": f"p{number}@example.com", "first_name": "Pat", "locale": "en_US"},
                because=dict.fromkeys(("email", "first_name", "locale"), f"{EXPORT}:{number}"),
            )
            for number in range(1, count + 1)
        ),
        entities={"user": count, "group": 12},
    )


def busy() -> Plan:
    """
    Return a plan in which everything that can stand in a plan stands once.
    """
    cause = f"{EXPORT}:7"
    policy = "policy users.fields.locale (state/policies/openpages.yaml:12)"
    deactivate = change(
        "deactivate",
        "IBMid-bob",
        before={"active": True},
        after={"active": False},
        because={"active": "absent from the export since 2026-11-21"},
        risk=("removal",),
    )
    return plan(
        change(
            "create",
            "AccessGroupId-audit",
            kind="group",
            name="Cloud IAM - Auditors",
            after={"description": "Reads all, writes nothing", "parent": "Workflow, Reporting and Others"},
            because={"description": "state/exports/ibmcloud/groups.jsonl:2", "parent": "policy groups.parent"},
        ),
        change(
            "create",
            "IBMid-eve",
            after={"email": "eve@example.com", "last_name": "Évora", "locale": "en_US", "roles": ("Viewer",)},
            because={"email": cause, "last_name": cause, "locale": policy, "roles": cause},
        ),
        change(
            "update",
            "IBMid-ann",
            link="17",
            before={"last_name": "Smith", "description": "on leave until May", "roles": ("Viewer",)},
            after={"last_name": "Miller", "description": None, "roles": ("Editor", "Viewer")},
            because={"last_name": f"{EXPORT}:1", "description": f"{EXPORT}:1", "roles": "overrides/people.yaml:3"},
            drift=("description",),
        ),
        change(
            "update", "IBMid-eve", before={"groups": ()}, after={"groups": ("g-audit",)}, because={"groups": cause}
        ),
        change(
            "activate",
            "IBMid-dan",
            link="23",
            before={"active": False},
            after={"active": True},
            because={"active": f"{EXPORT}:4"},
            risk=("dangerous",),
        ),
        change(
            "update",
            "IBMid-ann",
            link="17",
            before={"groups": ("g-risk",)},
            after={"groups": ()},
            because={"groups": f"{EXPORT}:1"},
            risk=("removal",),
        ),
        held=(
            Held(
                id="h1",
                kind="user",
                key="IBMid-bob",
                name="bob@example.com",
                reason="12 users would be deactivated; the limit is 3 (5 % of 60)",
                release="a waiver in state/overrides/waivers.yaml with guard: users-deactivated, count: 12",
                guard="users-deactivated",
                change=deactivate,
            ),
            Held(
                id="h2",
                kind="user",
                key="IBMid-gus",
                name="gus@example.com",
                reason="an account that we did not make has this name",
                release="reconciler plan; then override adopt: true",
                field="locale",
                standing=True,
            ),
        ),
        conflicts=(
            Conflict(
                id="c1",
                kind="group",
                keys=("AccessGroupId-1", "AccessGroupId-2"),
                message="two groups are called Traders",
                release="override rename for one of them",
            ),
        ),
        claims=(
            ClaimNews(
                kind="user",
                key="IBMid-kim",
                name="kim@example.com",
                field="locale",
                row=17,
                owner="admin",
                was="git",
                text="now owned by the target's admin",
                value="de_DE",
                withheld="fr_FR",
                since="2026-11-22T10:00:00Z",
            ),
            ClaimNews(
                kind="user",
                key="IBMid-lea",
                name="lea@example.com",
                field="roles",
                row=9,
                owner="admin",
                text="privileged, and the admin's",
                value=("OPAdministrators",),
                since="2026-10-01T08:00:00Z",
                privileged=True,
            ),
        ),
        expiring=(
            Expiring(origin="state/overrides/people.yaml:9", until="2026-11-30", text="block of zoe@example.com"),
        ),
        notices=(
            Notice(
                code="export-stale", level="held", text="the export is 40 h old (limit 36 h): nothing is removed"
            ),
            Notice(code="fallback", level="note", text="2 users have no enabled profile of their own"),
        ),
        powers=(Entitled(key="IBMid-dan", name="dan@example.com", gains=("OPAdministrators",), loses=()),),
        access=(Entitled(key="IBMid-1", name="ann@example.com", gains=("Jira",), loses=("Confluence",)),),
    )
