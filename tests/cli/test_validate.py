"""
`reconciler validate`: all faults of all files, each with its line.
"""

import shutil

import pytest
from msgspec.structs import replace

from tests.cli.conftest import ANN, Desk


def test_sound_state_has_no_faults(settled: Desk) -> None:
    """
    The example organisation, and the ledger of its first run, have no faults.
    """
    told = settled.run("validate")

    assert told.code == 0
    assert told.out.endswith("no faults\n")


def test_files_of_the_ledger_are_counted(desk: Desk, settled: Desk) -> None:
    """
    The number of files is that of the state folder and of the committed ledger.
    """
    listed = settled.git("ls-files", "state").split()
    told = settled.run("validate", "--format", "json")

    assert told.json["files"] == len(listed)
    assert desk.folder != settled.folder


def test_all_faults_of_all_files_are_told_at_once(settled: Desk) -> None:
    """
    A fault of each kind of file, and of what they say of each other, is named by file and line in one run.
    """
    (settled.state / "overrides" / "new.yaml").write_text(
        "- user: nobody@example.com\n  exclude: true\n  reason: T-1\n"
        f"- user: {ANN}\n  take: [user_name]\n  reason: T-2\n"
        f"- user: {ANN}\n  sett: {{locale: x}}\n"
    )
    with (settled.state / "policies" / "openpages.yaml").open("a") as file:
        file.write("userz: {}\n")
    _spoil(settled, "exports/ibmcloud/users.jsonl", '"state":"active"', '"state":"retired"')
    settled.git("add", "--all")
    told = settled.run("validate", "--format", "json")
    places = {(one["path"].removeprefix("state/"), one["line"]) for one in told.json["faults"]}

    assert told.code == 1
    assert places >= {
        ("exports/ibmcloud/users.jsonl", 1),
        ("overrides/new.yaml", 8),
        ("policies/openpages.yaml", 10),
    }


def test_what_files_say_of_each_other_is_checked(settled: Desk) -> None:
    """
    Unknown people, groups, roles and fields of overrides are faults with their lines.
    """
    settled.decides(
        "- user: nobody@example.com\n  set: {locale: de_DE}\n  reason: T-1\n"
        f"- user: {ANN}\n  take: [user_name]\n  groups: {{add: [Nowhere]}}\n  reason: T-2\n"
    )
    told = settled.run("validate")

    assert told.code == 1
    assert "state/overrides/decided.yaml:1: unknown user 'nobody@example.com'" in told.out
    assert "state/overrides/decided.yaml:5: take" in told.out
    assert "Nowhere" in told.out
    assert told.out.endswith("3 faults\n") or ", 3 faults" in told.out


def test_policy_without_a_place_in_its_target_is_a_fault(desk: Desk) -> None:
    """
    What a run would refuse of a policy and a target is told with the line of the target and that of the policy.
    """
    desk.configures("type: sql", "type: scim")
    desk.configures("url: sqlite:///.reconciler/openpages.db", "url: http://idp.example.com/scim")
    told = desk.run("validate")

    assert told.code == 1
    assert "is not encrypted" in told.out
    assert "groups.lifecycle.missing (by parent) (" in told.out
    assert "parent: null, lifecycle: {missing: keep" in told.out
    assert all(place in told.out for place in ("targets.openpages.url: ", "targets.openpages.policy: "))


@pytest.mark.parametrize("url", ["mysql://db/x", "sqlite://"])
def test_address_that_can_be_none_is_a_fault(desk: Desk, url: str) -> None:
    """
    A url of another database, or of no file, is told before anything is opened.
    """
    desk.configures("url: sqlite:///.reconciler/openpages.db", f"url: {url}")

    assert "targets.openpages.url: " in desk.run("validate").out


def test_schema_explains_a_refused_row(settled: Desk) -> None:
    """
    A row that no decoder takes is explained by its schema: the place, the value, what it may be.
    """
    _spoil(settled, "exports/ibmcloud/users.jsonl", '"state":"active"', '"state":"retired"')
    told = settled.run("validate")

    assert 'users.jsonl:1: state is "retired", not active or' in told.out


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        pytest.param("users.jsonl", '"owner":"git"', '"owner":"bob"', ":1: ", id="row"),
        pytest.param("head.json", '"version": 1', '"version": 2', ": version 2", id="newer"),
        pytest.param("runs/2026/000001.jsonl", '"type":"run"', '"type":"walk"', ":1: ", id="run"),
    ],
)
def test_ledger_is_checked_as_git_has_it(settled: Desk, name: str, *, old: str, new: str, line: str) -> None:
    """
    A ledger that somebody changed and committed is faulty, with file and line.
    """
    _spoil(settled, f"ledger/openpages/{name}", old, new)
    settled.commit()
    told = settled.run("validate")

    assert told.code == 1
    assert f"state/ledger/openpages/{name}{line}" in told.out


def test_record_that_was_changed_breaks_the_chain(settled: Desk) -> None:
    """
    A run's record that is sound by itself, but not the one that was written, is found by the hash that names it.
    """
    _spoil(settled, "ledger/openpages/runs/2026/000001.jsonl", '"outcome":"landed"', '"outcome":"failed"')
    settled.commit()
    told = settled.run("validate")

    assert told.code == 1
    assert "state/ledger/openpages/head.json: names sha256:" in told.out


def test_policy_that_cannot_be_read_breeds_no_other_fault(settled: Desk) -> None:
    """
    Where the policy is broken nobody knows which fields there are, so none is blamed; people are still looked up.
    """
    settled.decides(
        f"- user: {ANN}\n  set: {{locale: de_DE}}\n  roles: {{add: [Editor]}}\n  reason: T-1\n"
        "- user: nobody@example.com\n  set: {locale: de_DE}\n"
    )
    with (settled.state / "policies" / "openpages.yaml").open("a") as file:
        file.write("userz: {}\n")
    told = settled.run("validate", "--format", "json")

    assert {(one["path"], one["line"]) for one in told.json["faults"]} == {
        ("state/policies/openpages.yaml", 10),
        ("state/overrides/decided.yaml", 5),
    }


def test_faulty_configuration_hides_no_other_fault(settled: Desk) -> None:
    """
    Where reconciler.yaml cannot be read the other files are checked all the same, and what was not is said.
    """
    (settled.state / "reconciler.yaml").write_text("version: one\n")
    (settled.state / "overrides" / "new.yaml").write_text(f"- user: {ANN}\n  sett: 1\n")
    _spoil(settled, "exports/ibmcloud/users.jsonl", '"state":"active"', '"state":"retired"')
    told = settled.run("validate")

    assert told.code == 1
    assert "state/reconciler.yaml:1:" in told.out
    assert "new.yaml:2:" in told.out
    assert "users.jsonl:1:" in told.out
    assert "were not checked" in told.out


def test_leaver_in_an_override_is_a_warning(settled: Desk) -> None:
    """
    An override of somebody who left the export stops nothing, and is told.
    """
    settled.decides(f"- user: {ANN}\n  set: {{locale: de_DE}}\n")
    settled.cloud(lambda row: None if row.user_name == ANN else row)
    told = settled.run("validate")

    assert told.code == 0
    assert "warning: state/overrides/decided.yaml:1:" in told.out
    assert told.out.endswith("no faults, 1 warning\n")


def test_excluded_person_who_leaves_stops_nothing(desk: Desk) -> None:
    """
    Somebody excluded from the start is in no ledger; that they left is a warning of `validate` and of every plan.
    """
    desk.decides(f"- user: {ANN}\n  exclude: true\n  reason: T-1\n")
    before = [desk.run(*line.split()).code for line in ("apply --yes", "plan --check", "validate")]
    desk.cloud(lambda row: None if row.user_name == ANN else row)
    checked, planned = desk.run("validate"), desk.run("plan", "--check")

    assert before == [0, 0, 0]
    assert (checked.code, planned.code) == (0, 0)
    assert "warning: state/overrides/decided.yaml:1: no user of the export is" in checked.out
    assert f"state/overrides/decided.yaml:1: no user of the export is '{ANN}': gone, or misspelt" in planned.out


def test_earlier_name_of_a_group_means_the_same_everywhere(settled: Desk) -> None:
    """
    An override may go on to name a group by the name it bore: for `plan`, `validate` and `give` alike.
    """
    settled.decides(f"- user: {ANN}\n  groups: {{add: [Traders]}}\n")
    settled.cloud(groups=lambda row: replace(row, name="Dealers") if row.name == "Traders" else row)
    codes = [settled.run(*line.split()).code for line in ("apply --yes", "plan --check", "validate")]
    given = settled.run("give", ANN, "locale", "--reason", "T-1")

    assert codes == [0, 0, 0]
    assert given.code == 0, given.err


def test_export_that_is_not_there_or_nobody_reads_is_a_warning(settled: Desk) -> None:
    """
    A source without an export, and an export without a source, stop nothing and are told.
    """
    shutil.move(settled.export, settled.export.parent / "okta")
    told = settled.run("validate", "--format", "json")

    assert told.code == 0
    assert {one["path"] for one in told.json["warnings"]} == {"state/exports/ibmcloud", "state/exports/okta"}


def test_folder_that_is_not_there_is_a_fault(settled: Desk) -> None:
    """
    A mistyped folder is a fault, not an empty state without faults.
    """
    told = settled.run("validate", "--state", "sttae")

    assert told.code == 1
    assert "sttae: is not a folder" in told.out


def test_hostile_text_is_shown_and_not_obeyed(settled: Desk) -> None:
    """
    What a fault quotes of a file cannot act on the terminal.
    """
    (settled.state / "overrides" / "new.yaml").write_text('- user: "a\\u001b[31m"\n  exclude: true\n  reason: T\n')
    told = settled.run("validate")

    assert told.code == 1
    assert "\x1b" not in told.out + told.err


def _spoil(desk: Desk, name: str, old: str, new: str) -> None:
    """
    Put `new` in the place of the first `old` in a file of the state folder.
    """
    path = desk.state / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
