"""
`reconciler policy show`: the policy that is meant, every rule of it, and where each stands.
"""

from pathlib import Path

import pytest

from reconciler.core.policy import Policy, build
from reconciler.files.policies import policies, presets
from reconciler.files.policy_text import policy_text, rules_of
from tests.cli.conftest import Desk


def read_back(folder: Path, text: str) -> Policy:
    """
    Return the policy that a text is, read as a file of people; it has no fault.
    """
    (folder / "policies").mkdir()
    (folder / "policies" / "shown.yaml").write_text(text, "utf-8")
    found = policies(folder)
    shown = found.named("shown.yaml")

    assert found.faults == ()
    assert shown is not None
    return shown


def shipped(name: str) -> Policy:
    """
    Return a preset as it resolves.
    """
    policy = policies(Path("nowhere")).named(name)

    assert policy is not None
    return policy


def rules(policy: Policy) -> list[tuple[tuple[str, ...], object]]:
    """
    Return what a policy says, wherever it stands.
    """
    return [(one.pointer, one.value) for one in rules_of(policy)]


@pytest.mark.parametrize("name", presets())
def test_what_is_shown_is_the_policy(tmp_path: Path, name: str) -> None:
    """
    The text, read back, is a policy that says the same, all of it in its own lines.
    """
    policy = shipped(name)
    shown = read_back(tmp_path, policy_text(policy, "x"))

    assert rules(shown) == rules(policy)
    assert {one.origin.partition(":")[0] for one in rules_of(shown)} == {"", f"{tmp_path}/policies/shown.yaml"}


def test_every_rule_has_the_place_where_it_stands(desk: Desk) -> None:
    """
    What the file says has its file and line, what it leaves to the preset the preset's, the rest is a default.
    """
    told = desk.run("policy", "show", "openpages", "--format", "json").json["origins"]
    file = (desk.state / "policies" / "openpages.yaml").read_text().splitlines()

    assert told["profiles.fallback"] == f"state/policies/openpages.yaml:{file.index('  fallback: Default') + 1}"
    assert told["users.population"].startswith("preset openpages:")
    assert told["users.admin_owned_expires"] == "default"


@pytest.mark.parametrize(
    ("arguments", "title", "origin"),
    [
        pytest.param(
            ("openpages",), "the policy of target openpages", "state/policies/openpages.yaml:9", id="target"
        ),
        pytest.param(
            ("openpages.yaml",), "the policy file openpages.yaml", "state/policies/openpages.yaml", id="file"
        ),
        pytest.param(("state/policies/openpages.yaml",), "the policy file openpages.yaml", "preset", id="path"),
        pytest.param(("openpages", "--preset"), "the preset openpages", "preset openpages:", id="preset asked for"),
        pytest.param(("baw",), "the preset baw", "preset baw:", id="preset"),
    ],
)
def test_name_is_a_target_a_file_or_a_preset(
    desk: Desk, arguments: tuple[str, ...], title: str, origin: str
) -> None:
    """
    A target stands before a file, a file before a preset, and the first line says which it is.
    """
    told = desk.run("policy", "show", *arguments)
    yaml = any("state/policies/openpages.yaml:" in line for line in told.out.splitlines())

    assert (told.code, told.out.splitlines()[0]) == (0, f"# {title}")
    assert origin in told.out
    assert yaml is not title.startswith("the preset")


def test_preset_is_shown_where_there_is_no_state_folder(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever has nothing yet may look at what ships.
    """
    monkeypatch.chdir(tmp_path)
    told = desk.run("policy", "show", "ldap-import")

    assert told.code == 0
    assert told.out.startswith("# the preset ldap-import\nversion: 1\nusers:\n  population: selected ")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        pytest.param(("bwa",), "did you mean 'baw'?", id="mistyped"),
        pytest.param(("openpages.yaml", "--preset"), "did you mean 'openpages'?", id="no preset"),
        pytest.param(("\x1b[31m",), "one of: atlassian, baw,", id="hostile"),
    ],
)
def test_unknown_name_is_exit_code_2(desk: Desk, arguments: tuple[str, ...], hint: str) -> None:
    """
    A name that nothing bears is told, with the nearest one.
    """
    told = desk.run("policy", "show", *arguments)

    assert (told.code, told.out) == (2, "")
    assert hint in told.err
    assert "\x1b" not in told.err


@pytest.mark.parametrize("name", ["openpages", "openpages.yaml"])
def test_policy_with_faults_is_told_with_their_lines(desk: Desk, name: str) -> None:
    """
    A policy that cannot be used is not shown as if it could.
    """
    path = desk.state / "policies" / "openpages.yaml"
    path.write_text(path.read_text().replace("fallback:", "fallbak:"))
    told = desk.run("policy", "show", name)

    assert (told.code, told.out) == (1, "")
    assert "state/policies/openpages.yaml:9" in told.err
    assert desk.run("policy", "show", "baw").code == 0


@pytest.mark.parametrize(
    "group",
    [
        "no",
        "Risk, Audit",
        'say "x"',
        "#1",
        "a: b",
        "Prüfer",
        "- x",
        "0123",
        "[a]",
        "tail ",
        "~",
        "&a",
        "*",
        "!x",
        "%",
    ],
)
def test_name_that_yaml_takes_otherwise_is_quoted(tmp_path: Path, group: str) -> None:
    """
    Whatever a group is called, the text that is shown says the same when it is read back.
    """
    policy = build({"profiles": {"by_group": {group: [group]}}}, {})

    assert read_back(tmp_path, policy_text(policy, "x")).profiles.by_group == {group: (group,)}
