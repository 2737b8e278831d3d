"""
A real process, killed with SIGKILL between the target's write and the ledger's commit; then a run.

Git moves a ref twice in a run: for the intents and for the record. The `git` on the process's path is one of ours
that kills its caller the second time, so the target has been written and nobody has recorded it.
"""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.files.exports import read_export
from reconciler.files.new_export import write_export

ROOT = Path(__file__).parents[1]
ANN = "IBMid-6620010001"
SHIM = """#!/bin/sh
case " $* " in
*" update-ref "*)
    count=$(cat "$KILL_COUNT" 2>/dev/null || echo 0)
    echo $((count + 1)) > "$KILL_COUNT"
    if [ "$count" = 1 ]; then kill -9 $PPID; exit 1; fi ;;
esac
exec {git} "$@"
"""


class Checkout:
    """
    A repository with the example organisation, applied once, and its database.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "state", folder / "state", ignore=shutil.ignore_patterns("ledger"))
        (folder / ".gitignore").write_text(".reconciler/\n", encoding="utf-8")
        self.git("init", "-q")
        self.save("Begin")
        self.run("apply", "--yes", now="2026-11-20T08:00:00Z")

    def git(self, *arguments: str) -> str:
        """
        Return what Git answers.
        """
        who = ["-c", "user.name=Ops", "-c", "user.email=ops@example.com"]
        command = ["git", "-C", str(self.folder), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def save(self, subject: str) -> None:
        """
        Commit everything.
        """
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)

    def run(self, *arguments: str, now: str, path: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """
        Run the command line in a process of its own at the time `now`.
        """
        surroundings = {**os.environ, "RECONCILER_NOW": now, "PYTHONPATH": str(ROOT), **environ}
        surroundings["PATH"] = f"{path}{os.environ['PATH']}"
        command = [sys.executable, "-m", "reconciler", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=surroundings, capture_output=True, text=True, check=False
        )

    def apply_and_die(self, *, now: str, lose_journal: bool = True) -> None:
        """
        Apply in a process that is killed after the target's write and before the ledger's commit.

        On a runner of a CI service the journal is lost with the machine.
        """
        shims = self.folder.parent / "shims"
        shims.mkdir(exist_ok=True)
        shim = shims / "git"
        shim.write_text(SHIM.format(git=shutil.which("git")), encoding="utf-8")
        shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
        count = self.folder.parent / "count"
        count.unlink(missing_ok=True)
        died = self.run("apply", "--yes", now=now, path=f"{shims}:", KILL_COUNT=str(count))
        assert died.returncode == -9, died.stderr
        if lose_journal:
            shutil.rmtree(self.folder / ".reconciler/journal")

    def wants_locale(self, locale: str) -> None:
        """
        Merge an override that gives Ann a locale.
        """
        text = f"- user: ann.muster@example.com\n  set: {{locale: {locale}}}\n  reason: T-1\n"
        (self.folder / "state/overrides/ann-locale.yaml").write_text(text, encoding="utf-8")
        self.save(f"Want {locale}")

    def cloud_says(self, *, last_name: str, fetched_at: str) -> None:
        """
        Merge an export in which Ann has another surname.
        """
        from msgspec.structs import replace  # noqa: PLC0415  only the stories of a changed export need it

        folder = self.folder / "state/exports/ibmcloud"
        export = read_export(folder)
        manifest = export.manifest
        users = [one.row for one in export.users]
        write_export(
            folder,
            source=manifest.source,
            account=manifest.account,
            fetched_at=fetched_at,
            complete=True,
            faults=(),
            read=manifest.read,
            users=[replace(row, last_name=last_name) if row.key == ANN else row for row in users],
            groups=[one.row for one in export.groups],
        )
        self.save(f"Export of {fetched_at}")

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """
        Return what the administrator's own statement gives.
        """
        with closing(sqlite3.connect(self.folder / ".reconciler/openpages.db")) as database, database:
            return database.execute(statement).fetchall()

    def ann(self, column: str) -> object:
        """
        Return what the target has of Ann.
        """
        return self.sql(f"SELECT {column} FROM users WHERE external_id = '{ANN}'")[0][0]

    def owner(self, field: str) -> str:
        """
        Return who owns Ann's field, as the committed ledger says.
        """
        rows = self.git("show", "HEAD:state/ledger/openpages/users.jsonl").splitlines()
        ann = next(row for row in map(json.loads, rows) if row["key"] == ANN)
        return str(ann["claims"][field]["owner"])


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """
    Return a repository whose target is in sync.
    """
    folder = tmp_path / "repository"
    folder.mkdir()
    return Checkout(folder)


@pytest.mark.parametrize("lost", [True, False], ids=["journal-lost", "journal-kept"])
@pytest.mark.parametrize("later", ["2026-11-20T09:00:01Z", "2026-11-21T09:30:00Z"], ids=["at-once", "a-day-later"])
def test_own_write_is_not_taken_for_the_admins(checkout: Checkout, later: str, lost: bool) -> None:  # noqa: FBT001
    """
    What a killed run wrote of a shared field stays Git's, and the next desired value follows.
    """
    checkout.wants_locale("de_DE")
    checkout.apply_and_die(now="2026-11-20T09:00:00Z", lose_journal=lost)
    written = checkout.ann("locale")
    checkout.wants_locale("fr_FR")
    after = checkout.run("apply", "--yes", now=later)
    again = checkout.run("plan", "--check", now=later)

    assert written == "de_DE"
    assert after.returncode == 0, after.stderr
    assert (checkout.ann("locale"), checkout.owner("locale")) == ("fr_FR", "git")
    assert again.returncode == 0, again.stdout


def test_edit_after_a_killed_run_is_the_admins(checkout: Checkout) -> None:
    """
    An administrator's edit after the kill is neither our write nor what it replaced, and is left alone.
    """
    checkout.wants_locale("de_DE")
    checkout.apply_and_die(now="2026-11-20T09:00:00Z")
    checkout.sql(f"UPDATE users SET locale = 'it_IT' WHERE external_id = '{ANN}'")
    checkout.wants_locale("fr_FR")
    checkout.run("apply", "--yes", now="2026-11-20T09:00:01Z")

    assert (checkout.ann("locale"), checkout.owner("locale")) == ("it_IT", "admin")


def test_two_kills_in_a_row_converge(checkout: Checkout) -> None:
    """
    Two killed runs with two desired states leave nothing that a third does not put right.
    """
    for number, locale in enumerate(("de_DE", "fr_FR"), 1):
        checkout.wants_locale(locale)
        checkout.apply_and_die(now=f"2026-11-20T09:00:0{number}Z")
    checkout.cloud_says(last_name="Moser", fetched_at="2026-11-20T09:30:00Z")
    checkout.wants_locale("es_ES")
    after = checkout.run("apply", "--yes", now="2026-11-20T10:00:00Z")

    assert after.returncode == 0, after.stderr
    assert (checkout.ann("locale"), checkout.ann("last_name")) == ("es_ES", "Moser")
    assert checkout.owner("locale") == "git"


def test_admins_edits_survive_ten_runs_while_names_follow(checkout: Checkout) -> None:
    """
    Locale, profiles and roles that an administrator set outlive ten runs; the surname is the cloud's each time.
    """
    checkout.sql("INSERT INTO profiles (name) VALUES ('Night shift')")
    checkout.sql(f"UPDATE users SET locale = 'pt_PT' WHERE external_id = '{ANN}'")
    user = checkout.ann("id")
    checkout.sql(f"UPDATE user_profiles SET profile = 'Night shift' WHERE user_id = {user}")
    checkout.sql(f"INSERT INTO user_roles (user_id, role) VALUES ({user}, 'Editor')")
    seen = set()
    for day in range(21, 31):
        checkout.cloud_says(last_name=f"Muster {day}", fetched_at=f"2026-11-{day}T06:00:00Z")
        ran = checkout.run("apply", "--yes", now=f"2026-11-{day}T08:00:00Z")
        assert ran.returncode == 0, ran.stderr
        profiles = checkout.sql(f"SELECT profile FROM user_profiles WHERE user_id = {user}")
        roles = checkout.sql(f"SELECT role FROM user_roles WHERE user_id = {user} ORDER BY role")
        seen.add((checkout.ann("locale"), str(profiles), str(roles)))
    told = checkout.run(
        "audit",
        "--user",
        "ann.muster@example.com",
        "--field",
        "locale",
        "--format",
        "json",
        now="2026-12-01T00:00:00Z",
    )
    handed = [one for one in json.loads(told.stdout) if one.get("owner") == "admin" and one.get("was") == "git"]

    assert seen == {("pt_PT", "[('Night shift',)]", "[('Editor',), ('OpenPages User',)]")}
    assert checkout.ann("last_name") == "Muster 30"
    assert {checkout.owner(field) for field in ("locale", "profiles", "roles")} == {"admin"}
    assert [(one["run"], one["time"]) for one in handed] == [(2, "2026-11-21T08:00:00Z")]
