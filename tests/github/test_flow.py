"""
The flow on GitHub from one end to the other: pull request, plan, merge, plan again, reviewer or not, apply, ledger.
"""

from pathlib import Path

import pytest

from tests.github.forge import Forge

ANN, BOB = "ann.muster@example.com", "bob.keller@example.com"
LOCALE = f"- user: {ANN}\n  set: {{locale: de_DE}}\n  reason: T-1\n"
BLOCK = f"- user: {BOB}\n  block: true\n  reason: T-2\n"
EDITOR = f"- user: {ANN}\n  roles: {{add: [Administrator]}}\n  reason: T-3\n"


@pytest.fixture
def settled(forge: Forge) -> Forge:
    """
    Return the repository after its first apply.
    """
    planned, applied = forge.applies()
    assert (planned.code, applied.code) == (0, 0), planned.err + applied.err
    return forge


@pytest.mark.ci
def test_first_run_makes_the_ledgers_branch(settled: Forge) -> None:
    """
    A run pushes its intents, and then its record with trailers, to the ledger's branch, and nothing to `main`.
    """
    message = settled.git("log", "-1", "--format=%B", "reconciler-ledger", at=settled.remote)

    assert settled.subjects() == ["Intend run 1 on openpages", "Record run 1 on openpages"]
    assert settled.subjects("main") == ["Begin"]
    for trailer in ("Plan-Digest: sha256:", "Run: 1", "Inputs: sha256:", "Approved-by: sha256:", "Changes: +"):
        assert f"\n{trailer}" in message


def test_a_harmless_change_goes_from_pull_request_to_target(settled: Forge) -> None:
    """
    The comment shows what the merge would do; after it the same change is planned, nobody is asked, and it lands.
    """
    number = settled.proposes({"state/overrides/ann.yaml": LOCALE})
    planned = settled.plans(number)
    text = settled.comment(number)
    settled.squashes(number)
    first, second = settled.applies()

    assert (planned.code, planned.outputs["changes"], planned.outputs["offline"]) == (0, "1", "false")
    assert 'locale: "en_US" -> "de_DE"' in text
    assert first.outputs["environment"] == "reconciler-auto"
    assert f"Since review (#{number}): the same changes." in first.summary
    assert (second.code, second.outputs["exit-code"]) == (0, "0")
    assert settled.person(ANN, "locale") == "de_DE"
    assert len(settled.subjects()) == 4
    assert settled.on_main("apply-plan").outputs["changes"] == "0"


@pytest.mark.ci
@pytest.mark.parametrize("decision", [pytest.param(BLOCK, id="removal"), pytest.param(EDITOR, id="privilege")])
def test_what_is_risky_waits_for_a_reviewer(settled: Forge, decision: str) -> None:
    """
    A removal and a gain of privilege are sent to the environment that has reviewers.
    """
    number = settled.proposes({"state/overrides/risky.yaml": decision})
    settled.squashes(number)
    settled.hub.approvals = [{"state": "approved", "user": {"login": "carla"}}]
    planned, applied = settled.applies()
    record = "reconciler-ledger:state/ledger/openpages/runs/2026/000002.jsonl"

    assert planned.outputs["environment"] == "reconciler"
    assert planned.outputs["risky"] != "0"
    assert applied.code == 0
    assert '"who":"ann, approved by carla"' in settled.git("show", record, at=settled.remote)


@pytest.mark.ci
def test_a_second_push_updates_the_one_comment(settled: Forge) -> None:
    """
    However often a pull request is planned it has one comment of ours; that of somebody who copies our mark stays.
    """
    number = settled.proposes({"state/overrides/ann.yaml": LOCALE})
    settled.hub.says(number, "<!-- reconciler:plan openpages -->\nNothing to see.", login="mallory")
    settled.plans(number)
    settled.proposes({"state/overrides/ann.yaml": LOCALE.replace("de_DE", "fr_FR")})
    settled.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/change-{number}")
    settled.merge_ref(number)
    settled.plans(number)

    assert '"fr_FR"' in settled.comment(number)
    assert settled.hub.comments[0]["body"].endswith("Nothing to see.")


@pytest.mark.ci
def test_nothing_to_change_is_said_first(settled: Forge) -> None:
    """
    A pull request that changes nothing in the target says so first.
    """
    number = settled.proposes({"notes.txt": "x"})
    settled.plans(number)

    assert "No changes. openpages: 60 users, 10 groups looked at." in settled.comment(number)


@pytest.mark.ci
def test_drift_is_one_issue_that_is_closed_when_it_is_over(settled: Forge) -> None:
    """
    What an administrator decided otherwise opens an issue with two choices; taken back, the issue is closed.
    """
    settled.admin.admin_sets(ANN, locale="de_DE")
    settled.applies()
    number = settled.proposes({"state/overrides/ann.yaml": LOCALE.replace("de_DE", "fr_FR")})
    settled.squashes(number)
    settled.on_main("drift")
    settled.on_main("drift")
    [issue] = [dict(one) for one in settled.hub.open_issues()]
    (settled.desk / "state/overrides/ann.yaml").unlink()
    settled.pushes()
    settled.on_main("drift")

    assert issue["title"] == "Drift in openpages: 1 to decide, 0 to be undone"
    assert f"reconciler give {ANN} locale" in issue["body"]
    assert f"reconciler take {ANN} locale" in issue["body"]
    assert settled.hub.open_issues() == []


@pytest.mark.ci
def test_export_is_one_rolling_pull_request(forge: Forge, tmp_path: Path) -> None:
    """
    An export that says something new goes to one branch and one pull request; read again, it is the same one.
    """
    cloud = Path(__file__).parents[1] / "data/ibmcloud/cli"
    jobs = [forge.on_main("export", "ibmcloud", "--from", str(cloud)) for _ in range(2)]

    assert [job.code for job in jobs] == [0, 0], jobs[0].err + str(tmp_path)
    assert jobs[0].outputs["pull-request"] == jobs[1].outputs["pull-request"] == "1"
    assert forge.subjects("reconciler/export") == ["Begin", "Read ibmcloud anew"]
    assert forge.hub.issues[0]["title"].startswith("Export of ibmcloud: ")
