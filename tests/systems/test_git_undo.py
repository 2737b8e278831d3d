"""
Undo, on the embedded database: what a run changed is as it was before, or it is said what is not.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.targets.sql import SqlTarget
from tests.systems.undoing import admitted, differences, state, undone
from tests.targets.sql_admin import SqlAdmin
from tests.world import World, summary

PEOPLE = ("ann", "bob", "eve", "kim")
GROUPS = ("risk", "desk", "club")
PLAIN = 3
"""Random runs that are undone whenever tests run; CI undoes fifty."""


class Scene:
    """
    A world on the embedded database with four people in three groups, settled, and its administrator.
    """

    def __init__(self, folder: Path) -> None:
        self.world = World(SqlTarget.open(f"sqlite:///{folder}/registry.db"), folder)
        self.admin = SqlAdmin(folder / "registry.db")
        for name in GROUPS:
            self.world.cloud_has_group(name, roles=("Viewer",), description=name.title())
        for name in PEOPLE:
            self.world.cloud_says(name, groups=("staff", "risk"), first_name=name.title(), last_name="Lee")
        self.world.cloud_says("kim", roles=("Administrator",))
        self.world.approve()

    def run(self) -> int:
        """
        Apply with everything approved, and return the number of the run.
        """
        return self.world.approve().run


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """
    Return a scene of the test's own.
    """
    return Scene(tmp_path)


def admin_s_locale(scene: Scene) -> None:
    """
    Let an administrator own Ann's locale, and Git take it back.
    """
    scene.admin.admin_sets("ann", locale="de_AT")
    scene.run()
    scene.world.git_says("ann", take=("locale",), reviewed={"locale": "de_AT"})


def test_g08_admin_s_value_comes_back_and_is_the_admin_s(scene: Scene) -> None:
    """
    A value that a reviewed take overwrote is restored once the take is removed, and belongs to the administrators.
    """
    admin_s_locale(scene)
    run = scene.run()
    scene.world.overrides.clear()
    lost = undone(scene.world, run)
    scene.run()

    assert lost == ()
    assert (scene.world.value("ann", "locale"), scene.world.owner("ann", "locale")) == ("de_AT", "admin")
    assert summary(scene.world.plan()) == []


def test_g08_override_that_says_otherwise_is_named(scene: Scene) -> None:
    """
    Undo contradicts nobody: while the take stands, its place is told, and nothing is written for the field.
    """
    admin_s_locale(scene)
    run = scene.run()
    (lost,) = undone(scene.world, run)

    assert (lost.wish.field, lost.reason) == (
        "locale",
        "override overrides/all.yaml:1 says otherwise: it acts once, so delete that entry, commit, and undo again",
    )
    assert len(scene.world.overrides) == 1


Act = Callable[[Scene, random.Random], Any]


def who(rng: random.Random) -> str:
    """
    Return somebody.
    """
    return rng.choice(PEOPLE)


def cloud_says(scene: Scene, rng: random.Random, **fields: Any) -> None:
    """
    Let the cloud say something else of somebody it has.
    """
    name = who(rng)
    if f"id-{name}" in scene.world.people:
        scene.world.cloud_says(name, **fields)


def account(scene: Scene, rng: random.Random) -> str:
    """
    Return the name of an account of ours.
    """
    names = [one.name for one in scene.world.target.read().users if one.name in PEOPLE]
    return rng.choice(names)


def hands_over(scene: Scene, rng: random.Random) -> None:
    """
    Let an administrator own somebody's locale since a run, and an override take it back.
    """
    name = account(scene, rng)
    scene.admin.admin_sets(name, locale="de_CH")
    scene.run()
    if scene.world.owner(name, "locale") == "admin":
        scene.world.git_says(name, take=("locale",), reviewed={"locale": "de_CH"})


def leaves(scene: Scene, rng: random.Random) -> None:
    """
    Let the cloud lose somebody.
    """
    name = who(rng)
    if f"id-{name}" in scene.world.people and not scene.world.overrides:
        scene.world.cloud_loses(name)


ACTS: dict[str, Act] = {
    "renamed": lambda scene, rng: cloud_says(scene, rng, first_name=rng.choice(("Anne", "Bo"))),
    "married": lambda scene, rng: cloud_says(scene, rng, last_name="Roe", email=f"{rng.random()}@example.com"),
    "speaks": lambda scene, rng: cloud_says(scene, rng, locale=rng.choice(("fr_FR", "it_IT"))),
    "moved": lambda scene, rng: cloud_says(
        scene, rng, groups=rng.choice((("staff",), ("staff", "desk"), ("club",)))
    ),
    "granted": lambda scene, rng: cloud_says(
        scene, rng, roles=rng.choice((("Editor",), ("User", "Administrator")))
    ),
    "suspended": lambda scene, rng: cloud_says(scene, rng, state="suspended"),
    "left": leaves,
    "hired": lambda scene, rng: scene.world.cloud_says(rng.choice(("lee", "zoe"))),
    "group told otherwise": lambda scene, rng: scene.world.cloud_has_group(rng.choice(GROUPS), description="Other"),
    "group renamed": lambda scene, _: scene.world.cloud_renames_group("risk", "risks"),
    "group grants more": lambda scene, _: scene.world.cloud_has_group("risk", roles=("Viewer", "Editor")),
    "admin: name": lambda scene, rng: scene.admin.admin_sets(account(scene, rng), first_name="Edited"),
    "admin: locale": lambda scene, rng: scene.admin.admin_sets(account(scene, rng), locale="pt_PT"),
    "admin: joins": lambda scene, rng: scene.admin.admin_joins(account(scene, rng), "Cloud - risk"),
    "admin: leaves": lambda scene, rng: scene.admin.admin_leaves(account(scene, rng), "Cloud - staff"),
    "admin: disables": lambda scene, rng: scene.admin.admin_sets(account(scene, rng), active=False),
    "taken back": hands_over,
    "set by Git": lambda scene, rng: scene.world.git_says(account(scene, rng), set={"last_name": "Set"}),
    "blocked": lambda scene, rng: scene.world.git_says(account(scene, rng), block=True),
}


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.ci][: seed >= PLAIN]) for seed in range(50)]
)
def test_g08_random_run_is_undone_exactly_or_it_is_said_what_is_not(scene: Scene, seed: int) -> None:
    """
    After the overrides of an undo are applied, the target is as it was before the run but for what was admitted.
    """
    rng = random.Random(seed)
    for name in rng.sample(sorted(ACTS), rng.randint(2, 5)):
        ACTS[name](scene, rng)
    before = state(scene.world)
    run = scene.run()
    lost = undone(scene.world, run) if run else ()
    scene.run()

    assert differences(before, state(scene.world)) <= admitted(scene.world, lost)
