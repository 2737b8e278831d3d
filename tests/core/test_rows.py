"""
A ledger row as an entity is settled, before a write, and after one landed.
"""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.changes import switched_off_by_us
from reconciler.core.ledger import Claim, CreateIntent, Intent, Last, LedgerRow, Names
from reconciler.core.model import Change, Equality, Value
from reconciler.core.ownership import Moment
from reconciler.core.rows import row_intended
from tests.targets.memory import MemoryTarget
from tests.world import World

NOW = Moment(now="2026-11-22T10:00:00Z", run=7)
CHANGE = Change(id="c", action="update", kind="user", key="k", name="ann")


def intent(value: Value) -> Intent:
    """
    Return an intent of this run.
    """
    return Intent(value=value, at=NOW.now, run=NOW.run)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world of Ann, applied once.
    """
    world = World(MemoryTarget(), tmp_path)
    world.cloud_says("ann", first_name="Ann")
    world.apply()
    return world


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(None, False, id="a stranger"),
        pytest.param(LedgerRow(key="k"), False, id="never recorded"),
        pytest.param(LedgerRow(key="k", last=Last()), False, id="in use"),
        pytest.param(LedgerRow(key="k", last=Last(state="inactive")), True, id="switched off"),
        pytest.param(
            LedgerRow(key="k", claims={"active": Claim(intents=(intent(value=False),))}), True, id="meant to"
        ),
        pytest.param(
            LedgerRow(key="k", claims={"active": Claim(intents=(intent(value=True),))}), False, id="meant not to"
        ),
    ],
)
def test_who_switched_an_account_off(row: LedgerRow | None, *, expected: bool) -> None:
    """
    We did if the ledger says so, or that we were about to.
    """
    assert switched_off_by_us(row) is expected


@pytest.mark.parametrize(
    ("change", "claims", "intent"),
    [
        pytest.param({"after": {"email": "e"}}, {}, None, id="a field of Git's leaves no intent"),
        pytest.param({"after": {"locale": "L"}}, {"locale": "L"}, None, id="a shared one does"),
        pytest.param(
            {"action": "deactivate", "after": {"active": False}}, {"active": False}, None, id="so does the state"
        ),
        pytest.param(
            {"action": "create", "after": {"locale": "L", "active": True}},
            {"locale": "L", "active": True},
            CreateIntent(name="ann", external_id="k", at=NOW.now, run=7),
            id="and a create",
        ),
        pytest.param({"after": {"groups": ("g",)}}, {}, None, id="memberships do not"),
    ],
)
def test_what_is_noted_before_a_write(
    change: dict[str, Any], claims: dict[str, Value], intent: CreateIntent | None
) -> None:
    """
    Intents of shared fields, of the state, and of creates by name and external id.
    """
    row = row_intended(None, replace(CHANGE, **change), frozenset({"locale"}), NOW)

    assert ({name: [one.value for one in claim.intents] for name, claim in row.claims.items()}, row.intent) == (
        {name: [value] for name, value in claims.items()},
        intent,
    )


def test_names_are_remembered(world: World) -> None:
    """
    A row knows the present name and all that were; one that comes back is no longer a previous one.
    """
    for name in ("anna", "annie", "anna"):
        world.cloud_says("ann", user_name=name)
        world.apply()

    assert world.row("ann").names == Names(present="anna", previous=("ann", "annie"))


def test_what_the_target_makes_of_a_value_is_remembered(tmp_path: Path) -> None:
    """
    Where a target folds without saying so, what was sent and what was kept are both known, and nothing is resent.
    """

    class Folding(MemoryTarget):
        """
        Keeps first names in capitals.
        """

        def _kept(self, kind: Any, fields: Any) -> Any:
            kept = super()._kept(kind, fields)
            return {**kept, "first_name": str(kept["first_name"]).upper()} if kept.get("first_name") else kept

    world = World(Folding(), tmp_path)
    world.cloud_says("ann", first_name="Ann")
    world.apply()
    last = world.row("ann").last

    assert last is not None
    assert (last.fields["first_name"], last.wrote, world.plan().changes) == ("ANN", {"first_name": "Ann"}, ())
    world.cloud_says("ann", first_name="Anna")
    assert [one.after for one in world.plan().changes] == [{"first_name": "Anna"}]


def test_intents_of_an_account_that_was_not_made_yet_stay(world: World) -> None:
    """
    A create that was refused is remembered, however old, until it lands.
    """
    target = world.target

    assert isinstance(target, MemoryTarget)
    target.refuses["eve"] = "no licence"
    world.cloud_says("eve")
    world.apply()
    world.time_passes(days=1)
    world.cloud_says("eve", first_name="Eve")
    world.apply(approved=frozenset())
    assert world.row("eve").intent is not None
    del target.refuses["eve"]
    world.apply()

    assert (world.row("eve").intent, world.row("eve").link) == (None, world.live("eve").id)
    assert {claim.intents for claim in world.row("eve").claims.values()} == {()}


def test_an_intent_of_somebody_who_will_not_be_made_is_forgotten(world: World) -> None:
    """
    Who leaves before the account could be made leaves no intent for ever.
    """
    target = world.target

    assert isinstance(target, MemoryTarget)
    target.refuses["eve"] = "no licence"
    world.cloud_says("eve")
    world.apply()
    world.cloud_says("eve", state="left")
    world.apply()

    assert world.row("eve").intent is None


def test_a_target_that_ignores_case_is_not_told_the_same_twice(tmp_path: Path) -> None:
    """
    A set is sent in Git's spelling, and what differs by case alone is neither gained nor lost.
    """
    world = World(MemoryTarget(Equality(caseless=frozenset({"roles"}))), tmp_path)
    world.cloud_says("ann", roles=("Editor",))
    world.apply()
    world.cloud_says("ann", roles=("Auditor", "EDITOR"))

    assert [(one.after, one.risk) for one in world.plan().changes] == [
        ({"roles": ("Auditor", "EDITOR", "User")}, ())
    ]
    world.apply()
    assert (world.value("ann", "roles"), world.plan().changes) == (("auditor", "editor", "user"), ())


def test_a_field_that_is_the_targets_is_never_sent(tmp_path: Path) -> None:
    """
    Authority `target`: neither an update nor a create carries it.
    """
    fields = {"display_name": "target", "description": "initial"}
    world = World(MemoryTarget(), tmp_path, policy={"users": {"fields": fields}})
    world.cloud_says("ann", display_name="Ann A", description="Hired")
    world.apply()

    assert (world.value("ann", "display_name"), world.value("ann", "description")) == (None, "Hired")
    world.cloud_says("ann", display_name="Ann B", description="Promoted")

    assert world.plan().changes == ()


def test_a_membership_that_a_killed_run_gave_is_known_for_ours(world: World) -> None:
    """
    The run that finishes its work, and only takes another one away, records the one that stays.
    """
    world.cloud_has_group("audit", roles=("User",))
    world.cloud_says("bob", groups=("audit", "staff"))
    world.apply()

    assert isinstance(world.target, MemoryTarget)
    world.target.admin_joins("ann", "Cloud - audit")  # as a run did that was killed before it recorded anything
    world.cloud_says("ann", groups=("audit",))
    world.apply()
    last = world.row("ann").last

    assert last is not None
    assert last.groups == ("id-audit",)
    assert world.apply().run == 0
