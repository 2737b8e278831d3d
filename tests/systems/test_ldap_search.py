"""
`reconciler import` on a directory's export, row by row: search, see the status, choose, and the override says so.
"""

import json
from pathlib import Path

import pytest

from reconciler.cli.session import Session
from reconciler.core.search import Matches, Query, containing
from reconciler.wiring.bench import bench
from reconciler.wiring.importing import search
from tests.cli.conftest import Answer
from tests.once import Once
from tests.server.registry import answering, registry
from tests.systems.office import NOW, Office, person, team

PEOPLE = (
    person("andarm", display_name="Anders Armgard", groups=("Analysis",)),
    person("andbal", groups=("Analysis",)),
    person("aandrei", first_name="Andrei", last_name="Petrov"),
    person("mona", display_name="Mona Lindt"),
    person("u4711", display_name="Chandra Rao"),
)
GROUPS = (team("Analysis"), team("Sales"))
FOUND = ["aandrei", "andarm", "andbal", "u4711", "Analysis"]


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], once: Once
) -> Office:
    """
    Return a repository that imports from a directory with five people and two groups; nobody has been chosen.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    office = Office(tmp_path, capsys)
    once("directory", tmp_path, lambda: _begun(office))
    return office


def _begun(office: Office) -> None:
    office.begins(policy="ldap-import")
    office.source_says(PEOPLE, GROUPS)


@pytest.fixture
def imported(office: Office, once: Once) -> Office:
    """
    Return the same once andarm and Analysis were imported, with a role, and an internal user has been made.
    """
    once("imported", office.folder, lambda: _imported(office))
    return office


def _imported(office: Office) -> None:
    chosen = ("--select", "andarm", "--select", "analysis", "--roles", "Reviewer", "--enable")
    assert office.run("import", "directory", "an", *chosen).code == 0
    office.applied()
    office.admin.admin_creates("boss")
    office.admin.admin_sets("boss", roles=("Auditor", "Author"))


def statuses(told: Answer) -> dict[str, str]:
    """
    Return the status of each match, with its reason, by name.
    """
    return {one["name"]: f"{one['status']}: {one['reason']}".removesuffix(": ") for one in told.json}


def found(office: Office, query: str, *options: str) -> dict[str, str]:
    """
    Return what a search tells, and that it wrote nothing.
    """
    told = office.run("import", "directory", query, "--format", "json", *options)

    assert (told.code, office.git("status", "--porcelain")) == (0, "")
    return statuses(told)


def made(office: Office) -> list[str]:
    """
    Return the names of all that a plan would make once what lies here is committed.
    """
    office.commit()
    changes = office.run("plan", "--format", "json").json["changes"]
    return sorted(one["name"] for one in changes if one["action"] == "create")


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Office:
    """
    Return a repository that imports from two directories, each with an Ann of its own.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    office = Office(tmp_path, capsys)
    office.begins(policy="ldap-import", sources=("berlin", "lisbon"))
    office.source_says([person("ann", groups=("Analysis",)), person("hans")], GROUPS, source="berlin")
    office.source_says([person("ana"), person("joana"), person("ann", key="l-ann")], source="lisbon")
    return office


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("berlin", ["ann", "hans", "Analysis"], id="berlin"),
        pytest.param("lisbon", ["ana", "joana", "ann"], id="lisbon"),
    ],
)
def test_l01_operator_chooses_the_directory(two: Office, source: str, names: list[str]) -> None:
    """
    Several directories are configured: the one that is named is searched and imported from, and no other.
    """
    told = two.run("import", source, "an", "--all", "--format", "json")

    assert list(statuses(told)) == names
    assert (made(two), two.run("validate").code) == (sorted(names), 0)


def test_l01_both_directories_feed_one_target(two: Office) -> None:
    """
    Who was chosen from one stays as imported when others are chosen from the other; one name is one account.
    """
    two.run("import", "berlin", "an", "--all")
    two.applied()
    before = statuses(two.run("import", "lisbon", "an", "--format", "json"))
    two.run("import", "lisbon", "joana", "--all")
    two.applied()

    assert two.admin.run("SELECT user_name FROM users ORDER BY 1") == [("ann",), ("hans",), ("joana",)]
    assert before["ann"].startswith("blocked: two source users would bear one name")


@pytest.mark.parametrize(
    ("source", "time"),
    [("berlin", "2026-11-20T06:30:00Z"), ("lisbon", "2026-11-20T07:15:00Z")],
    ids=["first", "second"],
)
def test_l01_older_export_of_either_directory_is_refused(two: Office, source: str, time: str) -> None:
    """
    What was applied of each directory is remembered by itself, so that neither goes back in the other's shadow.
    """
    two.source_says([person("ana")], source="lisbon", at="2026-11-20T07:30:00Z")
    two.run("import", "lisbon", "ana", "--all")
    two.applied()
    two.source_says([person("ana")] if source == "lisbon" else [], source=source, at=time)
    told = two.run("plan")

    assert told.code == 3
    assert f"the export of {source} was read at {time}" in told.err


def test_l01_export_of_either_directory_from_the_future_is_refused(two: Office) -> None:
    """
    A clock that is wrong in one place is not hidden by the other.
    """
    two.source_says([person("ana")], source="lisbon", at="2026-11-20T09:00:00Z")
    told = two.run("plan")

    assert told.code == 3
    assert "read at 2026-11-20T09:00:00Z, which is in the future" in told.err


def test_l01_key_in_two_directories_is_refused(two: Office) -> None:
    """
    A key is one directory's alone: both places are named, by plan and by validate.
    """
    two.source_says([person("hans")], source="lisbon")
    plan, check = two.run("plan"), two.run("validate")

    assert (plan.code, check.code) == (1, 1)
    assert "lisbon/users.jsonl:1: key 'id-hans' stands at" in plan.err
    assert "lisbon/users.jsonl:1: key 'id-hans' stands at" in check.err + check.out


def test_l01_whole_is_as_good_as_its_weakest_part(two: Office) -> None:
    """
    Where one directory was read only in part, nobody is removed on the word of both.
    """
    two.source_says([person("ana")], source="lisbon", complete=False)

    assert "the export is incomplete (lisbon: a page is missing)" in two.run("plan").out


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("an", FOUND, id="anywhere"),
        pytest.param("an*", FOUND, id="not-anchored"),
        pytest.param("*an*", FOUND, id="wildcards"),
        pytest.param("AN", FOUND, id="case"),
        pytest.param("a*b", ["andbal"], id="inside"),
        pytest.param("andrei petrov", ["aandrei"], id="first-and-last-name"),
        pytest.param("sal", ["Sales"], id="group"),
        pytest.param("*", [*FOUND[:3], "mona", "u4711", "Analysis", "Sales"], id="everybody"),
        pytest.param("(cn=an)", [], id="no-filter"),
        pytest.param("a.", [], id="no-pattern"),
    ],
)
def test_l02_text_matches_anywhere_in_a_name(office: Office, query: str, names: list[str]) -> None:
    """
    A plain text is found anywhere in user name, display name or group name; `*` stands for anything.
    """
    assert list(found(office, query)) == names


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("an", "*an*", id="anywhere"),
        pytest.param("an*", "*an*", id="not-anchored"),
        pytest.param("a*b", "*a*b*", id="inside"),
        pytest.param("*", "*", id="everybody"),
        pytest.param("x)(uid=*", r"*x\29\28uid=*", id="parentheses"),
        pytest.param("a\\b\0", r"*a\5cb\00*", id="backslash-and-nul"),
    ],
)
def test_l02_search_text_is_escaped_for_a_directory(text: str, value: str) -> None:
    """
    What a filter would act on is escaped as RFC 4515 says, so that nobody finds more than was typed.
    """
    assert containing(text, ("uid", "displayName")) == f"(|(uid={value})(displayName={value}))"


def test_l02_raw_filter_is_for_a_directory_that_answers_it(office: Office) -> None:
    """
    An export cannot answer a filter of the directory's own, and says so instead of finding nobody.
    """
    told = office.run("import", "directory", "(uid=an*)", "--filter")

    assert (told.code, told.out) == (2, "")
    assert "'(uid=an*)' is a filter for a directory" in told.err


class Directory:
    """
    A directory that answers every query with Mona, and remembers what it was asked.
    """

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def search(self, query: Query) -> Matches:
        """
        Return Mona.
        """
        self.asked.append(query)
        return Matches(users=(person("mona"),))


def test_l02_raw_filter_reaches_a_directory_as_it_is(office: Office) -> None:
    """
    A source that can be asked itself gets the very filter, and what it finds has a status like any other match.
    """
    directory, query = Directory(), Query(text="(&(uid=mo*)(!(cn=\\2a)))", raw=True)
    with bench(office.state, None, environ={"RECONCILER_NOW": NOW}) as opened:
        (match,) = search(opened, directory, query).matches

    assert directory.asked == [query]
    assert (match.name, match.status) == ("mona", "import")


def test_roles_that_the_policy_does_not_know_are_refused(office: Office) -> None:
    """
    Nothing is recorded that no run would ever write.
    """
    office.writes(
        "state/policies/bare.yaml",
        "version: 1\nusers: {population: selected, fields: {user_name: source}}\n",
    )
    config = (office.state / "reconciler.yaml").read_text("utf-8")
    office.writes("state/reconciler.yaml", config.replace("ldap-import", "bare.yaml"))
    office.commit()
    told = office.run("import", "directory", "mona", "--all", "--roles", "Author")

    assert (told.code, office.git("status", "--porcelain")) == (2, "")
    assert "says nothing of roles" in told.err


@pytest.mark.parametrize(
    ("options", "names"),
    [
        pytest.param(("--select", "andarm"), ["andarm"], id="one"),
        pytest.param(("--select", "ANALYSIS", "--select", "id-andbal"), ["Analysis", "andbal"], id="several"),
        pytest.param(("--all",), sorted(FOUND), id="all"),
    ],
)
def test_l03_choice_is_written_as_overrides(office: Office, options: tuple[str, ...], names: list[str]) -> None:
    """
    One, several or all of the matches are chosen, and a plan after the commit makes these and no other.
    """
    told = office.run("import", "directory", "an*", *options)

    assert told.code == 0
    assert made(office) == names


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        pytest.param("1,3-4", ["aandrei", "andbal", "u4711"], id="numbers"),
        pytest.param("5", ["Analysis"], id="group"),
        pytest.param("all", sorted(FOUND), id="all"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_l03_who_sits_at_a_terminal_types_numbers(
    office: Office, monkeypatch: pytest.MonkeyPatch, typed: str, names: list[str]
) -> None:
    """
    On a terminal the matches are a list with numbers, and whoever sits there types those that are meant.
    """
    monkeypatch.setattr(Session, "on_terminal", property(lambda _session: True))
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt="": typed)
    told = office.run("import", "directory", "an")

    assert told.code == 0
    assert made(office) == names


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        pytest.param("0", "there is no match 0", id="zero"),
        pytest.param("2-7", "there is no match 6", id="beyond"),
        pytest.param("1-999999999999", "there is no match 6", id="far-beyond"),
        pytest.param("one", "'one' is no number", id="word"),
        pytest.param("-1", "'-1' is no number", id="negative"),
    ],
)
def test_l03_number_of_no_match_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch, typed: str, message: str
) -> None:
    """
    A number that no match has chooses nobody, and nothing is written.
    """
    monkeypatch.setattr(Session, "on_terminal", property(lambda _session: True))
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt="": typed)
    told = office.run("import", "directory", "an")

    assert (told.code, office.git("status", "--porcelain")) == (2, "")
    assert message in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(("directory", "an", "--select", "andbol"), 2, "did you mean 'andbal'", id="misspelt"),
        pytest.param(("directory", "an", "--select", "mona"), 2, "no match is called 'mona'", id="no-match"),
        pytest.param(("directory", "an", "--all", "--select", "andbal"), 2, "say one of them", id="both"),
        pytest.param(("directory", " "), 2, "'*' finds everybody", id="nothing"),
        pytest.param(("porto", "an"), 2, "there is no source 'porto'", id="source"),
        pytest.param(("directory", "an", "--target", "x"), 2, "there is no target 'x'", id="target"),
        pytest.param(
            ("directory", "an", "--all", "--copy-access-from", "bos"), 2, "neither a user nor a group", id="access"
        ),
    ],
)
def test_import_that_cannot_be_meant_is_refused(
    office: Office, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """
    What names nobody, or two things at once, is told with what would help; nothing is written.
    """
    told = office.run("import", *arguments)

    assert (told.code, office.git("status", "--porcelain")) == (code, "")
    assert message in told.err


def test_import_is_refused_where_the_policy_looks_after_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A choice that would change nothing is not recorded.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    office = Office(tmp_path, capsys)
    office.begins(policy="atlassian")
    office.source_says(PEOPLE, GROUPS)
    told = office.run("import", "directory", "an", "--all")

    assert told.code == 2
    assert "looks after everybody" in told.err


def test_l04_each_match_shows_its_status_before_anything_happens(imported: Office) -> None:
    """
    Who would be made, who was imported before, and whom an internal user or group keeps out.
    """
    imported.admin.admin_creates("andbal")
    imported.admin.admin_creates_group("Sales")

    assert found(imported, "*") == {
        "aandrei": "import",
        "andarm": "synchronize",
        "andbal": "blocked: exists as internal user",
        "mona": "import",
        "u4711": "import",
        "Analysis": "synchronize",
        "Sales": "blocked: exists as internal group",
    }


@pytest.mark.parametrize(
    ("state", "override", "reason"),
    [
        pytest.param("left", "", "the source says of its state: left", id="left"),
        pytest.param("unknown", "", "the source says of its state: unknown", id="unknown"),
        pytest.param("active", "exclude: true", "an override says hands off", id="excluded"),
        pytest.param("active", "block: true", "an override says hands off", id="blocked"),
    ],
)
def test_l04_whoever_would_not_be_made_is_blocked(office: Office, state: str, override: str, reason: str) -> None:
    """
    No status promises what the plan would not do.
    """
    office.source_says([person("zoe", state=state)])
    if override:
        office.decides(f"- {{user: zoe, {override}, reason: T-1}}\n")

    assert found(office, "zoe")["zoe"].startswith(f"blocked: {reason}")


def test_l04_protected_account_blocks(office: Office) -> None:
    """
    The system's own account is nobody's but the system's.
    """
    office.run("plan")
    office.admin.admin_creates("Administrator")
    office.source_says([person("Administrator")])

    assert found(office, "admin") == {"Administrator": "blocked: exists as internal user"}


def test_l04_blocked_one_is_chosen_neither_by_name_nor_with_all(imported: Office) -> None:
    """
    By name it is refused, with the decision that releases it; all means all the others.
    """
    imported.admin.admin_creates("andbal")
    named = imported.run("import", "directory", "an", "--select", "andbal")
    every = imported.run("import", "directory", "an", "--all")

    assert (named.code, every.code) == (1, 0)
    assert 'user: "id-andbal", adopt: true' in named.err
    assert "left out: user andbal, blocked: exists as internal user" in every.err
    assert "andbal" not in imported.overrides()


def test_l04_blocked_one_is_released_by_a_decision(imported: Office) -> None:
    """
    An override that adopts the internal user makes an import of the blocked match.
    """
    imported.admin.admin_creates("andbal")
    imported.decides("- {user: id-andbal, adopt: true, reason: T-1}\n")
    before = found(imported, "andbal")
    imported.run("import", "directory", "andbal", "--select", "andbal")
    imported.applied()

    assert (before, found(imported, "andbal")) == ({"andbal": "import"}, {"andbal": "synchronize"})


def test_l05_new_user_and_group_have_the_chosen_roles(imported: Office) -> None:
    """
    The roles that were chosen at the import are those of the account and of the group.
    """
    roles = "SELECT role FROM user_roles UNION ALL SELECT role FROM group_roles"
    imported.admin.run("DELETE FROM users WHERE user_name = 'boss'")

    assert imported.admin.run(roles) == [("Reviewer",), ("Reviewer",)]


def test_l05_choosing_again_leaves_roles_and_state_alone(imported: Office) -> None:
    """
    Who was imported before is synchronised: nothing is to be decided of it, whatever roles are chosen for new ones.
    """
    told = imported.run("import", "directory", "andarm", "--all", "--roles", "Author", "--enable")

    assert (told.code, imported.git("status", "--porcelain")) == (0, "")
    assert "chosen already" in told.err
    assert "--enable and --roles change nothing for who was imported before: andarm" in told.err


@pytest.mark.parametrize(
    ("options", "wanted"), [((), "present"), (("--enable",), "active")], ids=["not", "enabled"]
)
def test_l06_explain_tells_who_was_not_enabled(office: Office, options: tuple[str, ...], wanted: str) -> None:
    """
    Git wants somebody active only where an override says so.
    """
    office.run("import", "directory", "mona", "--all", *options)
    office.applied()

    assert office.run("explain", "mona", "--format", "json").json["state"] == wanted
    assert ("no override enables it" in office.run("explain", "mona").out) == (wanted == "present")


@pytest.mark.parametrize("options", [("--enable",), ()], ids=["asked for", "not asked for"])
def test_l06_new_ones_hear_of_nothing_that_comes_too_late(office: Office, options: tuple[str, ...]) -> None:
    """
    Who is made now gets what was asked for, and nothing is said of it.
    """
    told = office.run("import", "directory", "mona", "--all", *options)

    assert "change nothing" not in told.err


def test_l05_choice_that_was_taken_back_can_be_made_again(imported: Office) -> None:
    """
    Where no override includes somebody any more, the choice is written again, without roles.
    """
    for path in (imported.state / "overrides").glob("import-*.yaml"):
        path.unlink()
    imported.run("import", "directory", "andarm", "--select", "andarm", "--roles", "Author")

    assert "include: true" in imported.overrides()
    assert "roles" not in imported.overrides()


@pytest.mark.parametrize(("options", "enabled"), [((), 0), (("--enable",), 1)], ids=["disabled", "enabled"])
def test_l06_new_users_are_enabled_if_it_was_chosen(office: Office, options: tuple[str, ...], enabled: int) -> None:
    """
    Without the option the account that an import makes is disabled.
    """
    office.run("import", "directory", "mona", "--all", *options)
    office.applied()

    assert office.admin.run("SELECT user_name, enabled FROM users") == [("mona", enabled)]


def test_l07_access_is_copied_at_the_import(imported: Office) -> None:
    """
    A new user gets the roles, and the managed groups, that the other has in the target now; a group the roles.
    """
    imported.admin.admin_creates_group("Local")
    imported.admin.admin_joins("boss", "Analysis")
    imported.admin.admin_joins("boss", "Local")
    told = imported.run(
        "import", "directory", "*", "--select", "mona", "--select", "sales", "--copy-access-from", "boss"
    )
    imported.applied()
    roles, groups = imported.admin.run("SELECT roles, group_names FROM people WHERE user_name = 'mona'")[0]

    assert "does not manage these groups: Local" in told.err
    assert (roles, groups) == ("Auditor, Author", "Analysis")
    assert imported.admin.run("SELECT roles FROM group_overview WHERE name = 'Sales'") == [("Auditor, Author",)]


def test_l07_access_is_added_later_once(imported: Office) -> None:
    """
    What the other has is added to what somebody has; what either gains or loses afterwards is not followed.
    """
    imported.admin.admin_sets("andarm", roles=("Modeler",))
    imported.run("import", "directory", "andarm", "--select", "andarm", "--copy-access-from", "boss")
    imported.commit()
    (change,) = imported.run("plan", "--format", "json").json["changes"]
    imported.applied()
    imported.admin.admin_sets("boss", roles=("Auditor", "Author", "Server Administrator"))
    imported.admin.admin_sets("andarm", roles=("Auditor",))

    assert (change["before"], change["after"]) == (
        {"roles": ["Modeler"]},
        {"roles": ["Auditor", "Author", "Modeler"]},
    )
    assert "with the access of boss" in change["because"]["roles"]
    assert imported.run("plan", "--check").code == 0


def test_l07_group_gives_its_roles_to_users_and_groups(imported: Office) -> None:
    """
    The roles that a group holds in the target are added to those of a user and of another group.
    """
    imported.admin.run("INSERT INTO group_roles (group_id, role) SELECT id, 'Author' FROM groups")
    imported.run("import", "directory", "sal", "--select", "sales")
    imported.applied()
    imported.run(
        "import", "directory", "*", "--select", "andarm", "--select", "sales", "--copy-access-from", "analysis"
    )
    told = imported.applied()

    assert told.code == 0
    assert imported.admin.run("SELECT role FROM group_roles JOIN groups ON id = group_id WHERE name = 'Sales'") == [
        ("Author",),
        ("Reviewer",),
    ]


@pytest.mark.parametrize(
    ("like", "roles"),
    [
        pytest.param("boss", "", id="either"),
        pytest.param("user:boss", "Auditor, Author", id="user"),
        pytest.param("group:boss", "Modeler", id="group"),
        pytest.param("user:2", "Auditor, Author", id="id"),
    ],
)
def test_l07_name_of_a_user_and_a_group_is_told_apart(imported: Office, like: str, roles: str) -> None:
    """
    Where both bear the name, nothing is copied until it is said which is meant; an id does, too.
    """
    imported.admin.admin_creates_group("boss")
    imported.admin.run(
        "INSERT INTO group_roles (group_id, role) SELECT id, 'Modeler' FROM groups WHERE name = 'boss'"
    )
    told = imported.run("import", "directory", "mona", "--all", "--copy-access-from", like)

    assert (told.code, f"roles: {{add: [{roles}]}}" in imported.overrides()) == ((0, True) if roles else (2, False))


def test_l07_roles_that_changed_after_the_review_are_held(imported: Office) -> None:
    """
    Where an administrator changes the roles before the copy is applied, nothing is overwritten, and that is told.
    """
    imported.run("import", "directory", "andarm", "--select", "andarm", "--copy-access-from", "boss")
    imported.admin.admin_sets("andarm", roles=("Modeler",))
    imported.commit()
    told = imported.run("apply", "--yes")

    assert told.code == 3
    assert "the live value is not the one that restore was reviewed for" in told.out


def test_l07_copy_that_was_made_is_not_written_again_in_silence(imported: Office) -> None:
    """
    An override that has been acted on does nothing a second time, so it is refused, with what to do.
    """
    again = ("import", "directory", "andarm", "--select", "andarm", "--copy-access-from", "boss")
    imported.run(*again)
    imported.applied()
    imported.admin.admin_sets("andarm", roles=("Reviewer",))
    for path in (imported.state / "overrides").iterdir():
        path.rename(path.with_name(f"kept-{path.name}"))
    imported.commit()
    told = imported.run(*again)

    assert (told.code, imported.git("status", "--porcelain")) == (2, "")
    assert "give another --reason" in told.err


def test_what_is_written_is_valid_and_says_why(imported: Office) -> None:
    """
    The state folder is sound with it, and whoever reviews it reads what was searched for, or the reason given.
    """
    reason = 'T-9: "new" # colleague'
    imported.run("import", "directory", "mona", "--all", "--reason", reason, "--roles", "Author")

    assert imported.run("validate").code == 0
    assert f"reason: {json.dumps(reason)}" in imported.overrides()
    assert 'reason: "import from directory: an"' in imported.overrides()


def test_l08_one_external_group_is_synchronised_by_name(imported: Office) -> None:
    """
    One group, named at the command line, becomes what the directory says, with its members; nothing else does.
    """
    imported.run("import", "directory", "*", "--select", "sales", "--select", "mona")
    imported.applied()
    groups = [team(one.name, description="new") for one in GROUPS]
    imported.source_says(
        [person(one.user_name, display_name="New", groups=("Analysis", "Sales")) for one in PEOPLE],
        groups,
        at="2026-11-20T07:30:00Z",
    )
    told = imported.run("sync-groups", "analysis")
    members = imported.admin.run("SELECT group_name, user_name FROM group_members ORDER BY group_name, user_name")

    assert told.code == 0
    assert imported.admin.run("SELECT name, description FROM groups ORDER BY name") == [
        ("Analysis", "new"),
        ("Sales", None),
    ]
    assert members == [("Analysis", "andarm"), ("Analysis", "mona")]
    assert imported.admin.run("SELECT count(*) FROM users WHERE display_name = 'New'") == [(0,)]


def test_l08_service_synchronises_one_group_by_name(tmp_path: Path) -> None:
    """
    Asked over HTTP, one group is made what the directory says; another one that differs as much is left.
    """
    found = registry(tmp_path, policy="extends: ldap-import\n")
    said = ("{group: group1, include: true}", "{group: group2, include: true}", "{user: user1, include: true}")
    (tmp_path / "state" / "overrides").mkdir()
    (tmp_path / "state" / "overrides" / "chosen.yaml").write_text("".join(f"- {one}\n" for one in said))
    found.git("add", "--all")
    found.git("commit", "--quiet", "-m", "Choose")
    with answering(found) as served:
        served.post("/runs", {})
        before = served.groups_of("user1")
        for name in ("group1", "group2"):
            served.admin.admin_leaves("user1", name)
        answer = served.post("/system/groups_sync", {"groups": ["group1"]}, BPMCSRFToken=served.token())
        after = served.groups_of("user1")

    assert (answer.status, answer.json["counts"]["landed"]) == (200, 1)
    assert (before, after) == (["group1", "group2"], ["group1"])
