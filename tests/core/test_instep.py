"""
Passing over those who are in step changes neither a plan nor the ledger.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from reconciler.core import decide, instep, sift
from reconciler.core.access import Given
from reconciler.core.decide import Decision
from reconciler.core.export import Placed
from reconciler.core.instep import Ground, ground, is_in_step
from reconciler.core.ledger import Absent, Claim, CreateIntent, Hold, Intent, Last, LedgerRow, Names
from reconciler.core.matching import folded
from reconciler.core.model import Equality, Fields, Live
from tests.core.test_laws import LIVES, POLICIES, TARGETS, Life, Step, able
from tests.targets.memory import MemoryTarget
from tests.world import World


def nobody(*_: Any) -> bool:
    """
    Return that this one is not in step, whoever it is.
    """
    return False


def told(decision: Decision) -> tuple[object, ...]:
    """
    Return what a decision says to people, and what it would record of whom something changes.
    """
    ledger = decision.world.ledger
    rows = {("user", key): row for key, row in ledger.users.items()}
    rows |= {("group", key): row for key, row in ledger.groups.items()}
    changed = {place: row for place, row in decision.rows.items() if rows.get(place) != row}
    return decision.plan, changed, decision.group_ids, decision.tags


@settings(max_examples=60)
@given(steps=LIVES, policy=POLICIES, on=st.sampled_from(sorted(TARGETS)))
def test_whoever_is_in_step_needs_no_settling(steps: list[Step], policy: dict[str, Any], on: str) -> None:
    """
    After any life of a world, a decision that settles everybody is the one that passes over those in step.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), TARGETS[on](), able(policy, on))
        for _ in life.live([*steps, ("applies", ()), *steps[:2]]):
            pass
        short = told(life.world.decide())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sift, "is_in_step", nobody)
            patch.setattr(decide, "is_group_in_step", nobody)
            whole = told(life.world.decide())

        assert short == whole


def test_most_people_are_in_step(tmp_path: Path) -> None:
    """
    Right after an apply everybody whom nothing was decided of is passed over.
    """
    world = World(MemoryTarget(), tmp_path)
    for name in ("ann", "bob", "cyd"):
        world.cloud_says(name)
    world.apply()
    found = world.decide().world

    assert {key: one.name for key, one in found.steady.accounts.items()} == {
        "id-ann": "ann",
        "id-bob": "bob",
        "id-cyd": "cyd",
    }
    assert found.steady.groups == {"id-staff"}
    assert not found.ledger.users
    assert not found.export.users


def test_few_claims_are_kept_and_all_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where everybody has claims of their own, what was found of one's makes way for the next one's.
    """
    monkeypatch.setattr(instep, "_MOST", 2)
    target = MemoryTarget()
    world = World(target, tmp_path)
    for name in ("ann", "bob", "cyd", "dee"):
        world.cloud_says(name)
    world.apply()
    target.admin_sets("dee", locale="de_DE")

    assert set(world.decide().world.steady.accounts) == {"id-ann", "id-bob", "id-cyd"}


CLAIM = Claim(owner="git", saw="en_US", wrote="en_US")
OTHER = Intent(value="x", at="2026-11-22T10:00:00Z", run=1)
ROWS: dict[str, Callable[[LedgerRow], LedgerRow]] = {
    "no-last": lambda row: replace(row, last=None),
    "switched-off": lambda row: replace(row, last=with_last(row, state="inactive")),
    "folded": lambda row: replace(row, last=with_last(row, wrote={"email": "Ann"})),
    "drifted": lambda row: replace(row, last=with_last(row, fields={**fields(row), "email": "old"})),
    "unseen": lambda row: replace(row, last=with_last(row, fields={})),
    "other-groups": lambda row: replace(row, last=with_last(row, groups=())),
    "open-create": lambda row: replace(row, intent=CreateIntent(name="a", external_id="b", at=OTHER.at, run=1)),
    "absent": lambda row: replace(row, absent=Absent(since=OTHER.at, exports=1, fetched_at=OTHER.at)),
    "predecessor": lambda row: replace(row, tombstones=("9",)),
    "other-policy": lambda row: replace(row, policy="sha256:other"),
    "no-names": lambda row: replace(row, names=None),
    "other-name": lambda row: replace(row, names=Names(present="anna")),
    "unclaimed": lambda row: replace(row, claims={}),
    "more-claims": lambda row: replace(row, claims={**row.claims, "active": Claim(intents=(OTHER,))}),
    "admins": lambda row: replace(row, claims={**row.claims, "locale": replace(CLAIM, owner="admin")}),
    "saw-other": lambda row: replace(row, claims={**row.claims, "locale": replace(CLAIM, saw="x")}),
    "wrote-other": lambda row: replace(row, claims={**row.claims, "locale": replace(CLAIM, wrote="x")}),
    "intended": lambda row: replace(row, claims={**row.claims, "locale": replace(CLAIM, intents=(OTHER,))}),
    "renamed-before": lambda row: replace(row, names=Names(present="ann", previous=("anna",))),
    "held": lambda row: replace(row, holds=(Hold(id="x", since=OTHER.at, run=1),)),
}
PEOPLE: dict[str, dict[str, Any]] = {
    "suspended": {"state": "suspended"},
    "of-no-group": {"groups": ()},
    "renamed": {"user_name": "anna"},
    "with-another-field": {"first_name": "Anna"},
    "with-a-role": {"roles": ("Administrator",)},
}
ACCOUNTS: dict[str, Callable[[Live], Live]] = {
    "inactive": lambda one: replace(one, active=False),
    "renamed": lambda one: replace(one, name="anna"),
    "edited": lambda one: replace(one, fields={**one.fields, "first_name": "Anna", "email": "x"}),
    "number-for-no": lambda one: replace(one, fields={**one.fields, "locked": 0}),
    "unreadable": lambda one: replace(
        one, fields={name: one.fields[name] for name in one.fields if name != "roles"}
    ),
    "left-its-group": lambda one: replace(one, groups=()),
}


def with_last(row: LedgerRow, **fields: Any) -> Last:
    """
    Return what the row last saw, with some of it changed.
    """
    return replace(row.last or Last(), **fields)


def fields(row: LedgerRow) -> Fields:
    """
    Return Git's fields as the row last saw them.
    """
    return row.last.fields if row.last else {}


class Measured(Struct, frozen=True):
    """
    What `is_in_step` is asked with about one person.
    """

    placed: Placed
    live: Live
    row: LedgerRow
    ground: Ground


def measured(tmp_path: Path, policy: dict[str, Any] | None = None) -> Measured:
    """
    Return what is asked about Ann, who is in step.
    """
    world = World(MemoryTarget(), tmp_path, policy=policy)
    world.cloud_says("ann")
    world.apply()
    seen: list[Measured] = []

    def noted(placed: Placed, live: Live, row: LedgerRow, ground: Ground) -> bool:
        seen.append(Measured(placed, live, row, ground))
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sift, "is_in_step", noted)
        world.decide()
    return seen[0]


@pytest.mark.parametrize("change", ROWS.values(), ids=ROWS.keys())
def test_whoever_the_ledger_tells_otherwise_of_is_settled(
    tmp_path: Path, change: Callable[[LedgerRow], LedgerRow]
) -> None:
    """
    Anything in the ledger's row but what was seen and written last needs settling.
    """
    ann = measured(tmp_path)

    assert is_in_step(ann.placed, ann.live, ann.row, ann.ground)
    assert not is_in_step(ann.placed, ann.live, change(ann.row), ann.ground)


@pytest.mark.parametrize("change", ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_whoever_is_otherwise_in_the_target_is_settled(tmp_path: Path, change: Callable[[Live], Live]) -> None:
    """
    Anything of the account that is not as desired and as seen needs settling.
    """
    ann = measured(tmp_path)

    assert not is_in_step(ann.placed, change(ann.live), ann.row, ann.ground)


@pytest.mark.parametrize("change", PEOPLE.values(), ids=PEOPLE.keys())
def test_whoever_is_otherwise_at_the_source_is_settled(tmp_path: Path, change: dict[str, Any]) -> None:
    """
    Anything the source says anew of somebody needs settling.
    """
    ann = measured(tmp_path)

    assert not is_in_step(replace(ann.placed, row=replace(ann.placed.row, **change)), ann.live, ann.row, ann.ground)


def test_whoever_may_not_log_in_any_more_is_settled(tmp_path: Path) -> None:
    """
    Somebody whose groups are the same, but give no login now, is to be deactivated.
    """
    ann = measured(tmp_path)
    access = {key: replace(one, login=False) for key, one in ann.ground.org.access.items()}
    given = Given(access, ann.ground.org.policy, ann.ground.org.catalogue)
    without = replace(ann.ground, org=replace(ann.ground.org, given=given))

    assert not is_in_step(ann.placed, ann.live, ann.row, without)


@pytest.mark.parametrize("name", ["ann", "ANN", "id-ann", "Ann@Example.com"])
def test_whoever_is_asked_for_is_not_passed_over(tmp_path: Path, name: str) -> None:
    """
    Somebody whom an override, or a command, calls by any of its names is looked at, in step or not.
    """
    ann = measured(tmp_path)

    assert not is_in_step(ann.placed, ann.live, ann.row, replace(ann.ground, named=frozenset({folded(name)})))


@pytest.mark.parametrize(
    "policy",
    [{"groups": {"membership": "add-only"}}, {"users": {"population": "selected"}}],
    ids=["add-only", "selected"],
)
def test_what_the_policy_makes_special_is_settled(tmp_path: Path, policy: dict[str, Any]) -> None:
    """
    Where groups are not exact, or people are chosen one by one, nobody is passed over.
    """
    world = World(MemoryTarget(), tmp_path)
    world.cloud_says("ann")
    world.apply()
    world.changes_policy(policy)

    assert not world.decide().world.steady.accounts


def test_two_rows_of_one_account_are_settled(tmp_path: Path) -> None:
    """
    Where two rows of the ledger link one account, nobody is in step.
    """
    world = World(MemoryTarget(), tmp_path)
    world.cloud_says("ann")
    world.apply()
    decided = world.decide()
    ann = world.row("ann")
    shard = sift.Shard(world.export().users, {"id-ann": ann, "id-bob": replace(ann, key="id-bob")})

    found = sift.sift(decided.world, lambda: [shard])

    assert not found.steady.accounts
    assert set(found.ledger.users) == {"id-ann", "id-bob"}
    assert [placed.row.key for placed in found.export.users] == ["id-ann"]


def test_protected_names_are_compared_as_the_target_compares(tmp_path: Path) -> None:
    """
    Where the target takes `ANN` and `ann` for one name, the one being protected protects the other.
    """
    ann = measured(tmp_path)
    caseless = Equality(caseless=frozenset({"user_name"}))
    users = replace(ann.ground.rules.policy.users, protected=("ANN",))
    rules = replace(ann.ground.rules, policy=replace(ann.ground.rules.policy, users=users), equality=caseless)
    folding = ground(ann.ground.org, rules, managed={"1": "id-staff"}, named=frozenset())

    assert not is_in_step(ann.placed, ann.live, ann.row, folding)
