"""
A small world for stories: a cloud, people who decide, an administrator, a target, a ledger, a clock.

The engine, the ownership rules, the apply code and the ledger's format are the real ones; the store keeps its
commits in memory, and the target is the embedded SQLite database unless a story brings another.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from reconciler import engine
from reconciler.apply.book import Book, Opened, load
from reconciler.apply.fence import Patience
from reconciler.apply.order import Order
from reconciler.apply.run import Report, apply
from reconciler.core.approval import Approval, approval_of
from reconciler.core.canonical import digest
from reconciler.core.decide import Decision
from reconciler.core.export import Counts, Export, GroupRow, Manifest, Placed, PlacedGroup, UserRow
from reconciler.core.ledger import Claim, Fence, Ledger, LedgerRow
from reconciler.core.model import Live, Plan, Value
from reconciler.core.overrides import Override, Waiver
from reconciler.core.policy import Policy, build, overlay
from reconciler.core.scope import Scope
from reconciler.errors import StoreError
from reconciler.files.journal import drop_journal
from reconciler.ports import Target

POLICY: dict[str, Any] = {
    "users": {
        "correlate": ["link", "external_id", "user_name", "email"],
        "lifecycle": {"local": "deactivate"},
        "rename": "update",
        "login_roles": ["User", "Administrator"],
        "protected": ["root"],
        "foreign": "ask",
        "fields": {
            "user_name": "source",
            "email": "source",
            "first_name": "source",
            "last_name": "source",
            "locked": {"authority": "source", "value": False},
            "locale": {"authority": "shared", "default": "en_US"},
            "profiles": "shared",
            "roles": "shared",
        },
    },
    "groups": {
        "prefix": "Cloud - ",
        "create": "when-populated",
        "grants_login": True,
        "lifecycle": {"existing": "adopt", "missing": {"move_to": "Standalone"}, "renamed": "update"},
        "parent": "Workflow",
        "fields": {"description": "source"},
    },
    "profiles": {"by_group": {}, "fallback": "Default"},
    "roles": {"administrator": {"roles": ["Administrator"], "groups": ["OPAdministrators"]}},
    "guards": {
        "limit": {"count": 50, "percent": 50},
        "daily": {"count": 100, "percent": 100},
        "shrunken": {"count": 50, "percent": 50},
    },
}
"""A policy that shows every rule once; its limits do not get in a story's way."""


class MemoryStore:
    """
    A ledger's commits, in memory: each is the files as they then were, and its message.
    """

    def __init__(self) -> None:
        self.commits: list[tuple[dict[str, bytes], str]] = []
        self.before_commit: Callable[[str], None] = lambda _message: None

    def revision(self) -> str:
        """
        Return how many commits there are.
        """
        return str(len(self.commits)) if self.commits else ""

    def read(self, *paths: str, at: str = "") -> Iterator[tuple[str, bytes]]:
        """
        Yield the files of the last commit, or of the one `at`, at or below `paths`.
        """
        revision = at or self.revision()
        files = self.commits[int(revision) - 1][0] if revision else {}
        for path in sorted(files):
            if not paths or any(path == one or path.startswith(f"{one}/") for one in paths):
                yield path, files[path]

    def paths(self, *, at: str = "") -> list[str]:
        """
        Return the paths of the same.
        """
        return [path for path, _ in self.read(at=at)]

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: str) -> str:
        """
        Commit the files, unless the hook fails or somebody else was first.
        """
        self.before_commit(message)
        if parent != self.revision():
            raise StoreError("the ledger has moved on")
        now = dict(self.commits[-1][0]) if self.commits else {}
        now.update({path: content for path, content in files.items() if content is not None})
        for path in (path for path, content in files.items() if content is None):
            now.pop(path, None)
        self.commits.append((now, message))
        return self.revision()

    def follow(self, *, published: bool) -> None:
        """
        Do nothing: this is all there is.
        """
        del published

    def push(self) -> None:
        """
        Refuse: there is nowhere to push to.
        """
        raise StoreError("there is no remote")

    def uncommitted(self, paths: Sequence[str]) -> list[str]:
        """
        Return none: there is no work tree.
        """
        del paths
        return []


class KilledError(BaseException):
    """
    The process is killed here.
    """


class World:
    """
    The verbs of a story. People are called by their first name; `key` of Ann is `id-ann`.
    """

    def __init__(self, target: Target, folder: Path, *, policy: Mapping[str, Any] | None = None) -> None:
        self.target = target
        self.store = MemoryStore()
        self.folder = folder
        self.document = overlay(POLICY, policy or {})
        self.policy: Policy = build(self.document, {})
        self.clock = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
        self.people: dict[str, UserRow] = {}
        self.groups: dict[str, GroupRow] = {}
        self.overrides: list[Override] = []
        self.waivers: list[Waiver] = []
        self.manifest: dict[str, Any] = {}
        self.fetched_at: str | None = None
        self.process = 1
        self.cloud_has_group("staff", roles=("User",))

    # What the cloud says

    def cloud_says(self, name: str, **fields: Any) -> None:
        """
        Let the cloud have the person, with these fields changed; somebody new is active and in the group `staff`.
        """
        key = f"id-{name}"
        blank = UserRow(key=key, user_name=name, state="active", groups=("id-staff",), email=f"{name}@example.com")
        row = self.people.get(key, blank)
        if "groups" in fields:
            fields["groups"] = tuple(sorted(f"id-{group}" for group in fields["groups"]))
        self.people[key] = replace(row, **fields)
        self.fetched_at = None

    def cloud_loses(self, name: str) -> None:
        """
        Let the cloud no longer have the person.
        """
        del self.people[f"id-{name}"]
        self.fetched_at = None

    def cloud_has_group(self, name: str, /, **fields: Any) -> None:
        """
        Let the cloud have the group, with these fields changed.
        """
        key = f"id-{name}"
        self.groups[key] = replace(self.groups.get(key, GroupRow(key=key, name=name)), **fields)
        self.fetched_at = None

    def cloud_loses_group(self, name: str) -> None:
        """
        Let the cloud no longer have the group, with nobody in it.
        """
        del self.groups[f"id-{name}"]
        for key, row in self.people.items():
            self.people[key] = replace(row, groups=tuple(one for one in row.groups if one != f"id-{name}"))

    def cloud_renames_group(self, name: str, to: str) -> None:
        """
        Let the cloud call the group otherwise; its id stays.
        """
        self.cloud_has_group(name)
        self.groups[f"id-{name}"] = replace(self.groups[f"id-{name}"], name=to)

    def cloud_makes_group_again(self, name: str, *, key: str, **fields: Any) -> None:
        """
        Let the cloud have a group of that name under a new id, `id-KEY`.
        """
        self.groups[f"id-{key}"] = GroupRow(key=f"id-{key}", name=name, **fields)
        self.fetched_at = None

    def git_waives(self, guard: str, count: int, *, until: str = "2026-12-31", target: str = "registry") -> None:
        """
        Merge a waiver.
        """
        origin = f"overrides/waivers.yaml:{len(self.waivers) + 1}"
        self.waivers.append(
            Waiver(origin=origin, target=target, guard=guard, count=count, until=until, reason="T-2")
        )

    def git_says(self, name: str | None = None, *, group: str | None = None, **fields: Any) -> None:
        """
        Merge an override of the person (or group).
        """
        origin = f"overrides/all.yaml:{len(self.overrides) + 1}"
        fields.setdefault("reason", "T-1")
        parts = [*fields, *(f"set.{one}" for one in fields.get("set", {}))]
        self.overrides.append(
            Override(
                origin=origin,
                digest=digest(name, group, repr(sorted(fields.items()))),
                places=dict.fromkeys(parts, origin),
                user=name,
                group=group,
                **fields,
            )
        )

    def time_passes(self, **delta: float) -> None:
        """
        Let the clock go on.
        """
        self.clock += timedelta(**delta)

    # What the reconciler does

    @property
    def now(self) -> str:
        """
        Return the time, as the ledger writes it.
        """
        return self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")

    def export(self) -> Export:
        """
        Return the export that the cloud would give now.
        """
        users = tuple(Placed(row, f"users.jsonl:{n}") for n, (_, row) in enumerate(sorted(self.people.items()), 1))
        groups = tuple(
            PlacedGroup(row, f"groups.jsonl:{n}") for n, (_, row) in enumerate(sorted(self.groups.items()), 1)
        )
        self.fetched_at = self.fetched_at or self.now
        counts = Counts(users=len(users), groups=len(groups), memberships=sum(len(one.row.groups) for one in users))
        manifest = Manifest(
            version=1,
            source="cloud",
            account="acc",
            fetched_at=self.fetched_at,
            complete=True,
            counts=counts,
            digest=digest([one.row for one in users], [one.row for one in groups]),
        )
        return Export(replace(manifest, **self.manifest), users, groups)

    @property
    def book(self) -> Book:
        """
        Return where the ledger is kept.
        """
        return Book(target="registry", store=self.store, folder=self.folder)

    @property
    def ledger(self) -> Ledger:
        """
        Return the ledger as it was committed last.
        """
        return load(self.book).ledger.whole()

    def decide(
        self,
        approval: Approval | None = None,
        *,
        opened: Opened | None = None,
        scope: Scope | None = None,
        about: frozenset[str] = frozenset(),
    ) -> Decision:
        """
        Return the decision of a run that starts now, from the ledger as it was opened, or as it is.

        It knows all there is to know of whom it is `about`.
        """
        opened = opened or load(self.book)
        return engine.plan(
            self.asked(),
            self.target,
            self.book,
            opened=opened,
            now=self.now,
            approval=approval,
            scope=scope,
            about=about,
        )

    def asked(self) -> engine.Asked:
        """
        Return what Git says now.
        """
        return engine.Asked(
            target="registry",
            export=self.export(),
            overrides=self.overrides,
            waivers=self.waivers,
            policy=self.policy,
            account=None,
            max_age="36h",
            tool="test",
        )

    def plan(self, scope: Scope | None = None) -> Plan:
        """
        Return the plan of a run that starts now.
        """
        return self.decide(scope=scope).plan

    def apply(self, *, approved: frozenset[str] | None = None, scope: Scope | None = None) -> Report:
        """
        Apply what a plan made now says; an hour later the next verb happens.
        """
        decision = self.decide(self.approval(approved), scope=scope)
        report = apply(decision, self.target, self.book, opened=load(self.book), order=self.order())
        self.time_passes(hours=1)
        return report

    def approve(self) -> Report:
        """
        Apply with everything that the plan shows approved.
        """
        return self.apply(approved=frozenset(approval_of(self.plan()).changes))

    def approval(self, approved: frozenset[str] | None) -> Approval | None:
        """
        Return the approval of some changes of a plan that is made now; None for None.
        """
        if approved is None:
            return None
        shown = approval_of(self.plan())
        chosen = {name: change for name, change in shown.changes.items() if name in approved}
        return Approval(plan=shown.plan, changes=chosen)

    def apply_and_die(self) -> None:
        """
        Apply all, and die after the last write and before the record. The machine is lost, the journal with it.
        """
        decision = self.decide(approval_of(self.plan()))
        order = self.order()
        held: list[Fence | None] = []

        def die(message: str) -> None:
            if message.startswith("Record"):
                held.append(self.target.fence())
                raise KilledError

        self.store.before_commit = die
        try:
            apply(decision, self.target, self.book, opened=load(self.book), order=order)
        except KilledError:
            drop_journal(self.folder, self.book.target)
            self.target.move_fence(self.target.fence(), held[0] or Fence(lineage="", serial=0))
            self.process += 1
            return
        finally:
            self.store.before_commit = lambda _message: None
        raise AssertionError("there was nothing to record")

    def changes_policy(self, change: Mapping[str, Any]) -> None:
        """
        Merge a change of the policy, laid over the one there is.
        """
        self.document = overlay(self.document, change)
        self.policy = build(self.document, {})

    def order(self) -> Order:
        """
        Return who applies.
        """
        patience = Patience(
            now=lambda: self.now,
            later=_later,
            sleep=lambda _seconds: None,
            alive=lambda holder: holder == f"test@here:{self.process}",
            seconds=0,
        )
        holder = f"test@here:{self.process}"
        return Order(who="tester", holder=holder, lineage="L", patience=patience)

    # What there is to see

    def row(self, name: str) -> LedgerRow:
        """
        Return the ledger's row of the person.
        """
        return self.ledger.users[f"id-{name}"]

    def record(self, run: int) -> str:
        """
        Return the record of a run, as it lies in the ledger.
        """
        files = self.store.commits[-1][0]
        return next(body.decode() for path, body in files.items() if re.fullmatch(rf"runs/.*/0*{run}\.jsonl", path))

    def claim(self, name: str, field: str) -> Claim:
        """
        Return our claim on the person's field; an empty one where there is none.
        """
        return self.row(name).claims.get(field, Claim())

    def owner(self, name: str, field: str) -> str | None:
        """
        Return who owns the person's field.
        """
        return self.claim(name, field).owner

    def live(self, name: str) -> Live:
        """
        Return the account of that user name.
        """
        return next(one for one in self.target.read().users if one.name == name)

    def value(self, name: str, field: str) -> Value:
        """
        Return what the account holds in the field.
        """
        return self.live(name).fields[field]

    def members(self, group: str) -> set[str]:
        """
        Return the user names of the members of the target's group.
        """
        snapshot = self.target.read()
        found = next(one.id for one in snapshot.groups if one.name == group)
        return {one.name for one in snapshot.users if found in one.groups}

    def news(self, plan: Plan, field: str) -> list[int]:
        """
        Return the rows of the table that the plan names for the field.
        """
        return [one.row for one in plan.claims if one.field == field]


def _later(time: str) -> str:
    moment = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) + timedelta(minutes=15)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def summary(plan: Plan) -> list[tuple[str, str, dict[str, Any]]]:
    """
    Return what a plan does, in a form that is easy to compare: action, name, after.
    """
    return [(one.action, one.name, msgspec.to_builtins(one.after)) for one in plan.changes]
