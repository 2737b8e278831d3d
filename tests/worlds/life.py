"""
What can happen in a random world, as verbs: the cloud, those who decide, the administrator, the clock, the runs.

A verb that makes no sense where it is said does nothing, so that a life stays a life when words are left out of it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.recovery import recover
from reconciler.apply.run import Report
from reconciler.core.model import Equality, Fields, Kind, Live, Plan, Value
from reconciler.core.overrides import Override
from reconciler.core.policy import build, overlay
from reconciler.core.scope import Scope
from reconciler.errors import ReconcilerError
from reconciler.files.journal import drop_journal
from reconciler.files.policies import preset
from reconciler.ports import Write
from tests.targets.memory import MemoryTarget
from tests.world import KilledError, World

PEOPLE = ("ann", "bob", "eve", "kim", "lee", "zoe")
GROUPS = ("staff", "risk", "boss", "club")
FOLDING = Equality(
    caseless=frozenset({"user_name", "first_name", "locale", "roles", "name"}),
    trimmed=frozenset({"first_name", "locale"}),
)
SECRET = Equality(caseless=frozenset({"first_name", "locale"}), trimmed=frozenset({"first_name", "locale"}))
"""What a target may fold without saying so; how it compares names, of roles too, it must say."""


class Lossy(MemoryTarget):
    """
    A target that lower-cases, trims and drops values, and tells nobody.
    """

    def _kept(self, kind: Kind, fields: Fields) -> Fields:
        folded = {name: SECRET.fold(name, value) for name, value in super()._kept(kind, fields).items()}
        return {name: None if name == "locale" and value == "fr_fr" else value for name, value in folded.items()}


TARGETS: dict[str, Callable[[], MemoryTarget]] = {
    "exact": MemoryTarget,
    "folds and says so": lambda: MemoryTarget(FOLDING),
    "folds, trims and drops in secret": Lossy,
}


class Start(Struct, frozen=True, kw_only=True):
    """
    How a life begins: the target, whether the policy is the preset's, what is laid over it, who is there already.

    `root`: the protected account is an active administrator. `strangers` are accounts made by hand, each with the
    roles it holds. `settled`: everybody is in some group, and two runs were made.
    """

    on: str = "exact"
    openpages: bool = False
    policy: Mapping[str, Any] = field(default_factory=dict)
    root: bool = False
    strangers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    settled: bool = False


class Life:
    """
    A world, and everything that can happen in it.

    `edits` are values of shared fields that the administrator set on accounts of ours, by target id: nobody but
    a decision in Git may end them, unless a policy took the field out of `shared` once (`shares_locale`).
    `disabled` are ids of accounts that the administrator switched off.
    """

    def __init__(self, folder: Path, start: Start) -> None:
        self.target = TARGETS[start.on]()
        self.world = World(self.target, folder / "world", policy=start.policy)
        if start.openpages:
            login = {"users": {"login_roles": ["User", "Administrator"]}}
            self.world.document = overlay(overlay(preset("openpages").value, login), start.policy)
            self.world.policy = build(self.world.document, {})
        self.said = 0
        self.shares_locale = True
        self.edits: dict[str, str] = {}
        self.disabled: set[str] = set()
        self._begin(start)

    def _begin(self, start: Start) -> None:
        """
        Let there be groups, an administrator of the cloud's, the protected accounts and the strangers.
        """
        for protected in self.world.policy.users.protected:
            self.target.admin_creates(protected, roles=("OPAdministrators",) if start.root else ())
        for name, roles in start.strangers:
            self.target.admin_creates(name, roles=roles, email=f"{name.lower()}@example.com")
        for name, roles in (("risk", ("User",)), ("boss", ("Administrator",)), ("club", ())):
            self.world.cloud_has_group(name, roles=roles, description=name.title())
        self.world.cloud_says("kim", roles=("Administrator",))
        self.world.cloud_says("lee")
        if start.settled:
            for number, name in enumerate(PEOPLE):
                self.hires(name, GROUPS[: number % 3 + 1], ("Administrator",) if name in {"bob", "kim"} else ())
            self.approves()
            self.approves()

    # What the cloud says

    def hires(self, name: str, groups: tuple[str, ...], roles: tuple[str, ...]) -> None:
        """
        Let the cloud have the person, in those of the groups that there are.
        """
        there = tuple(group for group in groups if f"id-{group}" in self.world.groups)
        self.world.cloud_says(name, groups=there, roles=roles, state="active")

    def recycles(self, name: str) -> None:
        """
        Let somebody new have the user name and address of somebody who is gone.
        """
        if f"id-{name}" not in self.world.people:
            self.world.cloud_says(f"{name}-2", user_name=name, email=f"{name}@example.com")

    def says(self, name: str, **fields: Any) -> None:
        """
        Let the cloud say something else of somebody.
        """
        if f"id-{name}" in self.world.people:
            self.world.cloud_says(name, **fields)

    def fires(self, *names: str) -> None:
        """
        Let the cloud lose people.
        """
        for name in names:
            if f"id-{name}" in self.world.people:
                self.world.cloud_loses(name)
                self._forgets_the_unknown(f"id-{name}")

    def renames_group(self, group: str, to: str) -> None:
        """
        Let the cloud call a group otherwise.
        """
        if f"id-{group}" in self.world.groups:
            self.world.cloud_has_group(group, name=to)

    def grants(self, group: str, roles: tuple[str, ...]) -> None:
        """
        Let a group of the cloud grant other roles.
        """
        if f"id-{group}" in self.world.groups:
            self.world.cloud_has_group(group, roles=roles)

    def drops_group(self, group: str) -> None:
        """
        Let the cloud lose a group.
        """
        if f"id-{group}" in self.world.groups:
            self.world.cloud_loses_group(group)
            self.world.fetched_at = None
            self._forgets_the_unknown(f"id-{group}")

    def _forgets_the_unknown(self, key: str) -> None:
        """
        Remove what names somebody who is gone and whom the ledger does not know, or soon will not: it is an error.
        """
        ledger, policy = self.world.ledger, self.world.policy
        row = ledger.users.get(key) or ledger.groups.get(key)
        deleted = "delete" in {policy.users.lifecycle.missing, policy.groups.lifecycle.missing}
        if deleted or row is None or row.link is None:
            self.world.overrides = [one for one in self.world.overrides if key not in _named(one)]

    def makes_group_again(self, group: str) -> None:
        """
        Let the cloud delete a group and make it anew: the same name and members, another id.
        """
        old = self.world.groups.get(f"id-{group}")
        if old is None or f"id-{group}-2" in self.world.groups:
            return
        members = [key for key, row in self.world.people.items() if old.key in row.groups]
        self.world.cloud_loses_group(group)
        self.world.cloud_makes_group_again(old.name, key=f"{group}-2", roles=old.roles)
        self.world.overrides = [one for one in self.world.overrides if old.key not in _named(one)]
        for key in members:
            row = self.world.people[key]
            self.world.people[key] = replace(row, groups=tuple(sorted((*row.groups, f"id-{group}-2"))))

    def exports(self, **manifest: Any) -> None:
        """
        Let the next exports be whole, or as the words of the manifest say.
        """
        self.world.manifest = manifest
        self.world.fetched_at = None

    # What people decide in Git

    def decides(self, name: str, **fields: Any) -> None:
        """
        Merge an override of somebody the cloud has, in place of earlier ones.
        """
        if f"id-{name}" not in self.world.people:
            return
        self.forgets(name)
        self.said += 1
        if {"take", "restore"} & {*fields}:
            self.edits.pop(self.link(name) or "", None)
            fields["reviewed"] = {one: self.looked_at(name, one) for one in fields.get("take", ("locale",))}
        self.world.git_says(f"id-{name}", reason=f"T-{self.said}", **fields)

    def decides_group(self, group: str, **fields: Any) -> None:
        """
        Merge an override of a group that the cloud has, in place of earlier ones.
        """
        if f"id-{group}" in self.world.groups:
            self.world.overrides = [one for one in self.world.overrides if one.group != f"id-{group}"]
            self.world.git_says(group=f"id-{group}", **fields)

    def forgets(self, name: str) -> None:
        """
        Remove the overrides of somebody.
        """
        self.world.overrides = [one for one in self.world.overrides if one.user != f"id-{name}"]

    def looked_at(self, name: str, field_name: str) -> Value:
        """
        Return the value that somebody who reviews an override of the person would look at.
        """
        link = self.link(name)
        return next((one.fields[field_name] for one in self.target.read().users if one.id == link), None)

    def waives(self) -> None:
        """
        Merge a waiver of every guard that holds something, for exactly what it holds.
        """
        try:
            held = Counter(one.guard for one in self.world.plan().held)
        except ReconcilerError:
            return
        self.world.waivers = []
        for guard, number in held.items():
            self.world.git_waives(guard, number, until=self.world.now[:10])

    def changes_policy(self, change: Mapping[str, Any]) -> None:
        """
        Merge a change of the policy; who owns what may be another matter afterwards.
        """
        self.edits.clear()
        self.shares_locale = self.shares_locale and "locale" not in change.get("users", {}).get("fields", {})
        self.world.changes_policy(change)

    # What the administrator does

    def edits_user(self, name: str, **fields: Value) -> None:
        """
        Let the administrator change fields of the account that bears the name.
        """
        live = self.account(name)
        if live is None:
            return
        self.target.admin_sets(live.name, **fields)
        if live.id in self.linked() and "locale" in fields and self.shares_locale:
            self.edits[live.id] = str(fields["locale"])

    def speaks_otherwise(self, name: str) -> None:
        """
        Let the administrator give the account a locale that nobody ever wrote there.
        """
        self.said += 1
        self.edits_user(name, locale=f"adm_{self.said}")

    def switches(self, name: str, *, on: bool) -> None:
        """
        Let the administrator make the account usable or unusable.
        """
        live = self.account(name)
        if live is None or live.active is on:
            return
        self.target.admin_sets(live.name, active=on)
        (self.disabled.discard if on else self.disabled.add)(live.id)

    def renames_account(self, name: str, to: str) -> None:
        """
        Let the administrator rename an account, if nobody bears that name.
        """
        live = self.account(name)
        if live is not None and self.account(to) is None:
            self.target.admin_sets(live.name, user_name=to)

    def joins(self, name: str, group: str) -> None:
        """
        Let the administrator put an account into a group of the cloud's, or take it out where it is in.
        """
        live, place = self.account(name), self.place(group)
        if live is None or place is None:
            return
        (self.target.admin_leaves if place.id in live.groups else self.target.admin_joins)(live.name, place.name)

    def removes_account(self, name: str) -> None:
        """
        Let the administrator delete an account.
        """
        live = self.account(name)
        if live is not None:
            self.target.admin_deletes(live.name)
            self.edits.pop(live.id, None)

    def makes_account(self, name: str, roles: tuple[str, ...]) -> None:
        """
        Let the administrator make an account by hand, with a name and address that the cloud may know.
        """
        if self.account(name) is None:
            self.target.admin_creates(name, roles=roles, email=f"{name.lower()}@example.com", locale="pt_PT")

    def edits_group(self, group: str, **fields: Value) -> None:
        """
        Let the administrator change a group: its name, parent, description, state.
        """
        place = self.place(group)
        taken = {one.name.casefold() for one in self.target.read().groups}
        if place is not None and str(fields.get("name")).casefold() not in taken:
            self.target.admin_sets_group(place.name, **fields)

    def makes_group(self, name: str) -> None:
        """
        Let the administrator make a group by hand, with a name that we may want.
        """
        if name.casefold() not in {one.name.casefold() for one in self.target.read().groups}:
            self.target.admin_creates_group(name)

    # What the reconciler does

    def applies(
        self, approved: Callable[[Plan], frozenset[str]] | None = None, *, scope: Scope | None = None
    ) -> Report | None:
        """
        Apply, with what is `approved` of the plan; return None where the run is refused.
        """
        try:
            recover(self.target, self.world.book, self.world.order())
            return self.world.apply(approved=approved(self.world.plan()) if approved else None, scope=scope)
        except ReconcilerError:
            return None

    def approves(self, *, every: int = 1) -> Report | None:
        """
        Apply with every change of the plan approved, or every second, or third.
        """
        return self.applies(lambda plan: frozenset(one.id for one in plan.changes[::every]))

    def is_triggered(self, scope: Scope) -> None:
        """
        Make the run of a trigger; one about a user, and no group, leaves everybody else as they are.
        """
        before = {one.id: one for one in self.target.read().users}
        report = self.applies(scope=scope)
        after = {one.id: one for one in self.target.read().users}
        moved = {link for link in before | after if before.get(link) != after.get(link)}
        written = (
            {one.change.link or (one.live.id if one.live else "") for one in report.outcomes} if report else ()
        )

        assert moved <= {*written}
        if report and scope.users == "named":
            assert {one.change.key for one in report.outcomes if one.change.kind == "user"} <= {*scope.named}
        if scope.remove != "all":
            assert [
                link for link in moved if link in before and before[link].active and not after[link].active
            ] == []

    def nights_pass(self, nights: int) -> None:
        """
        Let nights pass, each with an export and a run of which everything is approved.
        """
        for _ in range(nights):
            self.world.time_passes(hours=23)
            self.world.fetched_at = None
            self.approves()

    def dies(self, at: int, *, journal: bool) -> None:
        """
        Apply with everything approved, and be killed at the `at`-th effect; the journal may be lost, too.
        """
        countdown = Countdown(at)
        self.target.on_effect, self.world.store.before_commit = countdown.effect, countdown.commit
        try:
            self.approves()
        except KilledError:
            self.world.process += 1
            if not journal:
                drop_journal(self.world.folder, self.world.book.target)
        finally:
            self.target.on_effect, self.world.store.before_commit = _nothing, _no_commit

    def is_refused(self, name: str) -> None:
        """
        Apply while the target refuses every write to one account.
        """
        live = self.account(name)
        self.target.refuses = {live.name if live else name: "locked by the vendor"}
        self.approves()
        self.target.refuses = {}

    def reads_badly(self) -> None:
        """
        Apply while the target cannot be read whole.
        """
        self.target.problem = "the second page never came"
        self.approves()
        self.target.problem = ""

    # What there is to see

    def account(self, name: str) -> Live | None:
        """
        Return the account of that name, in any spelling; protected ones are nobody's to touch.
        """
        spared = {one.casefold() for one in self.world.policy.users.protected}
        lives = (one for one in self.target.read().users if one.name.casefold() not in spared)
        return next((one for one in lives if one.name.casefold() == name.casefold()), None)

    def place(self, group: str) -> Live | None:
        """
        Return the target's group of that name, with the policy's prefix.
        """
        name = f"{self.world.policy.groups.prefix}{group}".casefold()
        return next((one for one in self.target.read().groups if one.name.casefold() == name), None)

    def link(self, name: str) -> str | None:
        """
        Return the target id of the person's account.
        """
        row = self.world.ledger.users.get(f"id-{name}")
        return row.link if row else None

    def linked(self) -> set[str]:
        """
        Return the target ids of all accounts that the ledger links.
        """
        return {row.link for row in self.world.ledger.users.values() if row.link}


class Countdown:
    """
    A death at the n-th effect: a write, a move of the fence, a commit. Whoever is dead does nothing more.
    """

    def __init__(self, left: int) -> None:
        self.left = left

    def effect(self, _moment: str, _effect: str, _write: Write | None) -> None:
        """
        Count a moment before or after an effect on the target.
        """
        self.left -= 1
        if self.left <= 0:
            raise KilledError

    def commit(self, _message: str) -> None:
        """
        Count a commit that is about to be made.
        """
        self.effect("before", "commit", None)


def _named(one: Override) -> set[str | None]:
    """
    Return whom and what an override names.
    """
    return {one.user, one.group, one.copy_access_from, *one.groups_add, *one.groups_remove}


def _nothing(_moment: str, _effect: str, _write: Write | None) -> None:
    return None


def _no_commit(_message: str) -> None:
    return None
