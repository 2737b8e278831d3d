"""
What people decide of a whole account: block, exclude, adopt; until when; and what becomes of it afterwards.
"""

from pathlib import Path

import pytest

from reconciler.render.json_text import render_json
from reconciler.render.markdown import render_markdown
from reconciler.render.text import render_text
from tests.targets.memory import MemoryTarget
from tests.world import World

STAFF = "Cloud - staff"


@pytest.fixture
def target() -> MemoryTarget:
    """
    Return a target with one protected account.
    """
    made = MemoryTarget()
    made.admin_creates("root")
    return made


@pytest.fixture
def world(target: MemoryTarget, tmp_path: Path) -> World:
    """
    Return a world of Ann, and the administrators Bob and Bea, applied once.
    """
    world = World(target, tmp_path, policy={"users": {"foreign": "keep"}})
    world.cloud_says("ann", first_name="Ann")
    for boss in ("bob", "bea"):
        world.cloud_says(boss, roles=("Administrator",))
    world.apply()
    return world


def test_blocked_administrator_is_switched_off_and_stays_off(world: World) -> None:
    """
    Whatever the cloud says: the account is unusable, keeps its values, and the next plan is empty.
    """
    world.git_says("bob", block=True)
    world.apply()
    world.cloud_says("bob", first_name="Robert")

    assert world.live("bob").active is False
    assert world.plan().changes == ()


def test_block_of_the_last_administrator_is_held(world: World) -> None:
    """
    Nobody locks everybody out by an override: the block waits for another administrator.
    """
    world.git_says("bob", block=True)
    world.git_says("bea", block=True)
    world.changes_policy({"guards": {"minimum_administrators": 1}})
    plan = world.plan()

    assert {(one.name, one.guard) for one in plan.held} == {
        ("bob", "administrators-minimum"),
        ("bea", "administrators-minimum"),
    }


def test_end_of_a_block_gives_the_account_back(world: World) -> None:
    """
    What we switched off we switch on again, without an approval, the day after the block's last day.
    """
    world.git_says("ann", block=True, until="2026-11-23")
    world.apply()
    world.clock = world.clock.replace(day=23, hour=23, minute=59)
    during = world.plan().changes
    world.time_passes(minutes=1)
    world.fetched_at = None
    world.apply()

    assert during == ()
    assert world.live("ann").active


def test_excluded_person_is_not_touched_and_may_come_back(world: World, target: MemoryTarget) -> None:
    """
    Neither edits nor memberships are looked at; once the override is gone, Git's fields are Git's again.
    """
    world.git_says("ann", exclude=True)
    target.admin_sets("ann", first_name="Anne", locale="de_DE")
    target.admin_leaves("ann", STAFF)
    world.apply()
    hands_off = world.plan().changes
    world.overrides.clear()
    world.apply()

    assert hands_off == ()
    assert (world.value("ann", "first_name"), world.members(STAFF)) == ("Ann", {"ann", "bob", "bea"})
    assert (world.value("ann", "locale"), world.owner("ann", "locale")) == ("de_DE", "admin")
    assert world.plan().changes == ()


def test_excluded_person_who_leaves_keeps_the_account(world: World) -> None:
    """
    Hands off means off: not even a leaver is switched off while the override stands.
    """
    world.git_says("ann", exclude=True)
    world.cloud_says("ann", state="left")
    world.apply()

    assert world.live("ann").active


def test_protected_account_cannot_be_adopted(world: World) -> None:
    """
    An override does not make a protected account anybody's: it stays, and the plan says in whose way it is.
    """
    world.cloud_says("zoe", user_name="root", email="root@example.com")
    world.git_says("id-zoe", adopt=True)
    plan = world.plan()
    world.apply()

    assert (plan.changes, len(plan.conflicts)) == ((), 1)
    assert "'root'" in plan.conflicts[0].message
    assert world.live("root").changed_by == "admin"


def test_account_of_somebody_else_cannot_be_adopted(world: World) -> None:
    """
    What the ledger links to one person is not another's, whatever an override says; both are named.
    """
    world.cloud_says("zoe", user_name="ann")
    world.cloud_says("ann", state="left")
    world.git_says("id-zoe", adopt=True)
    (conflict,) = world.plan().conflicts

    assert "id-zoe" in conflict.message
    assert "belongs to id-ann" in conflict.message


def test_what_ends_soon_is_in_every_form_of_the_plan(world: World) -> None:
    """
    Overrides and waivers that end within 30 days, sorted by their last day, in text, Markdown and JSON.
    """
    world.git_says("ann", set={"locale": "fr_FR"}, until="2026-12-22")
    world.git_says("bob", set={"locale": "fr_FR"}, until="2026-12-23")
    world.git_waives("users-deactivated", 4, until="2026-11-25")
    plan = world.plan()
    wanted = ["until 2026-11-25: waiver of users-deactivated ends", "until 2026-12-22: override of ann ends"]
    forms = [render_text(plan), render_markdown(plan)]

    assert [one.until for one in plan.expiring] == ["2026-11-25", "2026-12-22"]
    assert all(form.index(wanted[0]) < form.index(wanted[1]) for form in forms)
    assert '"until": "2026-11-25"' in render_json(plan)
