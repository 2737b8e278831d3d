"""
A plan is the same bytes in whatever way it comes about: from what was remembered, or from few, or from everything.

Random lives are laid down as files of many shards in Git and as a registry, and looked at with the real command.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest

from reconciler.files import shards
from tests.worlds.filed import Told, lay_down, told
from tests.worlds.life import GROUPS, PEOPLE, Life, Start

Event: TypeAlias = Callable[[Life, Random, str], object]
PLAN = ("plan", "--format", "json")
LOGIN = (*PLAN, "--scope", "login:bob")
ROLES = ((), ("User",), ("Administrator", "Viewer"))

EVENTS: tuple[Event, ...] = (
    # what the source says
    lambda life, chance, name: life.hires(name, chance.choice((GROUPS, GROUPS[:1])), chance.choice(ROLES)),
    lambda life, chance, name: life.says(name, first_name=chance.choice(("Ann", "Zoe"))),
    lambda life, chance, name: life.says(name, state=chance.choice(("active", "left", "suspended"))),
    lambda life, chance, name: life.says(name, user_name=chance.choice((*PEOPLE, "anna"))),
    lambda life, _chance, name: life.fires(name),
    lambda life, _chance, name: life.recycles(name),
    lambda life, chance, _name: life.grants(chance.choice(GROUPS), chance.choice(ROLES)),
    lambda life, chance, _name: life.renames_group(chance.choice(GROUPS), chance.choice(("floor", "risk"))),
    lambda life, _chance, _name: life.drops_group("risk"),
    lambda life, _chance, _name: life.exports(complete=False),
    # what people decide
    lambda life, chance, name: life.decides(name, roles_add=("Editor",), until=chance.choice((None, "2026-11-23"))),
    lambda life, chance, name: life.decides(name, groups_add=(f"id-{chance.choice(GROUPS)}",)),
    lambda life, _chance, name: life.decides(name, block=True),
    lambda life, _chance, name: life.decides(name, give=("locale",)),
    lambda life, _chance, name: life.decides(name, copy_access_from="id-kim"),
    lambda life, _chance, _name: life.changes_policy({"groups": {"membership": "add-only"}}),
    lambda life, _chance, _name: life.changes_policy({"users": {"fields": {"first_name": "shared"}}}),
    # what an administrator does
    lambda life, _chance, name: life.speaks_otherwise(name),
    lambda life, _chance, name: life.speaks_otherwise(name),
    lambda life, chance, name: life.edits_user(name, roles=chance.choice(ROLES)),
    lambda life, _chance, name: life.switches(name, on=False),
    lambda life, chance, name: life.joins(name, chance.choice(GROUPS)),
    lambda life, _chance, name: life.renames_account(name, "anna"),
    lambda life, _chance, name: life.removes_account(name),
    lambda life, _chance, _name: life.makes_account("max", ("User",)),
    lambda life, chance, _name: life.edits_group(chance.choice(GROUPS), description="x"),
    # time, and runs
    lambda life, chance, _name: life.world.time_passes(hours=chance.choice((1, 30, 700))),
    lambda life, _chance, _name: life.approves(),
    lambda life, _chance, _name: life.applies(),
)


def disagreeing(seed: int, folder: Path) -> list[object]:
    """
    Return the plans of a life where they are not the same, and those of a login.

    Everybody is known and planned for once; then something happens. What a plan is made from: what the earlier one
    remembered, what the last one did, nothing; for the login few, and everything.
    """
    chance = Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_CAPACITY", (0, 16_000, 260_000))
        life = Life(
            folder / "world", Start(openpages=bool(seed % 2), strangers=(("max", ("User",)),), settled=True)
        )
        plans_of(life, folder, patch, [("plan",), ("plan", "--scope", "login:bob")])
        for _ in range(chance.randint(1, 3)):
            chance.choice(EVENTS)(life, chance, chance.choice(PEOPLE))
        plans = plans_of(life, folder, patch, [PLAN, PLAN, (*PLAN, "--no-cache")])
        logins = plans_of(life, folder, patch, [LOGIN, (*LOGIN, "--no-cache")])
    return [one for one in (plans, logins) if len(one) > 1]


def plans_of(life: Life, folder: Path, patch: pytest.MonkeyPatch, commands: Sequence[tuple[str, ...]]) -> set[Told]:
    """
    Return what different things the commands say, run one after the other where the life stands.
    """
    lay_down(life.world, folder)
    patch.setenv("RECONCILER_NOW", life.world.now)
    return {told(folder, *command) for command in commands}


@pytest.mark.parametrize("seed", range(9))
def test_plans_are_the_same_bytes_in_every_way(seed: int, tmp_path: Path) -> None:
    """
    Wherever a life stands, a plan that remembers, or reads few, prints what one prints that does neither.
    """
    assert disagreeing(seed, tmp_path) == []


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(10))
def test_plans_are_the_same_bytes_in_every_way_in_a_thousand_worlds(part: int, tmp_path: Path) -> None:
    """
    The same, in a hundred lives each.
    """
    lives = range(100 * part, 100 * part + 100)

    assert [one for seed in lives for one in disagreeing(seed, tmp_path / str(seed))] == []
