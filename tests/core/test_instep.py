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
from msgspec.structs import replace

from reconciler.core import decide
from reconciler.core.decide import Decision
from reconciler.core.instep import in_step
from reconciler.core.ledger import Absent, Claim, CreateIntent, Intent, Last, LedgerRow, Names
from reconciler.core.model import Equality, Fields, Live
from tests.core.test_laws import LIVES, POLICIES, TARGETS, Life, Step, able
from tests.targets.memory import MemoryTarget
from tests.world import World


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
            patch.setattr(decide, "in_step", lambda *_, **__: {})
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
    seen: list[dict[str, str]] = []

    def noted(*one: Any, **more: Any) -> dict[str, str]:
        seen.append(in_step(*one, **more))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "in_step", noted)
        world.decide()

    assert seen == [{"id-ann": "ann", "id-bob": "bob", "id-cyd": "cyd"}]


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
    "unlinked": lambda row: replace(row, link=None),
    "linked-elsewhere": lambda row: replace(row, link="no-such-id"),
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


def measured(tmp_path: Path, policy: dict[str, Any] | None = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """
    Return what `in_step` is asked with about Ann, who is in step.
    """
    world = World(MemoryTarget(), tmp_path, policy=policy)
    world.cloud_says("ann")
    world.apply()
    seen: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def noted(*one: Any, **more: Any) -> dict[str, str]:
        seen.append((one, more))
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "in_step", noted)
        world.decide()
    return seen[0]


@pytest.mark.parametrize("change", ROWS.values(), ids=ROWS.keys())
def test_whoever_the_ledger_tells_otherwise_of_is_settled(
    tmp_path: Path, change: Callable[[LedgerRow], LedgerRow]
) -> None:
    """
    Anything in the ledger's row but what was seen and written last needs settling.
    """
    (org, rules, live, rows), more = measured(tmp_path)

    assert in_step(org, rules, live, rows, **more) == {"id-ann": "ann"}
    assert in_step(org, rules, live, {"id-ann": change(rows["id-ann"])}, **more) == {}


@pytest.mark.parametrize("change", ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_whoever_is_otherwise_in_the_target_is_settled(tmp_path: Path, change: Callable[[Live], Live]) -> None:
    """
    Anything of the account that is not as desired and as seen needs settling.
    """
    (org, rules, live, rows), more = measured(tmp_path)

    assert in_step(org, rules, tuple(map(change, live)), rows, **more) == {}


@pytest.mark.parametrize(
    "policy",
    [{"users": {"protected": ["ann"]}}, {"groups": {"membership": "add-only"}}],
    ids=["protected", "add-only"],
)
def test_what_the_policy_makes_special_is_settled(tmp_path: Path, policy: dict[str, Any]) -> None:
    """
    Protected accounts, and members of groups that are not exact, are for settling to judge.
    """
    (_, rules, _, _), _ = measured(tmp_path, policy)
    (org, _, live, rows), more = measured(tmp_path / "other")

    assert in_step(org, replace(rules, reachable=frozenset(rules.reachable)), live, rows, **more) == {}


def test_two_rows_of_one_account_are_settled(tmp_path: Path) -> None:
    """
    Where two rows of the ledger link one account, nobody is in step.
    """
    (org, rules, live, rows), more = measured(tmp_path)

    assert in_step(org, rules, live, {**rows, "id-bob": replace(rows["id-ann"], key="id-bob")}, **more) == {}


def test_protected_names_are_compared_as_the_target_compares(tmp_path: Path) -> None:
    """
    Where the target takes `ANN` and `ann` for one name, the one being protected protects the other.
    """
    (org, rules, live, rows), more = measured(tmp_path)
    users = replace(rules.policy.users, protected=("ANN",))
    folding = replace(
        rules,
        policy=replace(rules.policy, users=users),
        equality=Equality(caseless=frozenset({"user_name"})),
    )

    assert in_step(org, folding, live, rows, **more) == {}
