"""
What a state repository needs on GitHub: workflows, the action they use, who must agree, rulesets, and a checklist.

The files are those that this repository works with itself; nothing is generated but the default branch's name.
"""

from pathlib import Path

from reconciler.files.atomic import replace_file
from reconciler.files.schema import shipped
from reconciler.files.state import CONFIG, RULINGS

FILES = (
    "workflows/plan.yml",
    "workflows/apply.yml",
    "workflows/export.yml",
    "workflows/audit.yml",
    "actions/reconcile/action.yml",
    "actions/reconcile/requirements.txt",
    "rulesets/default-branch.json",
    "rulesets/ledger.json",
    "zizmor.yml",
)
"""Below `.github/`, here and in what is made."""

SETUP = ".github/SETUP.md"
LEDGER = "reconciler-ledger"

_CHECKLIST = Path(__file__).with_name("scaffold_github.md")
_HERE = "ledger: {branch: null, durability: commit}"
_THERE = f"ledger: {{branch: {LEDGER}, durability: push}}"
_SOURCE = "  ibmcloud: {type: ibmcloud, max_age: 36h}\n"
_LIVE = """\
  ibmcloud:
    type: ibmcloud
    max_age: 36h
    # account: THE_ID_OF_YOUR_ACCOUNT   the example is of another one; SETUP.md says when
    settings: {api_key: "${IBMCLOUD_API_KEY}"}   # only `export` without --from asks for it
"""
_TRIGGER = "branches: [main]"
_OWNERS = (
    "# Who must approve a change before it is merged. Write your own teams here. Of several lines that fit, the\n"
    "# last one counts; this file owns itself.\n"
    "*                                @your-organisation/access-administrators\n"
    "/.github/                        @your-organisation/access-administrators\n"
    "/state/reconciler.yaml           @your-organisation/access-administrators\n"
    "/state/policies/                 @your-organisation/access-administrators\n"
    "/state/overrides/                @your-organisation/access-reviewers\n"
    f"/state/{RULINGS}/         @your-organisation/group-reviewers\n"
    "/state/overrides/waivers.yaml    @your-organisation/access-administrators\n"
    "/state/ledger/                   @your-organisation/access-administrators\n"
)


def add_github(folder: Path, *, branch: str) -> None:
    """
    Make the repository in `folder`, whose default branch is `branch`, ready to be worked with on GitHub.
    """
    for name in FILES:
        text = (shipped(".github") / name).read_text("utf-8")
        replace_file(folder / ".github" / name, text.replace(_TRIGGER, f"branches: [{branch}]").encode())
    replace_file(folder / ".github" / "CODEOWNERS", _OWNERS.encode())
    replace_file(folder / SETUP, _CHECKLIST.read_bytes())
    config = folder / "state" / CONFIG
    replace_file(config, config.read_text("utf-8").replace(_HERE, _THERE).replace(_SOURCE, _LIVE).encode())
    ignored = folder / ".gitignore"
    replace_file(ignored, ignored.read_bytes() + b"# What job `plan` hands over to job `apply`.\nplan.json\n")
