"""
Undo, change by change: which override takes it back, and why nothing does where nothing can.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.systems.undoing import admitted, differences, state, undone, wanted
from tests.targets.memory import MemoryTarget
from tests.world import World

POLICY: dict[str, Any] = {"groups": {"fields": {"description": "shared"}}}


class Scene:
    """
    A settled world: Ann, Bob and Kim, who is an administrator, in groups; `before` is what the target then held.
    """

    def __init__(self, folder: Path, policy: dict[str, Any] | None = None) -> None:
        self.admin = MemoryTarget()
        self.world = World(self.admin, folder, policy=policy or POLICY)
        self.world.cloud_has_group("risk", roles=("User", "Viewer"), description="Risk")
        self.world.cloud_has_group("desk", roles=("User", "Editor"), description="Desk")
        self.world.cloud_says("ann", groups=("staff",), first_name="Ann")
        self.world.cloud_says("bob", groups=("staff", "risk"))
        self.world.cloud_says("kim", groups=("staff", "desk"), roles=("Administrator",))
        self.world.approve()
        self.world.approve()

    def takes_locale(self) -> None:
        """
        Let Ann's locale be the administrators', and a reviewed override take it back.
        """
        self.admin.admin_sets("ann", locale="de_AT")
        self.world.approve()
        self.world.git_says("ann", take=("locale",), reviewed={"locale": "de_AT"})


Act = Callable[[Scene], Any]


def nothing(_scene: Scene) -> None:
    """
    Let nothing happen.
    """


def decisions_end(scene: Scene) -> None:
    """
    Remove every override.
    """
    scene.world.overrides.clear()


def agrees(scene: Scene) -> None:
    """
    Let an administrator own a locale that Git agrees with since, and an override take it.
    """
    scene.takes_locale()
    scene.world.overrides.clear()
    scene.world.cloud_says("ann", locale="de_AT")
    scene.world.approve()
    scene.world.git_says("ann", take=("locale",), reviewed={"locale": "de_AT"})


def is_given_a_value(scene: Scene) -> None:
    """
    Let an override put a value into a field that becomes the administrators'.
    """
    scene.world.git_says("ann", restore={"locale": "it_IT"}, reviewed={"locale": "en_US"})


def loses_its_login(scene: Scene) -> None:
    """
    Let Ann lose the one group that let her log in.
    """
    scene.world.cloud_says("ann", groups=())


def joins_by_hand(scene: Scene) -> None:
    """
    Let the administrator take Ann out of the group by which she may log in; Git puts her back.
    """
    scene.admin.admin_leaves("ann", "Cloud - staff")


def joins_by_hand_and_is_granted(scene: Scene) -> None:
    """
    Let the same happen, and the cloud grant Ann a role.
    """
    joins_by_hand(scene)
    scene.world.cloud_says("ann", roles=("Editor",))


def lee_goes(scene: Scene) -> None:
    """
    Let the cloud lose Lee, and the administrator delete the account.
    """
    scene.world.cloud_loses("lee")
    scene.admin.admin_deletes("lee")


def kim_is_disabled(scene: Scene) -> None:
    """
    Let the administrator switch off the only administrator, and make an account that Git does not know.
    """
    scene.admin.admin_sets("kim", active=False)
    scene.admin.admin_creates("root2")


def renames_group(scene: Scene) -> None:
    """
    Let the cloud call a group otherwise.
    """
    scene.world.cloud_renames_group("risk", "risks")


def drops_group(scene: Scene) -> None:
    """
    Let the cloud lose a group.
    """
    scene.world.cloud_loses_group("risk")
    scene.world.fetched_at = None


SOURCE = "the source no longer has"

# name: (what happens before the run, what after it, field or act of each thing that does not come back: words)
STORIES: dict[str, tuple[Act, Act, list[tuple[str, str]]]] = {
    "field of Git's": (lambda s: s.world.cloud_says("ann", first_name="Anne"), nothing, []),
    "edit that Git overwrote": (lambda s: s.admin.admin_sets("ann", first_name="Edited"), nothing, []),
    "shared field that is Git's": (lambda s: s.world.cloud_says("ann", locale="fr_FR"), nothing, []),
    "shared field that was the administrators'": (Scene.takes_locale, decisions_end, []),
    "field that was taken without a write": (agrees, decisions_end, []),
    "field that was given away": (is_given_a_value, decisions_end, []),
    "memberships": (lambda s: s.world.cloud_says("bob", groups=("staff", "desk")), nothing, []),
    "account that was switched off with its last role": (loses_its_login, nothing, []),
    "membership that carries a login": (joins_by_hand, nothing, []),
    "membership that carries a login, and a role": (
        joins_by_hand_and_is_granted,
        nothing,
        [],
    ),
    "account that was made usable": (lambda s: s.admin.admin_sets("ann", active=False), nothing, []),
    "group's field": (lambda s: s.world.cloud_has_group("risk", description="Other"), nothing, []),
    "group's name": (renames_group, nothing, []),
    "what is as it was again": (
        lambda s: s.world.cloud_says("ann", first_name="Anne"),
        lambda s: s.world.cloud_says("ann", first_name="Ann"),
        [],
    ),
    "account that was made": (lambda s: s.world.cloud_says("lee"), nothing, [("create", "the account stays")]),
    "account that was made, and is gone": (
        lambda s: s.world.cloud_says("lee"),
        lee_goes,
        [],
    ),
    "somebody whom the source lost": (
        lambda s: s.world.cloud_loses("ann"),
        nothing,
        [("active", SOURCE), ("groups", SOURCE)],
    ),
    "somebody whom the source suspended": (
        lambda s: s.world.cloud_says("ann", state="suspended"),
        nothing,
        [("active", "the source, which says 'suspended', keeps it inactive")],
    ),
    "somebody who is blocked": (
        lambda s: s.world.git_says("ann", block=True),
        nothing,
        [("active", "overrides/all.yaml:1 (T-1) keeps it inactive")],
    ),
    "account that nobody in Git is": (
        lambda s: s.admin.admin_creates("max", roles=("User",)),
        nothing,
        [("active", "Git knows nobody whose it is")],
    ),
    "account that is gone since": (
        lambda s: s.world.cloud_says("ann", first_name="Anne"),
        lambda s: s.admin.admin_deletes("ann"),
        [("first_name", "the account is gone from the target")],
    ),
    "hands off since": (
        lambda s: s.world.cloud_says("ann", first_name="Anne"),
        lambda s: s.world.git_says("ann", exclude=True),
        [("first_name", "says hands off")],
    ),
    "field that was changed again": (
        lambda s: s.world.cloud_says("ann", locale="fr_FR"),
        lambda s: s.admin.admin_sets("ann", locale="xx_XX"),
        [("locale", "it was changed again since")],
    ),
    "field that an override sets": (
        lambda s: s.world.git_says("ann", set={"first_name": "Anne"}),
        nothing,
        [("first_name", "overrides/all.yaml:1 (T-1) says otherwise")],
    ),
    "field that an override gives": (
        lambda s: s.world.cloud_says("ann", locale="fr_FR"),
        lambda s: s.world.git_says("ann", give=("locale",)),
        [("locale", "overrides/all.yaml:1 (T-1) says otherwise")],
    ),
    "field that an override takes": (
        Scene.takes_locale,
        nothing,
        [("locale", "override overrides/all.yaml:1 says otherwise")],
    ),
    "field that an override took without a write": (
        agrees,
        nothing,
        [("locale", "override overrides/all.yaml:1 says otherwise")],
    ),
    "group that was renamed by hand": (
        lambda s: s.admin.admin_sets_group("Cloud - risk", name="Our own"),
        nothing,
        [("name", "the policy gives every group a name that begins with 'Cloud - '")],
    ),
    "field that is no longer ours": (
        lambda s: s.world.cloud_says("ann", first_name="Anne"),
        lambda s: s.world.changes_policy({"users": {"fields": {"first_name": "target"}}}),
        [("first_name", "no override says anything of this")],
    ),
    "membership that an override ends": (
        lambda s: s.world.git_says("bob", groups_remove=("staff",)),
        nothing,
        [("groups", "says otherwise")],
    ),
    "membership that an override says": (
        lambda s: s.world.git_says("bob", groups_add=("desk",)),
        nothing,
        [("groups", "says otherwise")],
    ),
    "group that the source lost": (
        drops_group,
        nothing,
        [("parent", SOURCE), ("groups", SOURCE)],
    ),
    "only administrator": (
        kim_is_disabled,
        nothing,
        [("active", "held: 0 active administrators would remain"), ("active", "Git knows nobody")],
    ),
}


@pytest.mark.parametrize(("happens", "since", "missing"), STORIES.values(), ids=STORIES.keys())
def test_change_is_taken_back_or_it_is_said_why_not(
    tmp_path: Path, happens: Act, since: Act, missing: list[tuple[str, str]]
) -> None:
    """
    Once the overrides of an undo are applied, all that was not said to stay otherwise is as it was before the run.
    """
    scene = Scene(tmp_path)
    happens(scene)
    before = state(scene.world)
    run = scene.world.approve().run
    since(scene)
    lost = undone(scene.world, run)
    told = [(one.wish.field or one.wish.act, one.reason) for one in lost]
    scene.world.approve()
    left = differences(before, state(scene.world)) - admitted(scene.world, lost)

    assert [name for name, _ in told] == [name for name, _ in missing]
    assert [words for (_, reason), (_, words) in zip(told, missing, strict=True) if words not in reason] == []
    assert left == set() or since not in {nothing, decisions_end}


def test_field_that_is_set_once_is_set_once_more(tmp_path: Path) -> None:
    """
    What no run writes again is put back by an override that acts once, as it was put there.
    """
    scene = Scene(tmp_path, {"users": {"fields": {"locale": {"authority": "initial", "default": "en_US"}}}})
    scene.world.git_says("ann", restore={"locale": "it_IT"}, reviewed={"locale": "en_US"})
    run = scene.world.approve().run
    scene.world.overrides.clear()
    lost = undone(scene.world, run)
    scene.world.approve()

    assert (lost, scene.world.value("ann", "locale")) == ((), "en_US")


def test_account_that_was_deleted_is_not_brought_back(tmp_path: Path) -> None:
    """
    Of what was deleted it is said that nothing brings it back, and nothing is written.
    """
    scene = Scene(tmp_path, {"users": {"lifecycle": {"missing": "delete"}}})
    scene.world.cloud_loses("ann")
    run = scene.world.approve().run
    (lost,) = undone(scene.world, run)

    assert (lost.wish.act, lost.reason) == (
        "delete",
        "the account was deleted: one that is made anew is another one",
    )
    assert scene.world.overrides == []


@pytest.mark.parametrize(
    ("people", "since", "words"),
    [
        pytest.param(1, nothing, "; it will be inactive", id="blocked"),
        pytest.param(3, nothing, "; a guard holds what makes it inactive", id="held"),
        pytest.param(1, lambda s: s.world.git_says("new0", exclude=True), "says hands off", id="hands-off"),
    ],
)
def test_account_that_a_run_made_stays_and_it_is_said_how(
    tmp_path: Path, people: int, since: Act, words: str
) -> None:
    """
    Undo deletes nothing: the account will be inactive, or a guard holds that, or an override forbids it.
    """
    scene = Scene(tmp_path)
    scene.world.changes_policy({"guards": {"leavers": {"count": 2, "percent": 0}}})
    for number in range(people):
        scene.world.cloud_says(f"new{number}")
    run = scene.world.approve().run
    since(scene)
    lost = undone(scene.world, run)

    assert [one.wish.act for one in lost] == ["create"] * people
    assert [one.reason for one in lost if not one.reason.endswith(words)] == []


def test_group_that_a_run_made_stays_as_it_is(tmp_path: Path) -> None:
    """
    Nothing blocks a group: of one that a run made it is said that it stays.
    """
    scene = Scene(tmp_path)
    scene.world.cloud_has_group("new", roles=("User",))
    scene.world.cloud_says("bob", groups=("staff", "risk", "new"))
    run = scene.world.approve().run
    lost = undone(scene.world, run)

    assert [one.reason for one in lost if one.wish.act == "create"] == [
        "the group stays: nothing deletes what a run made"
    ]


def test_entry_that_has_acted_is_to_be_deleted_first(tmp_path: Path) -> None:
    """
    A run that carried out a take is undone once that entry is gone, and it is said so.
    """
    scene = Scene(tmp_path)
    scene.takes_locale()
    run = scene.world.approve().run
    (lost,) = undone(scene.world, run)
    decisions_end(scene)

    assert "delete that entry, commit, and undo again" in lost.reason
    assert undone(scene.world, run) == ()


def test_what_did_not_land_is_nothing_to_undo(tmp_path: Path) -> None:
    """
    A change that the target refused changed nothing.
    """
    scene = Scene(tmp_path)
    scene.world.cloud_says("ann", first_name="Anne")
    scene.admin.refuses = {"ann": "locked by the vendor"}
    run = scene.world.approve().run

    assert wanted(scene.world, run) == ()
