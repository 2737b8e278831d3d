"""
The nine laws of architecture.md, each by its name. Random worlds are small: three people, two groups, a few steps.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.apply.book import load
from reconciler.apply.run import apply
from reconciler.core.canonical import encode
from reconciler.core.changes import Drafting, drafts
from reconciler.core.decide import Decision, decide
from reconciler.core.export import Export
from reconciler.core.ledger import RunHeader
from reconciler.core.model import Equality, Fields, Kind, Plan
from reconciler.core.ownership import Moment
from reconciler.core.policy import overlay
from reconciler.core.record import Outcome, record
from reconciler.errors import TargetError
from reconciler.ports import Write
from tests.targets.memory import MemoryTarget
from tests.world import World

ROOT = Path(__file__).parents[2]
PEOPLE = ("ann", "bob", "eve")
LOCALES = ("en_US", "de_DE", "Fr_FR", " it ")
ROLES = ((), ("User",), ("Administrator",), ("Viewer", "user"))
SECRET = Equality(
    caseless=frozenset({"user_name", "first_name", "locale", "roles", "name"}),
    trimmed=frozenset({"first_name", "locale"}),
)
Step = tuple[str, tuple[Any, ...]]


class Lossy(MemoryTarget):
    """
    A target that lower-cases, trims and drops, and tells nobody.
    """

    def _kept(self, kind: Kind, fields: Fields) -> Fields:
        folded = {name: SECRET.fold(name, value) for name, value in super()._kept(kind, fields).items()}
        return {name: None if name == "locale" and value == "fr_fr" else value for name, value in folded.items()}


TARGETS: dict[str, Callable[[], MemoryTarget]] = {
    "exact": MemoryTarget,
    "folds and says so": lambda: MemoryTarget(SECRET),
    "folds, trims and drops in secret": Lossy,
}

NAMES, MEMBERSHIPS = st.sampled_from(PEOPLE), st.sampled_from(((), ("staff",), ("staff", "risk")))
STEPS = st.one_of(
    st.tuples(st.just("hires"), st.tuples(NAMES, MEMBERSHIPS, st.sampled_from(ROLES))),
    st.tuples(st.just("calls"), st.tuples(NAMES, st.sampled_from(("Ann", "ANN ", "Zoe")))),
    st.tuples(st.just("renames"), st.tuples(NAMES)),
    st.tuples(st.just("moves"), st.tuples(NAMES, st.sampled_from(("active", "left", "suspended", "unknown")))),
    st.tuples(st.just("fires"), st.tuples(NAMES)),
    st.tuples(st.just("drops the group"), st.tuples()),
    st.tuples(st.just("speaks"), st.tuples(NAMES, st.sampled_from(LOCALES))),
    st.tuples(st.just("admin sets"), st.tuples(NAMES, st.sampled_from(LOCALES), st.sampled_from(ROLES))),
    st.tuples(st.just("admin switches"), st.tuples(NAMES, st.booleans())),
    st.tuples(st.just("admin joins"), st.tuples(NAMES, st.sampled_from(("Cloud - staff", "Cloud - risk")))),
    st.tuples(st.just("admin deletes"), st.tuples(NAMES)),
    st.tuples(st.just("admin makes"), st.tuples(NAMES, st.sampled_from(LOCALES))),
    st.tuples(st.just("renames the group"), st.tuples(st.sampled_from(("risk", "Risks", "RISK")))),
    st.tuples(st.just("applies"), st.tuples()),
    st.tuples(st.just("dies"), st.tuples()),
)
LIVES = st.lists(STEPS, min_size=2, max_size=14)
POLICIES = st.builds(
    lambda foreign, membership, missing, renamed: {
        "users": {"foreign": foreign, "rename": renamed},
        "groups": {"membership": membership, "lifecycle": {"missing": missing, "renamed": renamed}},
    },
    st.sampled_from(("keep", "take", "ask")),
    st.sampled_from(("exact", "add-only", "none")),
    st.sampled_from(({"move_to": "Standalone"}, "deactivate", "flag", "delete", "keep")),
    st.sampled_from(("update", "replace")),
)


def able(policy: dict[str, Any], target: str) -> dict[str, Any]:
    """
    Return a policy that makes sense on a target: who folds names in secret can only rename.
    """
    update = {"users": {"rename": "update"}, "groups": {"lifecycle": {"renamed": "update"}}}
    return overlay(policy, update) if "secret" in target else policy


class Life:
    """
    What can happen in a random world after its first run; a step that makes no sense is skipped.
    """

    def __init__(self, folder: Path, target: MemoryTarget, policy: dict[str, Any]) -> None:
        self.target = target
        self.world = World(target, folder, policy=policy)
        self.world.cloud_has_group("risk", roles=("User",), description="Risk")
        self.world.cloud_says("kim", roles=("Administrator",))
        self.world.apply()

    def live(self, steps: list[Step]) -> Iterator[None]:
        """
        Take one step after the other, and say so.
        """
        for verb, values in steps:
            self.step(verb, *values)
            yield

    def step(self, verb: str, *values: Any) -> None:
        """
        Let one thing happen.
        """
        if verb == "applies":
            self.world.approve()
            return
        acts: dict[str, Callable[..., None]] = {
            "hires": self.hires,
            "calls": lambda name, first: self.says(name, first_name=first),
            "renames": lambda name: self.says(name, user_name=name.upper()),
            "moves": lambda name, state: self.says(name, state=state),
            "speaks": lambda name, locale: self.says(name, locale=locale),
            "fires": self.fires,
            "drops the group": self.drops,
            "renames the group": self.renames_group,
            "dies": self.dies,
        }
        if verb in acts:
            acts[verb](*values)
        else:
            self.administers(verb, *values)

    def known(self, name: str) -> bool:
        """
        Return whether the cloud has the person.
        """
        return f"id-{name}" in self.world.people

    def says(self, name: str, **fields: Any) -> None:
        """
        Let the cloud say something else of somebody.
        """
        if self.known(name):
            self.world.cloud_says(name, **fields)

    def fires(self, name: str) -> None:
        """
        Let the cloud lose somebody.
        """
        if self.known(name):
            self.world.cloud_loses(name)

    def renames_group(self, name: str) -> None:
        """
        Let the cloud call a group otherwise.
        """
        if "id-risk" in self.world.groups:
            self.world.cloud_has_group("risk", name=name)

    def dies(self) -> None:
        """
        Apply, and die before the record.
        """
        if self.world.plan().changes:
            self.world.apply_and_die()

    def hires(self, name: str, groups: tuple[str, ...], roles: tuple[str, ...]) -> None:
        """
        Let the cloud have the person, in those of the groups that there are.
        """
        there = tuple(group for group in groups if f"id-{group}" in self.world.groups)
        self.world.cloud_says(name, groups=there, roles=roles)

    def drops(self) -> None:
        """
        Let the cloud lose a group.
        """
        if "id-risk" in self.world.groups:
            self.world.cloud_loses_group("risk")
            self.world.fetched_at = None

    def administers(self, verb: str, name: str, *values: Any) -> None:
        """
        Let the administrator do something to the account of that name, in any spelling.
        """
        there = next((one for one in self.target.read().users if one.name.lower() == name), None)
        if verb == "admin makes" and there is None:
            self.target.admin_creates(name, locale=values[0], email=f"{name}@example.com")
        if there is None or verb == "admin makes":
            return
        if verb == "admin sets":
            self.target.admin_sets(there.name, locale=values[0], roles=values[1])
        elif verb == "admin switches":
            self.target.admin_sets(there.name, active=values[0])
        elif verb == "admin deletes":
            self.target.admin_deletes(there.name)
        elif any(one.name == values[0] for one in self.target.read().groups):
            self.target.admin_joins(there.name, values[0])


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world of Ann and Bob, applied once, on a target in memory.
    """
    world = World(MemoryTarget(), tmp_path)
    world.cloud_says("ann", first_name="Ann", last_name="A")
    world.cloud_says("bob", roles=("Administrator",))
    world.apply()
    return world


def memory(world: World) -> MemoryTarget:
    """
    Return the world's target with its administrator's verbs.
    """
    assert isinstance(world.target, MemoryTarget)
    return world.target


def drafted(decision: Decision) -> set[str]:
    """
    Return the ids of all changes that lie between what is live and its goal.
    """
    about = Drafting(
        identity=decision.world.identity,
        equality=decision.world.equality,
        privileged=decision.world.policy.roles.administrator.privileged,
        cause=lambda _settled, _name: "",
    )
    return {draft.change.id for settled in decision.settled.values() for draft in drafts(settled, about)}


def in_plan(plan: Plan) -> set[str]:
    """
    Return the ids of all changes that a plan tells of, held ones too.
    """
    return {change.id for change in plan.changes} | {held.change.id for held in plan.held if held.change}


@settings(max_examples=25)
@given(steps=LIVES, policy=POLICIES)
def test_law_1_ownership_is_settled_before_the_comparison(steps: list[Step], policy: dict[str, Any]) -> None:
    """
    Every change that lies between live and goal is in the plan: none is filtered out afterwards.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), MemoryTarget(), policy)
        for _ in life.live(steps):
            decision = life.world.decide()

            assert in_plan(decision.plan) == drafted(decision)


def test_law_1_what_is_the_admins_is_in_the_goal_as_it_is_live(world: World) -> None:
    """
    The goal holds the administrator's value, so that comparing it with what is live finds nothing.
    """
    memory(world).admin_sets("ann", locale="de_DE")
    world.git_says("ann", set={"locale": "fr_FR"})
    goal = world.decide().settled["user", "id-ann"].goal

    assert goal is not None
    assert goal.fields["locale"] == "de_DE"


def test_law_2_a_plan_leaves_apply_no_choice(world: World) -> None:
    """
    What is made of a plan is told by the plan: policy, overrides and export may say otherwise by then.
    """
    world.cloud_says("ann", first_name="Anna")
    decision, opened = world.decide(), load(world.book)
    memory(world).written.clear()
    world.changes_policy({"users": {"fields": {"first_name": "target"}}})
    world.git_says("ann", exclude=True)
    world.cloud_loses("ann")
    apply(decision, world.target, world.book, opened=opened, order=world.order())

    assert [write.change for write in memory(world).written] == [change.id for change in decision.plan.changes]
    assert world.value("ann", "first_name") == "Anna"


def test_law_2_apply_looks_up_no_policy() -> None:
    """
    No module that writes reads a policy, an override, an export, or what somebody desires.
    """
    forbidden = {"policy", "overrides", "decisions", "desired", "access", "settle", "lifecycle", "guard", "trust"}
    imported = {
        f"{path.name}: {name}"
        for path in (ROOT / "reconciler/apply").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        if name.rpartition(".")[2] in forbidden
    }

    assert imported == set()


@settings(max_examples=40)
@given(steps=LIVES, policy=POLICIES, on=st.sampled_from(sorted(TARGETS)))
def test_law_3_what_plan_prints_is_what_apply_does(steps: list[Step], policy: dict[str, Any], on: str) -> None:
    """
    The writes that reach the target are the plan's changes, one by one, in their order and with their values.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), TARGETS[on](), able(policy, on))
        for _ in life.live(steps):
            pass
        plan = life.world.plan()
        life.target.written.clear()
        report = life.world.apply(approved=frozenset(change.id for change in plan.changes))

        assert [one.message for one in report.outcomes if one.outcome != "landed"] == []
        assert [(one.change, one.fields, len(one.join), len(one.leave)) for one in life.target.written] == [
            (
                change.id,
                {name: value for name, value in change.after.items() if name not in {"groups", "external_id"}},
                len(set(groups(change.after)) - set(groups(change.before))),
                len(set(groups(change.before)) - set(groups(change.after))),
            )
            for change in plan.changes
        ]


def groups(fields: Fields) -> tuple[str, ...]:
    """
    Return the memberships that a change names.
    """
    value = fields.get("groups", ())
    assert isinstance(value, tuple)
    return value


@settings(max_examples=60)
@given(steps=LIVES, policy=POLICIES, on=st.sampled_from(sorted(TARGETS)))
def test_law_4_apply_twice_is_apply_once(steps: list[Step], policy: dict[str, Any], on: str) -> None:
    """
    Right after an apply the plan is empty, on every target, also on one that folds, trims and drops in secret.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), TARGETS[on](), able(policy, on))
        for _ in life.live([*steps, ("applies", ())]):
            pass

        assert [(one.name, one.before, one.after) for one in life.world.plan().changes] == []
        # The next run may still forget what an earlier one meant to write; the one after it has nothing to record.
        assert life.world.approve().outcomes == ()
        assert life.world.approve().run == 0


@given(
    one=st.sampled_from(("Ann", "ann ", " ANN", "ann", "Zoe", "", None)),
    other=st.sampled_from(("Ann", "ann ", " ANN", "ann", "Zoe", "", None)),
    equality=st.sampled_from((Equality(), SECRET)),
)
def test_law_5_both_sides_pass_the_same_normaliser(one: str | None, other: str | None, equality: Equality) -> None:
    """
    Comparing is the same from either side, and what was normalised once is normal.
    """
    for name in ("first_name", "last_name"):
        assert equality.same(name, one, other) == equality.same(name, other, one)
        assert equality.fold(name, equality.fold(name, one)) == equality.fold(name, one)
        assert equality.same(name, one, equality.fold(name, one))


@settings(max_examples=30)
@given(data=st.data(), value=st.sampled_from(("de_DE", "DE_DE", "de_de ", " De_De")))
def test_law_5_spelling_that_the_target_ignores_is_no_difference(data: st.DataObject, value: str) -> None:
    """
    A value that the target takes for ours is ours, whichever side spells it how, for Git's fields and shared ones.
    """
    with TemporaryDirectory() as folder:
        target = MemoryTarget(SECRET)
        world = World(target, Path(folder))
        spelled = data.draw(st.sampled_from(("de_DE", "dE_dE", " de_DE ")))
        target.admin_creates("ann", locale=value, first_name=value)
        target.admin_sets("ann", email="ann@example.com", roles=("USER",), profiles=("Default",))
        world.cloud_says("ann", locale=spelled, first_name=spelled)

        assert [one.after for one in world.plan().changes if one.kind == "user" and "groups" not in one.after] == []
        world.apply()
        assert (world.owner("ann", "locale"), world.claim("ann", "locale").wrote) == ("git", spelled)


def test_law_6_record_claims_every_value_that_holds(world: World) -> None:
    """
    What agrees with Git on an account that was there before is Git's, though nothing was written of it.
    """
    memory(world).admin_creates("eve", locale="en_US", email="eve@example.com", profiles=("Default",))
    memory(world).admin_sets("eve", roles=("Viewer",), first_name="Eve")
    world.changes_policy({"users": {"foreign": "keep"}})
    world.cloud_says("eve", first_name="Eve", last_name="E")
    world.apply()
    last = world.row("eve").last

    assert {name: world.owner("eve", name) for name in ("locale", "profiles", "roles")} == {
        "locale": "git",
        "profiles": "git",
        "roles": "admin",
    }
    assert last is not None
    assert last.fields == {
        "user_name": "eve",
        "email": "eve@example.com",
        "first_name": "Eve",
        "last_name": "E",
        "locked": False,
    }


class Outage:
    """
    A target that is lost after so many writes.
    """

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, moment: str, effect: str, _write: Write | None) -> None:
        """
        Count the writes, and refuse those that are too many.
        """
        if moment == "before" and effect == "write":
            self.left -= 1
            if self.left < 0:
                raise TargetError("the target does not answer")


@pytest.mark.parametrize("landed", [pytest.param(count, id=f"{count} landed") for count in range(3)])
def test_law_7_the_ledger_records_what_landed(world: World, landed: int) -> None:
    """
    Where the target is lost half-way, what landed before is recorded and the rest stays an open intent.
    """
    for name in ("eve", "kim", "lee"):
        world.cloud_says(name, groups=("staff",))
    world.apply()
    for name in ("eve", "kim", "lee"):
        world.git_says(name, set={"locale": "fr_FR"})
    memory(world).on_effect = Outage(landed)
    report = world.apply()
    memory(world).on_effect = Outage(10**6)

    assert report.trouble is not None
    assert [one.outcome for one in report.outcomes].count("landed") == 0
    assert world.ledger.head.serial == report.run
    assert {one.value for one in world.claim("lee", "locale").intents} == {"fr_FR"}
    world.approve()
    assert (world.plan().changes, world.owner("lee", "locale"), world.value("lee", "locale")) == (
        (),
        "git",
        "fr_FR",
    )


def test_law_7_a_batch_that_landed_is_recorded_though_the_next_does_not(world: World) -> None:
    """
    The fields of a person are recorded, though the membership that was to follow never came.
    """
    world.cloud_says("eve", groups=("staff",), first_name="Eve")
    memory(world).on_effect = Outage(1)
    world.apply()
    memory(world).on_effect = Outage(10**6)
    last = world.row("eve").last

    assert last is not None
    assert (world.row("eve").link, last.fields["first_name"], last.groups) == (world.live("eve").id, "Eve", ())
    assert [one.after for one in world.plan().changes] == [{"groups": ("id-staff",)}]


@settings(max_examples=25)
@given(steps=LIVES, policy=POLICIES, data=st.data())
def test_law_8_same_input_same_bytes(steps: list[Step], policy: dict[str, Any], data: st.DataObject) -> None:
    """
    In whatever order rows, overrides and accounts come, plan and ledger are the same bytes.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), MemoryTarget(), policy)
        for _ in life.live(steps):
            pass
        for name in PEOPLE:
            if life.known(name):
                life.world.git_says(name, roles_add=("Editor",))
        decision = life.world.decide()
        other = decide(shuffled(decision, data))

        assert encode(other.plan) == encode(decision.plan)
        assert encode(recorded(other)) == encode(recorded(decision))


def shuffled(decision: Decision, data: st.DataObject) -> Any:
    """
    Return what a decision was made from, in another order.
    """
    world = decision.world
    export, snapshot, ledger = world.export, world.snapshot, world.ledger
    permuted: dict[str, Any] = {
        name: tuple(data.draw(st.permutations(part)))
        for name, part in {
            "users": export.users,
            "groups": export.groups,
            "overrides": world.overrides,
            "accounts": snapshot.users,
            "rows": tuple(ledger.users.items()),
        }.items()
    }
    return replace(
        world,
        export=Export(export.manifest, permuted["users"], permuted["groups"]),
        overrides=permuted["overrides"],
        snapshot=replace(snapshot, users=permuted["accounts"]),
        ledger=replace(ledger, users=dict(permuted["rows"])),
    )


def recorded(decision: Decision) -> object:
    """
    Return what the ledger would say if everything landed that needs no read-back.
    """
    moment = Moment(now=decision.world.now, run=decision.world.ledger.head.serial + 1)
    header = RunHeader(
        run=moment.run,
        time=moment.now,
        scope="all",
        who="tester",
        tool="test",
        inputs=decision.world.inputs,
        plan=decision.plan.digest,
        approval="",
        previous="",
    )
    return record(decision, [Outcome(change=one, outcome="left") for one in decision.plan.changes], moment, header)


@settings(max_examples=40)
@given(steps=LIVES, policy=POLICIES, stale=st.booleans())
def test_law_9_nothing_is_removed_without_proof_that_the_source_was_read_whole(
    steps: list[Step],
    policy: dict[str, Any],
    *,
    stale: bool,
) -> None:
    """
    On an export that is not whole, or stale, nothing is removed and nobody is switched on again or given power.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), MemoryTarget(), policy)
        for _ in life.live([step for step in steps if not {"left", "suspended"} & set(step[1])]):
            pass
        life.world.fetched_at = life.world.now
        life.world.manifest = {} if stale else {"complete": False}
        life.world.time_passes(days=3 if stale else 0)
        plan = life.world.plan()

        assert [one for one in plan.changes if "removal" in one.risk or one.action == "activate"] == []
