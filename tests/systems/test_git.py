"""
What Git adds to all of them, row by row, on every preset: fields change hands, decisions end, bad exports are bad.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import HeldError
from reconciler.files.policies import presets
from tests.systems.told import applied, world_of
from tests.targets.sql_admin import SqlAdmin
from tests.world import World

Act = Callable[[World], object]
EVERYBODY: dict[str, Any] = {
    "users": {"population": "all", "lifecycle": {"new": "create"}, "fields": {"locale": "shared"}},
    "groups": {"population": "all"},
    "default_scope": "all",
}
"""An own policy over a preset: everybody is looked after, and the locale has an owner."""


@pytest.fixture(params=presets())
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """
    Return a world under each preset, with ten people and ten groups; nothing has been applied.
    """
    world = world_of(request.param, tmp_path, change=EVERYBODY)
    for number in range(10):
        world.cloud_has_group(f"group{number}", roles=("Viewer",))
    for name in ("ann", *(f"p{number}" for number in range(9))):
        world.cloud_says(name, locale="en_US", groups=[f"group{number}" for number in range(10)])
    del world.groups["id-staff"]
    return world


@pytest.fixture
def admin(world: World, tmp_path: Path) -> SqlAdmin:
    """
    Return the target's administrator, with a connection of its own.
    """
    del world
    return SqlAdmin(tmp_path / "registry.db")


def test_g05_field_is_taken_back_from_the_admin_by_a_reviewed_override(world: World, admin: SqlAdmin) -> None:
    """
    What an administrator owns is Git's again once an override with a reason says so, and the plan tells the reason.
    """
    applied(world)
    admin.admin_sets("ann", locale="de_DE")
    applied(world)
    owned = world.owner("ann", "locale")
    world.git_says("ann", take=("locale",), reviewed={"locale": "de_DE"}, reason="HR-7")
    plan = applied(world)

    assert ["HR-7" in one.because["locale"] for one in plan.changes] == [True]
    assert (owned, world.owner("ann", "locale"), world.value("ann", "locale")) == ("admin", "git", "en_US")


def test_g05_override_that_was_written_for_another_value_is_held(world: World, admin: SqlAdmin) -> None:
    """
    A value that nobody has reviewed is not taken.
    """
    applied(world)
    admin.admin_sets("ann", locale="de_DE")
    applied(world)
    world.git_says("ann", take=("locale",), reviewed={"locale": "fr_FR"}, reason="HR-7")
    plan = world.plan()

    assert (plan.changes, [one.field for one in plan.held]) == ((), ["locale"])


def test_g05_field_is_handed_over_and_stays_so(world: World) -> None:
    """
    A field that is given is the administrators', also once the override has ended: then Git's value is withheld.
    """
    applied(world)
    world.git_says("ann", give=("locale",), reason="HR-8", until="2026-11-30")
    given = applied(world)
    world.time_passes(days=9)
    world.cloud_says("ann", locale="fr_FR")
    later = applied(world)

    assert ([one.owner for one in given.claims], [one.until for one in given.expiring]) == (
        ["admin"],
        ["2026-11-30"],
    )
    assert [one.withheld for one in later.claims] == ["fr_FR"]
    assert (world.owner("ann", "locale"), world.value("ann", "locale")) == ("admin", "en_US")


@pytest.mark.parametrize(("until", "told"), [("2026-12-22", 1), ("2026-12-23", 0)], ids=["30 days", "31 days"])
def test_g06_what_expires_within_30_days_is_told(world: World, until: str, told: int) -> None:
    """
    The plan names each override, grant and waiver whose last day is no more than 30 days away.
    """
    world.git_says("ann", set={"locale": "it_IT"}, until=until)
    world.git_says("p1", roles_add=("Viewer",), until=until)
    world.git_waives("users-deactivated", 3, until=until)

    assert len(world.plan().expiring) == 3 * told


def test_g06_override_holds_on_its_last_day_and_no_longer(world: World) -> None:
    """
    From the day after its last one the source's value stands again.
    """
    world.git_says("ann", set={"locale": "it_IT"}, until="2026-11-22")
    applied(world)
    during = world.value("ann", "locale")
    world.time_passes(days=1)
    world.cloud_says("ann")
    applied(world)

    assert (during, world.value("ann", "locale")) == ("it_IT", "en_US")


def shrink(world: World) -> None:
    """
    Let the cloud have less than half of its people and groups.
    """
    world.people = {key: row for key, row in world.people.items() if key == "id-ann"}
    world.groups = {"id-group0": world.groups["id-group0"]}
    world.cloud_says("ann", groups=("group0",))


def lose(world: World) -> None:
    """
    Let the cloud no longer have one person and one group.
    """
    world.cloud_loses_group("group1")
    world.cloud_loses("p0")


def outdate(world: World) -> None:
    """
    Let the export that lacks them be three days old when it is looked at.
    """
    lose(world)
    world.export()
    world.time_passes(days=3)


def cut(world: World) -> None:
    """
    Let the export that lacks them be incomplete.
    """
    lose(world)
    world.manifest = {"complete": False}


def empty(world: World) -> None:
    """
    Let the export be empty.
    """
    world.people, world.groups, world.fetched_at = {}, {}, None


@pytest.mark.parametrize("spoil", [cut, empty, shrink, outdate])
def test_g07_nothing_is_removed_on_a_bad_export(world: World, spoil: Act) -> None:
    """
    An export that is incomplete, empty, shrunken or stale takes nothing away, whatever absence means to the policy.
    """
    applied(world)
    spoil(world)

    assert [one.action for one in world.plan().changes if "removal" in one.risk] == []


def test_g07_older_export_is_refused(world: World) -> None:
    """
    What was fetched before the export that was applied last is no input at all.
    """
    world.cloud_says("ann")
    applied(world)
    world.fetched_at = "2026-11-21T10:00:00Z"

    with pytest.raises(HeldError, match="applied already"):
        world.plan()


def test_g07_good_export_does_remove(world: World) -> None:
    """
    The same loss, in an export that proves it, is acted on by each preset to which absence means anything.
    """
    applied(world)
    lose(world)
    removed = any("removal" in one.risk for one in world.plan().changes)

    assert removed is (world.policy.groups.lifecycle.missing != "keep")
