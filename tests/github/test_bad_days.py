"""
The days on which something comes in between: nothing is lost, nothing is written twice, and it is said.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.github.forge import LEDGER, Forge
from tests.github.stand_in import BOT

pytestmark = pytest.mark.ci

ANN, BOB = "ann.muster@example.com", "bob.keller@example.com"
CONFIG, DECIDED = "state/reconciler.yaml", "state/overrides/decided.yaml"


def wants(who: str, locale: str) -> str:
    """
    Return an override that gives somebody a locale.
    """
    return f"- user: {who}\n  set: {{locale: {locale}}}\n  reason: T-1\n"


@pytest.fixture
def settled(forge: Forge) -> Forge:
    """
    Return the repository after its first apply.
    """
    planned, applied = forge.applies()
    assert (planned.code, applied.code) == (0, 0), planned.err + applied.err
    return forge


def test_another_pull_request_merged_before_is_told(settled: Forge) -> None:
    """
    What was merged after the review, and was shown to nobody, is named as the difference.
    """
    number = settled.proposes({"state/overrides/ann.yaml": wants(ANN, "de_DE")})
    settled.plans(number)
    other = settled.proposes({"state/overrides/bob.yaml": f"- user: {BOB}\n  block: true\n  reason: T-2\n"})
    settled.squashes(other)
    settled.squashes(number)
    planned, _ = settled.applies()

    assert f"Since review (#{number}, #{other}): +1 removal" in planned.summary
    assert planned.outputs["environment"] == "reconciler"


def test_a_merge_between_the_two_jobs_stops_the_second(settled: Forge) -> None:
    """
    Where the branch says something else by the time of apply, that run does nothing and the next does all.
    """
    number = settled.proposes({DECIDED: wants(ANN, "de_DE")})
    settled.squashes(number)
    other = settled.proposes({"state/overrides/bob.yaml": wants(BOB, "fr_FR")})
    old = settled.checkout("refs/heads/main")
    planned = settled.on_main("apply-plan", folder=old)
    settled.squashes(other)
    stopped = settled.on_main("apply", folder=old)
    before = settled.person(ANN, "locale")
    settled.applies()

    assert (planned.code, stopped.code, before) == (0, 3, "en_US")
    assert "has moved on" in stopped.summary
    assert (settled.person(ANN, "locale"), settled.person(BOB, "locale")) == ("de_DE", "fr_FR")


def test_an_old_job_that_is_run_again_brings_nothing_back(settled: Forge) -> None:
    """
    Weeks later, a re-run finds another branch and stops; the ledger does not move.
    """
    number = settled.proposes({DECIDED: wants(ANN, "de_DE")})
    settled.squashes(number)
    old = settled.checkout("refs/heads/main")
    settled.on_main("apply-plan", folder=old)
    settled.applies()
    settled.squashes(settled.proposes({DECIDED: wants(ANN, "fr_FR")}))
    settled.applies()
    subjects = settled.subjects()
    again = [settled.on_main(command, folder=old) for command in ("apply-plan", "apply")]

    assert [job.code for job in again] == [3, 3]
    assert settled.subjects() == subjects
    assert settled.person(ANN, "locale") == "fr_FR"


def test_an_edit_between_plan_and_apply_costs_that_change_alone(settled: Forge) -> None:
    """
    The account that an administrator changed meanwhile keeps it; the other change of the same plan lands.
    """
    decided = wants(ANN, "de_DE") + wants(BOB, "fr_FR")
    settled.squashes(settled.proposes({DECIDED: decided}))
    planned, applied = settled.applies(meanwhile=lambda: settled.admin.admin_sets(ANN, locale="it_IT"))

    assert planned.outputs["changes"] == "2"
    assert (settled.person(ANN, "locale"), settled.person(BOB, "locale")) == ("it_IT", "fr_FR")
    assert applied.code == 0
    assert "hold no longer" in applied.err


def test_what_is_new_since_the_approval_is_held(settled: Forge) -> None:
    """
    No removal rides along: what an administrator's edit calls for after the approval waits for the next run.
    """
    settled.squashes(settled.proposes({DECIDED: wants(ANN, "de_DE")}))
    _, applied = settled.applies(meanwhile=lambda: settled.admin.admin_sets(BOB, first_name="Rob"))

    assert applied.code == 3
    assert (settled.person(ANN, "locale"), settled.person(BOB, "first_name")) == ("de_DE", "Rob")


def test_a_push_of_intents_that_is_refused_leaves_the_target_alone(settled: Forge) -> None:
    """
    Where the ledger's branch takes nothing nothing is written, and once it does the next run does it all.
    """
    settled.squashes(settled.proposes({DECIDED: wants(ANN, "de_DE")}))
    hook = refusing(settled.remote, "test -e refused && exit 0; touch refused; exit 1")
    _, stopped = settled.applies()
    before = settled.person(ANN, "locale")
    hook.unlink()
    _, applied = settled.applies()

    assert (stopped.code, before) == (1, "en_US")
    assert "the remote's rules refuse it" in stopped.err
    assert (applied.code, settled.person(ANN, "locale")) == (0, "de_DE")


def test_a_record_that_is_refused_is_made_good_from_its_intents(settled: Forge) -> None:
    """
    The runner, and the journal on it, are gone; the next one knows the write for ours, and claims it for Git.
    """
    settled.squashes(settled.proposes({DECIDED: wants(ANN, "de_DE")}))
    hook = refusing(settled.remote, "test -e intended && exit 1; touch intended")
    _, lost = settled.applies()
    written = settled.person(ANN, "locale")
    hook.unlink()
    settled.now = "2026-11-20T09:00:00Z"
    planned, applied = settled.applies()
    rows = settled.git("show", f"{LEDGER}:state/ledger/openpages/users.jsonl", at=settled.remote)
    [ann] = [row for line in rows.splitlines() if (row := json.loads(line))["names"]["present"] == ANN]

    assert (lost.code, written) == (1, "de_DE")
    assert "apply --resume" in lost.err
    assert (planned.outputs["changes"], applied.code) == ("0", 0)
    assert (ann["claims"]["locale"]["owner"], ann["claims"]["locale"]["saw"]) == ("git", "de_DE")


def test_two_runners_at_once_are_one_after_the_other(settled: Forge) -> None:
    """
    Both begin with the same plan; one run is recorded, the other finds nothing to do or is told to try again.
    """
    settled.squashes(settled.proposes({DECIDED: wants(ANN, "de_DE")}))
    folders = [settled.checkout("refs/heads/main") for _ in range(2)]
    for folder in folders:
        settled.on_main("apply-plan", folder=folder)
    running = [started(settled, folder) for folder in folders]
    errs = [one.communicate(timeout=120)[1] for one in running]
    codes = sorted(one.returncode for one in running)

    assert codes in ([0, 0], [0, 3]), errs
    assert settled.subjects().count("Record run 2 on openpages") == 1
    assert settled.subjects()[-1] == "Record run 2 on openpages"
    assert settled.person(ANN, "locale") == "de_DE"


def test_a_fork_gets_no_secret_and_a_plan_all_the_same(settled: Forge) -> None:
    """
    Its job has no credential and may not comment: the plan is made from memory, and stands in the summary.
    """
    number = settled.proposes({DECIDED: wants(ANN, "de_DE")})
    job = settled.plans(number, fork=True)

    assert (job.code, job.outputs["offline"], job.outputs["changes"]) == (0, "true", "1")
    assert "a pull request from a fork has no credential" in job.summary
    assert 'locale: "en_US" -> "de_DE"' in job.summary
    assert settled.hub.ours(number) == []


def test_a_pull_request_that_changes_the_address_asks_nobody(settled: Forge, tmp_path: Path) -> None:
    """
    Where the target lies is taken from the base branch: what a proposal points to is not opened.
    """
    elsewhere = tmp_path / "elsewhere.db"
    text = (settled.desk / CONFIG).read_text().replace("${OPENPAGES_DB}", str(elsewhere))
    number = settled.proposes({CONFIG: text, DECIDED: wants(ANN, "de_DE")})
    job = settled.plans(number)

    assert (job.code, job.outputs["offline"], job.outputs["changes"]) == (0, "true", "1")
    assert "changes where the target lies" in settled.comment(number)
    assert not elsewhere.exists()


def test_a_pull_request_that_moves_the_ledger_is_planned_with_the_real_one(settled: Forge) -> None:
    """
    Which branch is the ledger's is said by the base branch: a proposal cannot bring one of its own.
    """
    text = (settled.desk / CONFIG).read_text().replace("reconciler-ledger", "mine")
    job = settled.plans(settled.proposes({CONFIG: text}))

    assert (job.code, job.outputs["changes"]) == (0, "0")


def test_a_pull_request_that_edits_the_ledger_is_refused(settled: Forge) -> None:
    """
    Nothing of it is planned, the job fails, and the comment names the files.
    """
    number = settled.proposes({"state/ledger/openpages/head.json": "{}\n"})
    job = settled.plans(number)

    assert job.code == 1
    assert "**Not planned.**" in settled.comment(number)
    assert "state/ledger/openpages/head.json" in settled.comment(number)


def test_a_ledger_on_the_default_branch_is_read_from_the_base(forge: Forge) -> None:
    """
    Without a branch of its own the ledger lies on `main`: apply pushes it there, and a proposal is held against it.
    """
    config = forge.desk / CONFIG
    config.write_text(config.read_text().replace("branch: reconciler-ledger", "branch: null"))
    forge.pushes(message="Keep the ledger here")
    applied = forge.applies()[1]
    number = forge.proposes({DECIDED: wants(ANN, "de_DE")})
    job = forge.plans(number)

    assert applied.code == 0
    assert forge.subjects("main")[-2:] == ["Intend run 1 on openpages", "Record run 1 on openpages"]
    assert (job.code, job.outputs["changes"], job.outputs["offline"]) == (0, "1", "false")


@pytest.mark.parametrize(
    ("decision", "gain"),
    [
        pytest.param("roles: {add: [Editor]}", "roles: Editor", id="role"),
        pytest.param("groups: {add: [Auditors]}", "groups: ", id="group"),
    ],
)
def test_an_author_who_gains_is_named(settled: Forge, decision: str, gain: str) -> None:
    """
    Whoever asks for access for themselves is told of before anything else in the plan.
    """
    text = f"- user: {ANN}\n  {decision}\n  reason: T-3\n"
    number = settled.proposes({DECIDED: text}, mails=("x@example.com", "y@example.com", ANN.upper()))
    settled.plans(number)
    comment = settled.comment(number)

    assert "An author of this pull request gains by it" in comment
    assert comment.index(f"> - `{ANN}`: `{gain}") < comment.index("```")


def test_a_server_that_stumbles_is_asked_again(settled: Forge) -> None:
    """
    A 503 or two are no reason to fail a plan, and no reason to write two comments.
    """
    number = settled.proposes({DECIDED: wants(ANN, "de_DE")})
    settled.hub.failing[f"GET issues/{number}/comments"] = [503, 502]
    job = settled.plans(number)

    assert job.code == 0
    assert len(settled.hub.ours(number)) == 1


def test_an_issue_with_our_mark_by_somebody_else_is_left_alone(settled: Forge) -> None:
    """
    Drift goes to an issue of ours; one in which somebody copied the mark is neither taken for it nor closed.
    """
    settled.hub.issues.append(
        {
            "number": 1,
            "title": "x",
            "state": "open",
            "body": "<!-- reconciler:drift openpages -->",
            "user": {"login": "mallory", "type": "User"},
        }
    )
    settled.on_main("drift")

    assert settled.hub.issues[0]["state"] == "open"
    assert not [one for one in settled.hub.issues if one["user"]["login"] == BOT]


def refusing(remote: Path, script: str) -> Path:
    """
    Return a hook of the remote that decides about pushes to the ledger's branch alone.
    """
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nread -r _ _ ref\ntest $ref = refs/heads/{LEDGER} || exit 0\n{script}\n")
    hook.chmod(0o755)
    return hook


def started(forge: Forge, folder: Path) -> subprocess.Popen[bytes]:
    """
    Return job apply, begun in a process of its own.
    """
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "reconciler", "github", "apply"]
    given = {**environ, **forge.environ(folder, "refs/heads/main")}
    return subprocess.Popen(command, cwd=folder, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
