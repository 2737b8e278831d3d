"""
A login that reads only who is near decides what one that reads all decides, and reads no more of more people.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from reconciler.core import near as module
from reconciler.core.canonical import encode
from reconciler.core.decide import Decision, decide
from reconciler.core.near import is_near, narrowed, nearby
from reconciler.core.scope import ALL, START, Scope, login, search, sync_groups, sync_users
from reconciler.core.world import World
from reconciler.errors import ReconcilerError
from tests import world as stories
from tests.targets.memory import MemoryTarget
from tests.worlds.life import GROUPS, PEOPLE, Life, Start
from tests.worlds.machine import RandomWorld
from tests.worlds.sight import Sight
from tests.worlds.whole import whole_world

MADE = Counter[str]()


class Events(RandomWorld):
    """
    One random life; wherever it stands something happens to somebody, by name or by key, and nothing comes of it.
    """

    scope: Callable[[list[str]], Scope] = staticmethod(login)
    names = PEOPLE

    @invariant()
    def keeps_its_promises(self) -> None:
        """
        Check the law for one person after the other.
        """
        self.looked += 1
        name = self.names[self.looked % len(self.names)]
        check(whole_world(self.life.world, self.scope([name if self.looked % 2 else f"id-{name}"])))


def check(world: World) -> None:
    """
    Assert that a decision on who is near is the one on everybody, unless it says that it needs everybody.
    """
    near = nearby(world.scope, world.overrides, world.policy, Sight(world).look)
    assert near is not None
    few = outcome(narrowed(world, near))
    at_large = isinstance(few, Decision) and few.at_large
    MADE.update(("at large" if at_large else "few" if isinstance(few, Decision) else "refused",))

    assert at_large or said(few) == said(outcome(world))


def outcome(world: World) -> Decision | str:
    """
    Return the decision, or why there is none.
    """
    try:
        return decide(world)
    except ReconcilerError as error:
        return f"{error.message} {error.hint}"


def said(told: Decision | str) -> object:
    """
    Return what a decision says to people, and what it would record of whom it looked at.
    """
    if isinstance(told, str):
        return told
    places = told.looked_at or frozenset()
    rows = {place: row for place, row in told.rows.items() if place in places}
    return encode(told.plan), rows, told.tags, told.accepted, places


def lives(number: int, **about: object) -> None:
    """
    Live so many random lives, the same ones each time.
    """
    MADE.clear()
    chosen = settings(
        max_examples=number,
        stateful_step_count=12,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(type("SomeEvents", (Events,), about), settings=chosen)


EVENTS = [
    pytest.param(login, PEOPLE, id="login"),
    pytest.param(search, PEOPLE, id="search"),
    pytest.param(sync_users, PEOPLE, id="sync-users"),
    pytest.param(sync_groups, GROUPS, id="sync-groups"),
]


@pytest.mark.parametrize(("scope", "names"), EVENTS)
def test_event_decides_of_few_what_it_decides_of_all(
    scope: Callable[[list[str]], Scope], names: tuple[str, ...]
) -> None:
    """
    After any life, plan and ledger rows of a run that reads few are those of one that reads everything.
    """
    lives(15, scope=staticmethod(scope), names=names)

    assert MADE["few"] > MADE["at large"]


@pytest.mark.ci
@pytest.mark.parametrize(("scope", "names"), EVENTS)
def test_event_decides_of_few_what_it_decides_of_all_in_many_lives(
    scope: Callable[[list[str]], Scope], names: tuple[str, ...]
) -> None:
    """
    The same, in more lives.
    """
    lives(150, scope=staticmethod(scope), names=names)

    assert MADE["few"] > MADE["at large"]


def test_group_made_again_is_known_where_the_target_folds_names(tmp_path: Path) -> None:
    """
    Who names the old key of a group is told of the one that bears its name now, however the target spells it.
    """
    policy = {"users": {"population": "all"}, "groups": {"lifecycle": {"returned": "restore"}}}
    life = Life(tmp_path, Start(on="folds and says so", policy=policy, settled=True))
    for one in life.target.read().users:
        life.target.admin_leaves(one.name, "cloud - boss")
    life.makes_group_again("boss")
    world = whole_world(life.world, sync_groups(["id-boss"]))
    near = nearby(world.scope, world.overrides, world.policy, Sight(world).look)

    assert near is not None
    assert "id-boss-2" in near.groups
    check(world)


def company(folder: Path, size: int) -> stories.World:
    """
    Return a world of so many people, who share one group and have one more each, applied once.
    """
    world = stories.World(MemoryTarget(), folder)
    for number in range(size):
        world.cloud_has_group(f"g{number}", roles=("User",))
        world.cloud_says(f"p{number}", groups=("staff", f"g{number}"))
    world.apply()
    return world


def test_login_looks_at_no_more_where_there_are_more(tmp_path: Path) -> None:
    """
    Rows and accounts that are shown to a login are as many among five people as among fifty.
    """
    shown = []
    for size in (5, 50):
        world = whole_world(company(tmp_path / str(size), size), login(["p3"]))
        sight = Sight(world)
        nearby(world.scope, world.overrides, world.policy, sight.look)
        shown.append(sight.shown)

    assert shown[0] == shown[1] > 0


def test_too_many_to_be_looked_at_one_by_one_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Overrides may speak of so many people that to read everything costs less.
    """
    monkeypatch.setattr(module, "MOST", 4)
    world = company(tmp_path, 5)
    for number in range(5):
        world.git_says(f"p{number}", set={"user_name": f"n{number}", "email": "new@example.com"})
    whole = whole_world(world, login(["p3"]))

    assert nearby(whole.scope, whole.overrides, whole.policy, Sight(whole).look) is None


def test_group_of_too_many_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nor are the groups looked for one by one, where there are too many of them.
    """
    monkeypatch.setattr(module, "MOST", 1)
    whole = whole_world(company(tmp_path, 3), sync_groups(["staff", "g1"]))

    assert nearby(whole.scope, (), whole.policy, Sight(whole).look) is None


def test_who_leaves_a_group_of_many_is_decided_of_few(tmp_path: Path) -> None:
    """
    Whether anybody stays in the group is known by looking at who is in it, and at nobody else.
    """
    world = company(tmp_path, 30)
    world.cloud_says("p3", groups=("g3",))
    world.cloud_says("p4", groups=("staff",))
    decided = {}
    for name in ("p3", "p4"):
        whole = whole_world(world, login([name]))
        near = nearby(whole.scope, (), whole.policy, Sight(whole).look)
        assert near is not None
        decided[name] = decide(narrowed(whole, near)), len(near.live_users)

    assert [(one.at_large, count) for one, count in decided.values()] == [(False, 30), (True, 1)]


def test_who_is_linked_is_not_looked_for_by_mail(tmp_path: Path) -> None:
    """
    Only for somebody new are e-mails asked for, and only where the policy finds accounts by them.
    """
    world = company(tmp_path, 2)
    world.cloud_says("new")
    asked = {name: mails_asked(world, name) for name in ("p1", "new")}
    world.changes_policy({"users": {"correlate": ["link", "external_id", "user_name"]}})

    assert asked == {"p1": set(), "new": {"new@example.com"}}
    assert mails_asked(world, "new") == set()


def test_create_that_was_left_open_is_found_again(tmp_path: Path) -> None:
    """
    A run was killed once the account was made: the login knows it by what we meant to make.
    """
    world = company(tmp_path, 2)
    world.cloud_says("new", groups=("staff",))
    world.apply_and_die()
    whole = whole_world(world, login(["new"]))
    near = nearby(whole.scope, (), whole.policy, Sight(whole).look)

    assert near is not None
    assert near.user_rows["id-new"].intent is not None
    assert [one.name for one in near.live_users.values()] == ["new"]


def mails_asked(world: stories.World, name: str) -> set[str]:
    """
    Return the e-mails that a login of somebody asks the target for.
    """
    whole = whole_world(world, login([name]))
    sight, asked = Sight(whole), set[str]()

    def look(asks: frozenset[module.Ask]) -> module.Near:
        asked.update(text for _, how, text in asks if how == "mail")
        return sight.look(asks)

    nearby(whole.scope, (), whole.policy, look)
    return asked


@pytest.mark.parametrize(
    ("scope", "near"),
    [
        (login(["ann"]), True),
        (search(["ann"]), True),
        (sync_users(["ann"]), True),
        (sync_groups(["staff"]), True),
        (sync_users([]), False),
        (sync_groups([]), False),
        (ALL, False),
        (START, False),
    ],
    ids=lambda it: it.told if isinstance(it, Scope) else "",
)
def test_only_what_is_about_somebody_named_is_near(scope: Scope, near: bool) -> None:  # noqa: FBT001  a column of the table
    """
    Whoever is about all known people, or all groups, looks at everybody.
    """
    assert is_near(scope) is near
