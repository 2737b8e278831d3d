"""
What a run leaves in the ledger: intents before, what landed after, what is held, how much was removed.
"""

from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.decide import Decision
from reconciler.core.ledger import Claim, Head, Intent, LedgerRow, RunClaim, RunHeader
from reconciler.core.ownership import Moment
from reconciler.core.record import Outcome, Recorded, intentions, record
from tests.targets.memory import MemoryTarget
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """
    Return a world of Ann and Bob, applied once; Git then wants another locale for Ann.
    """
    world = World(MemoryTarget(), tmp_path)
    world.cloud_says("ann")
    world.cloud_says("bob")
    world.apply()
    world.git_says("ann", set={"locale": "fr_FR"})
    return world


def admin(world: World) -> MemoryTarget:
    """
    Return the target, with its administrator's verbs.
    """
    assert isinstance(world.target, MemoryTarget)
    return world.target


def moment(decision: Decision) -> Moment:
    """
    Return when, and as which run, a decision would be carried out.
    """
    return Moment(now=decision.world.now, run=decision.world.ledger.head.serial + 1)


def recorded(decision: Decision, *outcomes: Outcome) -> Recorded:
    """
    Return what a run with these outcomes records.
    """
    when = moment(decision)
    header = RunHeader(
        run=when.run,
        time=when.now,
        scope="all",
        who="w",
        tool="t",
        inputs=decision.world.inputs,
        plan="",
        approval="",
        previous="",
    )
    return record(decision, outcomes, when, header)


def user(given: Recorded, name: str) -> LedgerRow:
    """
    Return the row that a run records of somebody.
    """
    row = given.delta.users[f"id-{name}"]
    assert row is not None
    return row


def test_intentions_add_and_change_nothing_else(world: World) -> None:
    """
    What is about to be written is noted beside what was noted before; links, claims and the rest stay.
    """
    decision = world.decide()
    row = intentions(decision, decision.plan.changes, moment(decision)).users["id-ann"]
    before = world.row("ann")

    assert row is not None
    claim = row.claims["locale"]

    assert claim.intents == (Intent(value="fr_FR", replaces="en_US", at=world.now, run=2),)
    assert replace(row, claims={**row.claims, "locale": replace(claim, intents=())}) == before


@pytest.mark.parametrize("outcome", ["failed", "left"])
def test_what_did_not_land_keeps_its_intents(world: World, outcome: str) -> None:
    """
    It may still land: claims stay as they are, and what was meant is remembered.
    """
    decision = world.decide()
    change = decision.plan.changes[0]
    row = user(
        recorded(decision, Outcome(change=change, outcome="failed" if outcome == "failed" else "left")), "ann"
    )

    assert [one.value for one in row.claims["locale"].intents] == ["fr_FR"]
    assert replace(row.claims["locale"], intents=()) == world.claim("ann", "locale")


def test_what_landed_unread_keeps_its_intents(world: World) -> None:
    """
    A write whose result nobody has read back is no confirmed one.
    """
    decision = world.decide()
    row = user(recorded(decision, Outcome(change=decision.plan.changes[0], outcome="landed")), "ann")

    assert [one.value for one in row.claims["locale"].intents] == ["fr_FR"]


def test_what_landed_is_claimed_as_it_was_read_back(world: World) -> None:
    """
    W is what was sent and B what the target made of it; the intents have served.
    """
    decision = world.decide()
    live = replace(world.live("ann"), fields={**world.live("ann").fields, "locale": "fr"})
    row = user(recorded(decision, Outcome(change=decision.plan.changes[0], outcome="landed", live=live)), "ann")

    assert (row.claims["locale"].wrote, row.claims["locale"].saw, row.claims["locale"].intents) == (
        "fr_FR",
        "fr",
        (),
    )


def test_every_claim_that_changed_hands_is_told(world: World) -> None:
    """
    The record of a run has a line with the table's row for a field that became the administrator's, and no other.
    """
    admin(world).admin_sets("bob", locale="de_DE")
    lines = [one for one in recorded(world.decide()).lines if isinstance(one, RunClaim)]

    assert [(one.key, one.field, one.was, one.owner, one.value, one.row) for one in lines] == [
        ("id-bob", "locale", "git", "admin", "de_DE", 16)
    ]


def test_a_claim_that_ends_is_told(world: World) -> None:
    """
    When a field is no longer shared, the record says whose it was and what it held.
    """
    world.changes_policy({"users": {"fields": {"profiles": {"authority": "target"}}}})
    lines = [one for one in recorded(world.decide()).lines if isinstance(one, RunClaim)]

    assert [(one.key, one.owner, one.was, one.text) for one in lines] == [
        ("id-ann", None, "git", "no longer shared: its claim ends"),
        ("id-bob", None, "git", "no longer shared: its claim ends"),
    ]


def test_a_hold_moves_with_its_entity(world: World) -> None:
    """
    What is held of somebody without a row stands in the head, and in the row once there is one; its date stays.
    """
    admin(world).admin_creates("eve", roles=("OPAdministrators",))
    world.cloud_says("eve")
    world.apply()
    first = world.ledger.head.holds
    world.git_says("eve", adopt=True)
    world.apply()
    row = world.row("eve")

    assert [(one.run, one.since) for one in first] == [(2, "2026-11-22T11:00:00Z")]
    assert world.ledger.head.holds == ()
    assert {one.run for one in row.holds} == {3}
    world.apply()
    assert {one.run for one in world.row("eve").holds} == {3}
    world.git_says("eve", give=("locale", "profiles", "roles"))
    world.apply()
    assert world.row("eve").holds == ()


def test_conflicts_are_remembered_where_nobody_in_them_has_a_row_to_settle(world: World) -> None:
    """
    A conflict of somebody in step and somebody new is told once, and is standing from then on.
    """
    world.overrides.clear()
    world.cloud_says("eve", user_name="ann")
    world.apply()
    plan = world.plan()

    assert [(one.keys, one.standing) for one in plan.conflicts] == [(("id-ann", "id-eve"), True)]
    assert {hold.id for hold in world.ledger.head.holds} == {one.id for one in plan.conflicts}


def test_removals_are_counted_for_a_day(world: World) -> None:
    """
    The head knows what each guard has counted in the last 24 hours, and forgets it then.
    """
    world.cloud_says("eve")
    world.apply()
    world.cloud_loses("eve")
    world.apply()
    counted = world.ledger.head.removed_24h
    world.time_passes(hours=23)
    world.cloud_says("ann", first_name="Anna")
    world.apply()

    assert [count for _, count in counted["users-deactivated"]] == [1]
    assert "users-deactivated" not in world.ledger.head.removed_24h


def test_the_head_follows_only_an_export_that_was_accepted(world: World) -> None:
    """
    Counts of an export that is not whole are no measure for the next one.
    """
    before: Head = world.ledger.head
    world.cloud_says("eve")
    world.manifest = {"complete": False}
    world.apply()
    after = world.ledger.head

    assert (after.counts, after.serial) == (before.counts, 2)
    assert after.fetched_at >= before.fetched_at


def test_a_stranger_has_no_row(world: World) -> None:
    """
    Accounts that Git does not know are switched off, and the ledger keeps nothing of them.
    """
    admin(world).admin_creates("kim")
    decision = world.decide()
    stranger = [one for one in decision.plan.changes if one.key.startswith("target:")]

    assert [one.name for one in stranger] == ["kim"]
    assert set(intentions(decision, decision.plan.changes, moment(decision)).users) == {"id-ann"}
    assert Claim() not in world.row("ann").claims.values()


def test_a_key_that_changed_moves_its_row_before_the_first_write(world: World) -> None:
    """
    A group that the source made anew under another id keeps its link; at no time do two rows bear it.
    """
    link = world.ledger.groups["id-staff"].link
    row = world.groups.pop("id-staff")
    world.groups["id-crew"] = replace(row, key="id-crew", description="Everybody")
    for name in ("ann", "bob"):
        world.cloud_says(name, groups=("crew",))
    world.apply_and_die()

    assert {key: row.link for key, row in world.ledger.groups.items()} == {"id-crew": link}
    world.apply()
    assert (world.plan().changes, len(world.target.read().groups)) == ((), 1)
    assert world.members("Cloud - staff") == {"ann", "bob"}
