"""
A whole state folder with its target, ready for a first plan: export, SQLite database, ledger, Git.
"""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import yaml

from reconciler.core.ledger import Head, Ledger
from reconciler.core.policy import Policy, build
from reconciler.files.new_ledger import encode_delta
from reconciler.files.rows import collector_paused
from tests.bench import organisation as made
from tests.bench.organisation import Organisation
from tests.bench.registry import fill_target
from tests.bench.sides import write_sides, write_source

_CONFIG = f"""\
version: 1
sources:
  {made.SOURCE}: {{type: ibmcloud, account: {made.ACCOUNT}, max_age: 36500d}}
targets:
  {made.TARGET}: {{type: sql, url: "sqlite:///{made.DATABASE}", sources: [{made.SOURCE}], policy: openpages}}
"""


def make_world(folder: Path, org: Organisation) -> None:
    """
    Make `folder` a Git repository whose state, target and ledger are those of the organisation.

    The commands are to be run in `folder`; the floors read it too.
    """
    state = folder / "state"
    write_source(state / "exports" / made.SOURCE, org.users, org.groups)
    write_sides(folder / "floor", org)
    (state / "reconciler.yaml").write_text(_CONFIG)
    fill_target(folder / made.DATABASE, org)
    write_ledger(state / "ledger" / made.TARGET, made.ledger(org, preset("openpages")))
    (folder / ".gitignore").write_text("/.reconciler/\n/floor/\n")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "Begin"), ("tag", "begin")):
        author = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")
        subprocess.run(["git", *author, *arguments], cwd=folder, check=True)


def preset(name: str) -> Policy:
    """
    Return the policy that a preset of the product describes.
    """
    text = resources.files("reconciler.files").joinpath("presets", f"{name}.yaml").read_text("utf-8")
    return build(yaml.safe_load(text), {})


def write_ledger(folder: Path, ledger: Ledger) -> None:
    """
    Write the files of a ledger below `folder`.
    """
    nothing = Ledger(Head(version=1, lineage="", target=ledger.head.target), {}, {})
    _, files = encode_delta(nothing, ledger.head, ledger.users, ledger.groups)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content or b"")


if __name__ == "__main__":
    with collector_paused():
        make_world(Path(sys.argv[1]), made.organisation(int(sys.argv[2])))
