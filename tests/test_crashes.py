"""
A run of the example organisation, killed before and after every one of its effects; then the next run.

`tests/test_effects.py` holds that a run changes nothing outside the effects that are counted here. Which of them a
kill is tried at depends on the time there is: some that matter most, or (`-m nightly`) the first, a middle and the
last of each kind, and every one.
"""

import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest
from msgspec.structs import replace

from reconciler.core.export import GroupRow, UserRow
from tests.checkout import Checkout
from tests.doomed import Effect, kill

BEFORE, AFTER = "begins", "ends"
BEGUN, KILLED, AGAIN = "2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z", "2026-11-21T08:00:05Z"

# What changes nothing that lasts: killed there is killed where the effect before it ended.
READS = re.compile(
    r"sql (SELECT|PRAGMA|BEGIN|SAVEPOINT|RELEASE|ROLLBACK)|open |write what Git is|\w+ scratch"
    r"|git (cat-file|check-ref-format|config|ls-files|ls-tree|merge-base|remote|rev-list|rev-parse|status"
    r"|symbolic-ref)"
)


class Story(NamedTuple):
    """
    A run that is about to begin, the effects that it has, and what stands when it has ended well.
    """

    checkout: Checkout
    effects: tuple[Effect, ...]
    outcome: dict[str, Any]


Tell: TypeAlias = Callable[[str], Story]


class Kill(NamedTuple):
    """
    Before or after which effect a run is killed.
    """

    moment: str
    effect: Effect

    def __str__(self) -> str:
        word = "before" if self.moment == BEFORE else "after"
        return f"{word} effect {self.effect.number}, {self.effect.kind}"


def first_run(checkout: Checkout) -> None:
    """
    Leave the target as it is: not even there.
    """
    del checkout


def later_run(checkout: Checkout) -> None:
    """
    Change a bit of everything since the last run, which is to be pushed.
    """
    checkout.pushes()
    assert checkout.run("apply", "--yes", now=BEGUN).code == 0
    changes(checkout, fetched_at="2026-11-21T06:00:00Z")
    checkout.wants_locale("de_DE")
    checkout.git("push", "--quiet")


def changes(checkout: Checkout, *, fetched_at: str) -> None:
    """
    Have one come and two go, one renamed, one moved, a new description of a group, and another's new name.
    """

    def people(row: UserRow) -> list[UserRow]:
        match row.user_name.partition(".")[0]:
            case "ann":
                newcomer = replace(
                    row, key="IBMid-6620019999", user_name="noa@example.com", email="noa@example.com"
                )
                return [replace(row, last_name="Moser"), newcomer]
            case "bob":
                return [replace(row, state="left", source_state="left")]
            case "wei":
                return []
            case "ivan":
                return [replace(row, groups=("AccessGroupId-528e14de-124e-4b17-ad3b-e6606bd3c4e8",))]
            case _:
                return [row]

    def groups(row: GroupRow) -> GroupRow:
        if row.name == "Auditors":
            return replace(row, description="Internal audit")
        return replace(row, name="Watch") if row.name.startswith("Compliance") else row

    checkout.cloud_says(people, groups=groups, fetched_at=fetched_at)


STORIES: dict[str, Callable[[Checkout], None]] = {"first-run": first_run, "later-run": later_run}


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Tell:
    """
    Return the function that tells a story: what stands before its run, and after it if nobody kills it.
    """
    told: dict[str, Story] = {}

    def tell(name: str) -> Story:
        if name not in told:
            folder = tmp_path_factory.mktemp(name)
            checkout = Checkout.new(folder / "before")
            STORIES[name](checkout)
            unharmed = checkout.copy(folder / "unharmed")
            ended = unharmed.run("apply", "--yes", now=KILLED)
            assert ended.code == 0, ended.err
            told[name] = Story(checkout, ended.effects, outcome(unharmed))
        return told[name]

    return tell


@pytest.mark.parametrize(
    ("moment", "kind", "number"),
    [
        pytest.param(AFTER, "git update-ref", 0, id="intents-but-no-write"),
        pytest.param(AFTER, "sql COMMIT", -2, id="writes-but-no-journal"),
        pytest.param(BEFORE, "git update-ref", 1, id="journal-but-no-record"),
    ],
)
def test_killed_where_it_matters_the_next_run_converges(
    stories: Tell, tmp_path: Path, *, moment: str, kind: str, number: int
) -> None:
    """
    Killed between intents, writes, journal and record, the next run ends as if nothing had been.
    """
    story = stories("first-run")
    found = [effect for effect in story.effects if effect.kind == kind]

    assert violations(story, Kill(moment, found[number]), tmp_path / "killed") == []


@pytest.mark.nightly
@pytest.mark.parametrize("name", STORIES)
def test_killed_at_each_kind_of_effect_the_next_run_converges(stories: Tell, tmp_path: Path, name: str) -> None:
    """
    Killed before and after the first, a middle and the last effect of each kind, the next run converges.
    """
    story = stories(name)
    kills = one_of_each(story.effects)

    assert len(kills) > 40
    assert tried(story, kills, tmp_path) == []


@pytest.mark.nightly
@pytest.mark.parametrize("name", STORIES)
def test_killed_at_any_effect_the_next_run_converges(stories: Tell, tmp_path: Path, name: str) -> None:
    """
    Killed before or after any effect whatsoever, the next run converges.
    """
    story = stories(name)
    kills = [Kill(moment, effect) for effect in story.effects for moment in (BEFORE, AFTER)]

    assert tried(story, kills, tmp_path) == []


@pytest.mark.nightly
def test_another_machine_goes_on_where_a_lost_one_was_killed(stories: Tell, tmp_path: Path) -> None:
    """
    Where the machine is lost with its journal and all that was not pushed, a new clone converges.
    """
    story = stories("later-run")

    assert tried(story, one_of_each(story.effects)[::3], tmp_path, meanwhile=Checkout.is_lost) == []


@pytest.mark.parametrize(
    ("seed", "pairs"),
    [
        pytest.param(1, 8, id="some", marks=pytest.mark.nightly),
        pytest.param(2, 500, id="many", marks=pytest.mark.nightly),
    ],
)
def test_killed_twice_the_third_run_converges(stories: Tell, tmp_path: Path, seed: int, pairs: int) -> None:
    """
    Two runs killed one after the other, for two different desired states, leave nothing that a third cannot mend.
    """
    story, chance = stories("later-run"), random.Random(seed)
    reached = story.checkout.copy(tmp_path / "unharmed")
    reached.run("apply", "--yes", now=KILLED)
    wishes_anew(reached)
    ended = reached.run("apply", "--yes", now=AGAIN)

    assert ended.code == 0, ended.err
    anew = story._replace(outcome=outcome(reached))
    kills = one_of_each(story.effects)

    def meanwhile(checkout: Checkout) -> None:
        wishes_anew(checkout)
        checkout.run("apply", "--yes", now=AGAIN, listener=kill(chance.choice(kills).effect.number, BEFORE))

    assert tried(anew, chance.choices(kills, k=pairs), tmp_path, meanwhile=meanwhile) == []


def wishes_anew(checkout: Checkout) -> None:
    """
    Want something else of people whom the run before was about to change.
    """
    checkout.cloud_says(
        lambda row: [replace(row, last_name="Meier") if row.last_name == "Moser" else row],
        fetched_at="2026-11-21T07:00:00Z",
    )
    checkout.wants_locale("fr_FR")


def one_of_each(effects: Iterable[Effect]) -> list[Kill]:
    """
    Return the kills before and after the first, a middle and the last effect of each kind that changes anything.

    Nothing lies between one effect and the next, so a kill before the one stands for a kill after the other.
    """
    lasting = [effect for effect in effects if not READS.match(effect.kind)]
    kinds: dict[str, list[int]] = {}
    for place, effect in enumerate(lasting):
        kinds.setdefault(effect.kind, []).append(place)
    chosen = sorted({one for kind in kinds.values() for one in (kind[0], kind[len(kind) // 2], kind[-1])})
    before = [Kill(BEFORE, lasting[place]) for place in chosen if place - 1 not in chosen]
    return [*before, *(Kill(AFTER, lasting[place]) for place in chosen)]


def tried(
    story: Story, kills: Iterable[Kill], folder: Path, *, meanwhile: Callable[[Checkout], None] = lambda _it: None
) -> list[str]:
    """
    Return everything that any of these kills broke, each with where the kill was.

    `meanwhile` is what comes between the kill and the run that is to mend everything.
    """
    found = []
    for number, one in enumerate(kills):
        place = folder / str(number)
        found += [f"{one}: {fault}" for fault in violations(story, one, place, meanwhile)]
        shutil.rmtree(place)
    return found


def violations(
    story: Story, one: Kill, folder: Path, meanwhile: Callable[[Checkout], None] = lambda _it: None
) -> list[str]:
    """
    Return what is not as it would be without the kill, once another run has ended.
    """
    checkout = story.checkout.copy(folder)
    died = checkout.run("apply", "--yes", now=KILLED, listener=kill(one.effect.number, one.moment))
    if died.code != -9:
        return [f"the run was not killed, but ended with {died.code}: {died.err}"]
    meanwhile(checkout)
    return [*unsound(checkout), *differences(story.outcome, outcome(checkout))]


def unsound(checkout: Checkout) -> list[str]:
    """
    Return what the commands say after another run: it ends well, nothing is left to do, and every record holds.
    """
    commands = ("apply --yes", "plan --check", "validate")
    ran = {command: checkout.run(*command.split(), now=AGAIN) for command in commands}
    told = [f"{command}: exit {ended.code}: {ended.err}{ended.out}" for command, ended in ran.items() if ended.code]
    fsck = subprocess.run(
        ["git", "-C", checkout.folder, "fsck", "--strict", "--no-dangling"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told + ([f"git fsck: {fsck.stdout}{fsck.stderr}"] if fsck.returncode or fsck.stdout else [])


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """
    Return what differs between two outcomes.
    """
    return [
        f"{name}: {_but(found[name], value)} where there should be {_but(value, found[name])}"
        for name, value in expected.items()
        if found[name] != value
    ]


def _but(one: Any, other: Any) -> str:
    return "; ".join(str(it) for it in one if it not in other) if isinstance(one, list) else str(one)


def outcome(checkout: Checkout) -> dict[str, Any]:
    """
    Return what stands when all is done, without what depends on how many runs it took: times and numbers.
    """
    runs = checkout.runs()
    lines = [line for run in runs for line in run[1:] if line.get("outcome") == "landed"]
    created = [(line["key"], line["name"]) for line in lines if line["action"] == "create"]
    # a run that is killed after its record leaves its name in the fence: whoever writes next takes it over
    (fence,) = checkout.sql("SELECT serial FROM fence")
    return {
        **{name: sorted(checkout.sql(statement), key=repr) for name, statement in TABLES.items()},
        "users": _timeless(checkout.rows("users"), dict(checkout.sql("SELECT id, user_name FROM users"))),
        "groups": _timeless(checkout.rows("groups"), dict(checkout.sql("SELECT id, name FROM groups"))),
        "made twice": sorted({key for key in created if created.count(key) > 1}),
        "runs are counted": [run[0]["run"] for run in runs] == list(range(1, len(runs) + 1)),
        "fence is at the last run": fence[0] == len(runs),
        "left by hand": checkout.sql("SELECT kind, name FROM changed_by_admin"),
        "work tree": checkout.git("status", "--porcelain"),
        "scraps": sorted(path.name for path in checkout.folder.rglob("*.new")),
        "journal": sorted(path.name for path in checkout.folder.glob(".reconciler/journal/*")),
        "not pushed": checkout.git("rev-list", "--count", "@{push}..") if checkout.remote.exists() else "",
    }


TABLES = {
    "accounts": "SELECT external_id, user_name, email, first_name, last_name, locale, enabled, locked FROM users",
    "teams": "SELECT external_id, name, description, parent, active, deleted FROM groups",
    "members": """SELECT user_name, name FROM memberships m
        JOIN users u ON u.id = m.user_id JOIN groups g ON g.id = m.group_id""",
    "user_roles": "SELECT user_name, role FROM user_roles JOIN users ON id = user_id",
    "user_profiles": "SELECT user_name, profile FROM user_profiles JOIN users ON id = user_id",
    "integrity": "PRAGMA integrity_check",
}


def _timeless(rows: Iterable[dict[str, Any]], names: dict[int, str]) -> list[dict[str, Any]]:
    """
    Return rows of the ledger with what they link to by name, and without times and what was counted.

    Open intents are left out too: a run that finds its predecessor's write done lets them grow old.
    """
    return [
        {
            **row,
            "link": names.get(int(row.get("link") or 0)),
            "absent": "absent" in row,
            "claims": {
                (field, key, str(value))
                for field, claim in row.get("claims", {}).items()
                for key, value in claim.items()
                if key not in {"since", "run", "intents"}
            },
        }
        for row in rows
    ]
