"""
The review of groups at the command line: what is printed, what is written, what is refused, what an apply counts.
"""

import csv
import io
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.files.state import load_state
from reconciler.targets.sql import SqlTarget
from tests.once import Once
from tests.systems.office import NOW, Office, person, team

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
TEAMS = (team("staff"), team("traders"), team("desk"))
PEOPLE = (person("ann", groups=("staff", "traders")), person("bob", groups=("staff",)))


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], once: Once
) -> Office:
    """
    Return an office whose target has groups `staff`, with Jira and Lee in it, and `traders`, with Lee in it.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    office = Office(tmp_path, capsys)
    once("names taken", tmp_path, lambda: _begun(office))
    return office


def _begun(office: Office) -> None:
    office.begins(policy="atlassian")
    office.source_says(PEOPLE, TEAMS)
    SqlTarget.open(f"sqlite:///{office.admin.path}").close()
    office.admin.admin_creates("lee")
    for name in ("staff", "traders"):
        office.admin.admin_creates_group(name)
        office.admin.admin_joins("lee", name)
    office.admin.admin_gives_access("staff", "Jira", "Confluence", sites=("emea", "apac"))


def files(office: Office) -> list[str]:
    """
    Return the names of the decision files.
    """
    return sorted(path.name for path in (office.state / "overrides" / "groups").glob("*.yaml"))


def members(office: Office, group: str) -> set[str]:
    """
    Return who is in the target's group.
    """
    return {
        str(name)
        for (name,) in office.admin.run(f"SELECT user_name FROM group_members WHERE group_name = '{group}'")
    }


def test_a02_table_has_a_line_for_each_group_in_conflict(office: Office) -> None:
    """
    The group's name, product access, the sites, and how many overwriting would add and remove.
    """
    told = office.run("groups", "review")
    lines = [line.split("  ") for line in told.out.splitlines()]

    assert [[cell.strip() for cell in line if cell.strip()] for line in lines] == [
        ["GROUP", "PRODUCT ACCESS", "SITES", "ADDED", "REMOVED", "DECISION"],
        ["staff", "Confluence; Jira", "apac; emea", "2", "1", "undecided"],
        ["traders", "1", "1", "undecided"],
    ]
    assert (told.code, told.err) == (0, "2 in conflict, 2 waiting for a decision\n")


def test_a02_other_formats_say_the_same_and_more(office: Office) -> None:
    """
    JSON and CSV have the digest that a decision holds, and the keys on both sides.
    """
    (staff, _) = office.run("groups", "review", "--format", "json").json
    (row, _) = csv.DictReader(io.StringIO(office.run("groups", "review", "--format", "csv").out, newline=""))

    assert (staff["key"], staff["sites"], staff["added"]) == ("id-staff", ["apac", "emea"], 2)
    assert (row["reviewed"], row["sites"], row["added"]) == (staff["reviewed"], "apac; emea", "2")


def test_a03_members_are_listed_one_by_one(office: Office) -> None:
    """
    Each user who would be added, and each who would be removed, of every group in conflict.
    """
    rows = office.run("groups", "review", "--members", "--format", "json").json
    told = [(row["group"], row["change"], row["user"]) for row in rows]

    assert told == [
        ("staff", "add", "ann"),
        ("staff", "add", "bob"),
        ("staff", "remove", "lee"),
        ("traders", "add", "ann"),
        ("traders", "remove", "lee"),
    ]


def test_a03_decision_is_a_file_that_loads_and_holds_what_was_reviewed(office: Office) -> None:
    """
    It stands below overrides/groups/, names the group, the digest and the reason, and is acted on once committed.
    """
    digest = office.run("groups", "review", "--format", "json").json[0]["reviewed"]
    told = office.run("groups", "decide", "staff", "--overwrite", "--reason", "OPS-91: agreed # really")
    (one,) = load_state(office.state).overrides

    assert (told.code, one.group, one.decision, one.reviewed) == (0, "staff", "overwrite", digest)
    assert (one.reason, [name.partition("-")[0] for name in files(office)]) == (
        "OPS-91: agreed # really",
        ["staff"],
    )


def test_a03_group_is_decided_anew_when_its_decision_is_stale(office: Office) -> None:
    """
    The stale file gives way to the new one, so that one group has one decision.
    """
    office.run("groups", "decide", "staff", "--overwrite", "--reason", "OPS #91: 'agreed'")
    office.commit()
    office.admin.admin_creates("kim")
    office.admin.admin_joins("kim", "staff")
    stale = office.run("groups", "review").out
    again = office.run("groups", "decide", "staff", "--keep", "--reason", "OPS-92")

    assert "stale: overwrite" in stale
    assert (again.code, len(files(office))) == (0, 1)
    assert "keep" in office.run("groups", "review").out.splitlines()[1]


def test_a04_blocked_group_is_not_decided(office: Office) -> None:
    """
    The refusal names site and product, and the way out; no file is written; keeping it is allowed.
    """
    office.admin.admin_makes_default("staff", site="emea", product="Jira")
    told = office.run("groups", "decide", "staff", "--overwrite", "--reason", "OPS-91")
    before = files(office)
    kept = office.run("groups", "decide", "staff", "--keep", "--reason", "OPS-91")

    assert (told.code, before, kept.code) == (1, [], 0)
    assert "default access group of Jira on emea" in told.err
    assert "make another group the default of Jira on emea" in told.err


def test_a06_group_gets_another_name(office: Office) -> None:
    """
    `--rename` makes the source's group under the new name; a name that is taken is refused at once.
    """
    taken = office.run("groups", "decide", "staff", "--rename", "traders", "--reason", "OPS-1")
    told = office.run("groups", "decide", "staff", "--rename", "staff (cloud)", "--reason", "OPS-1")
    office.commit()
    office.run("apply", "--yes")

    assert (taken.code, told.code) == (1, 0)
    assert (members(office, "staff (cloud)"), members(office, "staff")) == ({"ann", "bob"}, {"lee"})


def test_a07_all_are_decided_at_once_but_those_that_are_blocked(office: Office) -> None:
    """
    `--all` writes a file for each group that waits; what cannot be decided so is named, with the reason.
    """
    office.admin.admin_makes_default("traders", site="emea", product="Jira")
    told = office.run("groups", "decide", "--all", "--overwrite", "--reason", "OPS-91")
    office.commit()
    office.run("apply", "--yes")

    assert (told.code, len(files(office))) == (0, 1)
    assert "not traders: it is the default access group of Jira on emea" in told.err
    assert (members(office, "staff"), members(office, "traders")) == ({"ann", "bob"}, {"lee"})


def test_a08_synchronised_groups_and_the_others_add_up(office: Office) -> None:
    """
    After an apply the count equals that at the source, or each group of the difference is listed with its reason.
    """
    office.run("groups", "decide", "staff", "--keep", "--reason", "OPS-7")
    office.commit()
    some = office.run("apply", "--yes").err
    office.run("groups", "decide", "traders", "--overwrite", "--reason", "OPS-8")
    office.admin.admin_leaves("lee", "staff")
    office.run("groups", "decide", "staff", "--overwrite", "--reason", "OPS-9")
    office.commit()
    every = office.run("apply", "--yes").err

    assert "Groups: 3 at the source, 1 synchronised." in some
    assert "  not staff: kept as it is: OPS-7 (state/overrides/groups/staff-" in some
    assert "  not traders: a group of that name was there before" in some
    assert "Groups: 3 at the source, 3 synchronised." in every


def test_a08_held_membership_is_a_reason(office: Office) -> None:
    """
    A group that a guard keeps from getting its members is not synchronised, and is told so.
    """
    office.run("groups", "decide", "--all", "--overwrite", "--reason", "OPS-8")
    office.applied()
    office.source_says((person("ann", groups=("staff",)), PEOPLE[1]), TEAMS)
    told = office.run("apply", "--yes").err

    assert "Groups: 3 at the source, 2 synchronised." in told
    assert "  not traders: 1 membership held (group-emptied:traders)" in told


def test_a09_plan_opens_with_what_cannot_be_synchronised(office: Office) -> None:
    """
    The number is the first thing that is printed.
    """
    assert office.run("plan").out.startswith("2 groups cannot be synchronised. ")


def test_a11_decision_elsewhere_is_refused(office: Office) -> None:
    """
    Where no reviewer of groups guards it, a decision stops every command, with its line.
    """
    office.run("groups", "decide", "staff", "--overwrite", "--reason", "OPS-91")
    (file,) = (office.state / "overrides" / "groups").glob("*.yaml")
    file.rename(office.state / "overrides" / "mine.yaml")
    office.commit()
    told = office.run("apply", "--yes")

    assert (told.code, members(office, "staff")) == (1, {"lee"})
    assert "overrides/mine.yaml:2: decision: overwrite stands outside overrides/groups/" in told.err


def test_a11_scaffolded_repository_names_who_reviews(tmp_path: Path) -> None:
    """
    `init` writes a CODEOWNERS file in which the folder of decisions has owners of its own.
    """
    assert run(["init", str(tmp_path / "access"), "--quiet"]) == 0
    lines = (tmp_path / "access" / ".github" / "CODEOWNERS").read_text("utf-8").splitlines()
    owners = dict(line.split() for line in lines if not line.startswith("#"))

    assert owners["/state/overrides/groups/"] == "@your-organisation/group-reviewers"
    assert [*owners].index("/state/overrides/groups/") > [*owners].index("/state/overrides/")


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("desk", "--overwrite"), 1, "the group 'desk' is in no conflict"),
        (("nobody", "--overwrite"), 1, "no group is called 'nobody'"),
        (("staff",), 2, "what becomes of them?"),
        (("staff", "--overwrite", "--rename", "x"), 2, "they cannot become both: --overwrite and --rename"),
        (("staff", "--keep", "--merge"), 2, "they cannot become both: --keep and --merge"),
        (("staff", "--rename", ""), 2, "--rename is empty"),
        (("--overwrite",), 2, "which groups?"),
        (("staff", "--all", "--overwrite"), 2, "which groups?"),
        (("staff", "traders", "--rename", "x"), 2, "one new name is for one group"),
    ],
    ids=[
        "no conflict",
        "unknown",
        "no verb",
        "a verb and a name",
        "two verbs",
        "empty name",
        "no group",
        "some and all",
        "one name for two",
    ],
)
def test_what_cannot_be_decided_is_refused(
    office: Office, arguments: tuple[str, ...], code: int, word: str
) -> None:
    """
    A group that is in no conflict, or is none, and an unclear wish: an error that says so, and no file.
    """
    told = office.run("groups", "decide", *arguments, "--reason", "OPS-1")

    assert (told.code, files(office)) == (code, [])
    assert word in told.err


def test_nothing_to_decide_is_said(office: Office) -> None:
    """
    Once all are decided, `--all` has nothing to do, and says so.
    """
    office.run("groups", "decide", "--all", "--keep", "--reason", "OPS-1")
    told = office.run("groups", "decide", "--all", "--keep", "--reason", "OPS-1")

    assert (told.code, "no group waits for a decision" in told.err) == (1, True)


def test_file_of_people_is_not_overwritten(office: Office) -> None:
    """
    A decision that somebody has written words to is theirs: it is refused, and stays.
    """
    office.run("groups", "decide", "staff", "--keep", "--reason", "OPS-1")
    (file,) = (office.state / "overrides" / "groups").glob("*.yaml")
    file.write_text(file.read_text("utf-8") + "# see the minutes\n", "utf-8")
    told = office.run("groups", "decide", "staff", "--overwrite", "--reason", "OPS-2")

    assert told.code == 2
    assert file.read_text("utf-8").endswith("# see the minutes\n")


def test_readme_shows_the_table_that_is_printed(office: Office) -> None:
    """
    Three groups in conflict, of which one is a default access group and one is decided.
    """
    office.admin.admin_creates_group("desk")
    office.admin.admin_gives_access("desk", "Jira", sites=("emea",))
    office.admin.admin_makes_default("desk", site="emea", product="Jira")
    office.run("groups", "decide", "staff", "--overwrite", "--reason", "OPS-91")
    table, members = office.run("groups", "review").out, office.run("groups", "review", "--members").out

    assert f"$ reconciler groups review\n{table}" in README
    assert f"$ reconciler groups review --members\n{members}" in README


def test_decision_that_contradicts_another_is_not_written(office: Office) -> None:
    """
    Where a file of people gives the group another new name, the refusal names both, and what was there stays.
    """
    office.run("groups", "decide", "traders", "--keep", "--reason", "OPS-1")
    office.decides("- {group: staff, rename: everybody}\n", name="groups/people.yaml")
    before = files(office)
    office.admin.admin_creates_group("everybody")
    told = office.run("groups", "decide", "staff", "--rename", "all of us", "--reason", "OPS-2")

    assert (told.code, files(office)) == (1, before)
    assert "groups/people.yaml:1" in told.err


def test_conflict_of_another_kind_is_named(office: Office) -> None:
    """
    A group of ours that the administrator deleted and made again is told of with its own way out.
    """
    office.run("apply", "--yes")
    office.admin.run("DELETE FROM groups WHERE name = 'desk'")
    office.admin.admin_creates_group("desk")
    told = office.run("groups", "decide", "desk", "--keep", "--reason", "OPS-1")

    assert (told.code, files(office)) == (1, [])
    assert "the group 'desk' waits for something else: 'desk' (id-desk): its account (id" in told.err
    assert "adopt: true" in told.err


def test_decision_about_nobody_s_group_is_a_fault_with_its_line(office: Office) -> None:
    """
    `validate` knows the groups of the export, and says which line names none.
    """
    office.run("groups", "decide", "staff", "--keep", "--reason", "OPS-1")
    (file,) = (office.state / "overrides" / "groups").glob("*.yaml")
    file.write_text(file.read_text("utf-8").replace("group: staff", "group: stuff"), "utf-8")
    told = office.run("validate")

    assert told.code == 1
    assert f"{file.relative_to(office.folder)}:2: unknown group 'stuff'" in told.err + told.out


def test_explanation_says_why_somebody_is_not_in_a_group(office: Office) -> None:
    """
    Of a person whom the source has in a group in conflict, `explain` says so, and how the group stands.
    """
    office.run("apply", "--yes")
    told = office.run("explain", "bob").out

    assert '"staff"  its name is taken: undecided  no' in told
