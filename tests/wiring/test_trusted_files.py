"""
The files that a target's settings name: whose content says whom we trust, and who changed it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.files.config import TargetConfig
from reconciler.ports_adapter import Opening
from reconciler.store_git import Git
from reconciler.targets.scim import ADAPTER
from reconciler.targets.scim_settings import ScimSettings
from reconciler.wire.settings import HttpSettings, beside
from reconciler.wiring.proposed import foreign_file
from tests.checkout import Checkout


def _swap(folder: Path) -> None:
    (folder / "ca.pem").write_text("theirs")


def _link(folder: Path) -> None:
    (folder / "ca.pem").unlink()
    (folder / "other.pem").write_text("theirs")
    (folder / "ca.pem").symlink_to("other.pem")


def _besides(folder: Path) -> None:
    (folder / "other.pem").write_text("theirs")


def _put_by_the_job(folder: Path) -> None:
    (folder / ".gitignore").write_text("job.pem\n")
    (folder / "job.pem").write_text("ours")


@pytest.mark.parametrize(
    ("change", "named", "strange"),
    [
        pytest.param(_swap, {"ca_file": "ca.pem"}, "ca.pem", id="content"),
        pytest.param(_swap, {"auth": [{"deep": "state/../ca.pem"}]}, "state/../ca.pem", id="deep"),
        pytest.param(_link, {"ca_file": "ca.pem"}, "ca.pem", id="link"),
        pytest.param(_besides, {"ca_file": "ca.pem", "width": 3}, "", id="another"),
        pytest.param(_besides, {"ca_file": "none.pem", "note": "x" * 5000}, "", id="no-file"),
        pytest.param(_put_by_the_job, {"ca_file": "job.pem"}, "", id="of-the-job"),
    ],
)
def test_file_that_a_pull_request_changes_is_not_trusted(
    tmp_path: Path, change: Callable[[Path], None], named: dict[str, object], strange: str
) -> None:
    """
    Who may see the credential is said by the file's content, not by its name.
    """
    folder, commit = _proposal(tmp_path, change)
    config = TargetConfig(type="scim", url="https://x.example", sources=("s",), policy="p", settings=named)

    assert foreign_file(config, folder / "state", Git(folder), commit=commit, prefix="state/") == strange


def test_authority_in_an_address_is_looked_at_too(tmp_path: Path) -> None:
    """
    PostgreSQL takes it from there.
    """
    folder, commit = _proposal(tmp_path, _swap)
    url = "postgresql://db.example/x?sslmode=verify-full&sslrootcert=ca.pem"
    config = TargetConfig(type="openpages", url=url, sources=("s",), policy="p")

    assert foreign_file(config, folder / "state", Git(folder), commit=commit, prefix="state/") == "ca.pem"


def _proposal(home: Path, change: Callable[[Path], None]) -> tuple[Path, str]:
    """
    Return a repository with a change committed, and the commit before it.
    """
    made = Checkout(home)
    (made.folder / "state").mkdir(parents=True)
    (made.folder / "ca.pem").write_text("ours")
    made.git("init", "--quiet", "--template=", "--initial-branch=main")
    made.git("add", "-A")
    made.git("commit", "-qm", "Begin")
    base = made.git("rev-parse", "HEAD")
    change(made.folder)
    made.git("add", "-A")
    made.git("commit", "-qm", "Propose")
    return made.folder, base


def test_relative_authority_starts_beside_the_state_folder(tmp_path: Path) -> None:
    """
    Not where somebody happens to call from; an absolute one stays, and none stays none.
    """
    found = [beside(HttpSettings(ca_file=name), tmp_path).ca_file for name in ("ca.pem", "/etc/ca.pem", None)]
    opening = Opening(
        name="x", url="https://x.example", written="", settings=ScimSettings(ca_file="gone.pem"), home=tmp_path
    )

    assert found == [str(tmp_path / "ca.pem"), "/etc/ca.pem", None]
    with pytest.raises(UsageError, match=f"{tmp_path}.gone.pem"):
        ADAPTER.open(opening)
