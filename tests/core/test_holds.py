"""
Every kind of hold says how to release it, and is released by doing what it says.

What is typed here comes out of the hold itself: the waiver, the override, the name of the field.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from reconciler.core.guard import guard
from reconciler.core.limits import COUNTED, OF_A_GROUP, WAIVABLE
from reconciler.core.model import Conflict, Held
from reconciler.core.overrides import Waiver
from reconciler.core.policy import Guards, Limit
from reconciler.files.state import read_state
from tests.core.drafts import draft, facts, leaving
from tests.targets.memory import MemoryTarget
from tests.world import World

ENTRY = re.compile(r"- \{.*\}")


class Scene(NamedTuple):
    """
    A world, and its target with the verbs of its administrator.
    """

    world: World
    target: MemoryTarget


Deed = Callable[[Scene], object]


class Case(NamedTuple):
    """
    By what a hold comes about, what its release says, and what somebody does who reads that.
    """

    guard: str
    happens: tuple[Deed, ...]
    says: str
    does: tuple[Deed, ...]
    policy: Mapping[str, Any] = MappingProxyType({})


def waivers(text: str, folder: Path) -> tuple[Waiver, ...]:
    """
    Return the waivers of a release's own words, read as the file that it names is read.
    """
    entry = ENTRY.search(text)
    assert entry
    (folder / "overrides").mkdir(exist_ok=True)
    (folder / "overrides" / "waivers.yaml").write_text(f"{entry[0].replace('...', 'T-3')}\n")
    return read_state(folder).waivers


@pytest.mark.parametrize("code", [*COUNTED, *OF_A_GROUP, "export-degraded", "target-unread"])
def test_waiver_that_a_guard_asks_for_releases_it(code: str, tmp_path: Path) -> None:
    """
    For each guard that a waiver releases: what it says to write, written as it stands, lets exactly that pass.
    """
    one = draft("g", code, action="delete") if code not in OF_A_GROUP else leaving("p")
    none = Limit(count=0, percent=0)
    counted = code in {*COUNTED, "memberships-removed"}
    about = facts(
        guards=Guards(limit=none, leavers=none, minimum_administrators=0) if counted else Guards(),
        members={"g": {"group-emptied": 1, "groups-deleted": 0}.get(code, 10_000)},
        degraded=("it shrank",) if code == "export-degraded" else (),
        unread="a page is missing" if code == "target-unread" else "",
    )
    released: tuple[Waiver, ...] = ()
    codes: list[str] = []
    while held := guard([one], replace(about, waivers=released)).held:
        codes.append(held[0].guard)
        released += waivers(held[0].release, tmp_path)

    assert code in {found.partition(":")[0] for found in codes}
    assert len(codes) == len(set(codes))


def test_every_guard_is_in_one_of_the_tables() -> None:
    """
    A guard that is added needs a release, and a case here.
    """
    assert {*COUNTED, "export-degraded", "export-older", "target-unread"} | {*OF_A_GROUP} == WAIVABLE


REPLACE = {"users": {"rename": "replace"}}
KEEP = {"users": {"foreign": "keep"}}


def comes(name: str, **fields: Any) -> Deed:
    """
    Let the cloud say something of somebody.
    """
    return lambda at: at.world.cloud_says(name, **fields)


def made(name: str, **fields: Any) -> Deed:
    """
    Let an administrator make an account.
    """
    return lambda at: at.target.admin_creates(name, **fields)


def edited(name: str, **fields: Any) -> Deed:
    """
    Let an administrator change an account.
    """
    return lambda at: at.target.admin_sets(name, **fields)


def said(name: str, **fields: Any) -> Deed:
    """
    Merge an override.
    """
    return lambda at: at.world.git_says(name, **fields)


def corrected(**fields: Any) -> Deed:
    """
    Merge Ann's override anew, in the place of the one there was.
    """

    def deed(at: Scene) -> None:
        at.world.overrides.clear()
        at.world.git_says("ann", **fields)

    return deed


def ran(at: Scene) -> object:
    """
    Let a run be applied.
    """
    return at.world.apply()


ADOPT, EXCLUDE = (f'- {{user: "id-zoe", {verb}: true, reason: ...}}' for verb in ("adopt", "exclude"))
RENAME = "`user: KEY` with `set: {user_name: NAME}`"
EXISTS = (made("zoe", locale="de_DE", roles=("User",)), comes("zoe"))
TWINS = (made("z1", email="zoe@example.com"), made("z2", email="zoe@example.com"), comes("zoe"))
ADMINS = (edited("ann", locale="de_DE"), ran)

CASES = {
    "dangerous": Case(
        "approval",
        (edited("ann", active=False),),
        "reconciler apply --approved plan.json",
        (lambda at: at.world.approve(),),
    ),
    "last administrator": Case(
        "administrators-minimum",
        (comes("bob", state="suspended"),),
        "make somebody else an administrator first",
        (comes("ann", roles=("Administrator",)),),
    ),
    "review": Case(
        "adoption",
        EXISTS,
        ADOPT,
        (said("id-zoe", adopt=True),),
        {"users": {"lifecycle": {"existing": "review"}, "foreign": "keep"}},
    ),
    "refuse": Case(
        "adoption",
        EXISTS,
        ADOPT,
        (said("id-zoe", adopt=True),),
        {"users": {"lifecycle": {"existing": "refuse"}, "foreign": "keep"}},
    ),
    "privileged account": Case(
        "adoption",
        (made("zoe", roles=("Administrator",)), comes("zoe")),
        ADOPT,
        (said("id-zoe", adopt=True),),
        KEEP,
    ),
    "another user name": Case(
        "adoption",
        (made("z", email="zoe@example.com"), comes("zoe")),
        EXCLUDE,
        (said("id-zoe", exclude=True),),
        REPLACE,
    ),
    "whose field": Case(
        "ownership",
        EXISTS,
        "reconciler give id-zoe locale --reason TEXT",
        (said("id-zoe", give=("locale", "profiles")),),
    ),
    "whose field, by policy": Case(
        "ownership",
        EXISTS,
        "set `foreign: keep` or `take` in the policy",
        (lambda at: at.world.changes_policy(KEEP),),
    ),
    "take that was reviewed for another value": Case(
        "ownership",
        (*ADMINS, said("ann", take=("locale",), reviewed={"locale": "it_IT"})),
        "reconciler take id-ann locale --reason TEXT",
        (corrected(take=("locale",), reviewed={"locale": "de_DE"}),),
    ),
    "restore that was reviewed for another value": Case(
        "ownership",
        (*ADMINS, said("ann", restore={"locale": "fr_FR"}, reviewed={"locale": "it_IT"})),
        "correct `reviewed:` at overrides/all.yaml:1",
        (corrected(restore={"locale": "fr_FR"}, reviewed={"locale": "de_DE"}),),
    ),
    "tie": Case(
        "conflict",
        TWINS,
        "rename or remove all but one of them in the target",
        (lambda at: at.target.admin_deletes("z2"),),
        KEEP,
    ),
    "tie, excluded": Case("conflict", TWINS, EXCLUDE, (said("id-zoe", exclude=True),)),
    "two for one account": Case(
        "conflict",
        (made("z", email="zoe@example.com"), comes("zoe"), comes("mia", email="zoe@example.com")),
        '- {user: "id-mia", exclude: true, reason: ...}',
        (said("id-mia", exclude=True),),
        KEEP,
    ),
    "two of one name": Case(
        "conflict",
        (comes("zoe", user_name="Same"), comes("mia", user_name="same")),
        RENAME,
        (said("id-zoe", set={"user_name": "zoe"}),),
    ),
    "two of one name, one excluded": Case(
        "conflict",
        (comes("zoe", user_name="Same"), comes("mia", user_name="same")),
        '- {user: "id-mia", exclude: true, reason: ...}',
        (said("id-mia", exclude=True),),
    ),
    "renamed by an administrator": Case(
        "conflict",
        (edited("ann", user_name="anne"),),
        "give it its name back in the target",
        (edited("anne", user_name="ann"),),
        REPLACE,
    ),
    "renamed by an administrator, and accepted": Case(
        "conflict",
        (edited("ann", user_name="anne"),),
        RENAME,
        (said("id-ann", set={"user_name": "anne"}),),
        REPLACE,
    ),
    "a name that is taken": Case(
        "conflict",
        (made("anna"), comes("ann", user_name="anna")),
        "rename that account in the target",
        (edited("anna", user_name="other"),),
    ),
    "a name that is protected": Case(
        "conflict", (comes("zoe", user_name="root"),), EXCLUDE, (said("id-zoe", exclude=True),)
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_hold_is_released_by_what_it_says(case: Case, tmp_path: Path) -> None:
    """
    The plan holds it, the text says what to do, and once that is done nothing is held any more.
    """
    target = MemoryTarget()
    world = World(target, tmp_path, policy={**case.policy, "guards": {"minimum_administrators": 1}})
    target.admin_creates("root")
    world.cloud_says("ann", first_name="Ann")
    world.cloud_says("bob", roles=("Administrator",))
    world.apply()
    for deed in case.happens:
        deed(Scene(world, target))
    before = world.plan()
    found: list[Held | Conflict] = [*before.held, *before.conflicts]
    guards = {one.guard if isinstance(one, Held) else "conflict" for one in found}
    for deed in case.does:
        deed(Scene(world, target))
    after = world.plan()

    assert case.guard in guards
    assert case.says in " ".join(one.release for one in found)
    assert (after.held, after.conflicts) == ((), ())


def test_older_export_is_released_by_what_it_says(tmp_path: Path) -> None:
    """
    What is refused outright says as exactly what would let it pass.
    """
    world = World(MemoryTarget(), tmp_path)
    world.cloud_says("ann")
    world.apply()
    world.fetched_at = "2026-11-22T09:00:00Z"
    with pytest.raises(Exception, match="was applied already") as refused:
        world.plan()
    world.waivers += waivers(str(getattr(refused.value, "hint", "")), tmp_path)

    assert world.plan().held == ()
