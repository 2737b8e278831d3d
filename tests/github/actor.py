"""
The workflows as they are written, run by act (https://nektosact.com) on this machine, without a container.

Actions of GitHub's own are stood in for by small ones that do the same on a folder; ours is run as it is.
"""

import json
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any, NamedTuple

from tests.github.forge import Forge
from tests.github.stand_in import REPOSITORY, TOKEN

ROOT = Path(__file__).parents[2]
ACTIONS = Path(__file__).parent / "actions"
_USED = re.compile(r"uses: (actions/([\w-]+)@[0-9a-f]{40})")


class Ended(NamedTuple):
    """
    How a workflow ended, and what it printed.
    """

    code: int
    out: str


def pins() -> list[str]:
    """
    Return the options that put a stand-in in the place of each action that our files pin.
    """
    texts = [path.read_text("utf-8") for path in sorted((ROOT / ".github").rglob("*.yml"))]
    used = sorted({found for text in texts for found in _USED.findall(text)})
    return [f"--local-repository=https://github.com/{pin}={ACTIONS / name}" for pin, name in used]


class Actor:
    """
    GitHub Actions for one forge; `wheel` is the folder with our wheel in it.
    """

    def __init__(self, forge: Forge, act: str, wheel: Path) -> None:
        self.forge, self.act, self.wheel = forge, act, wheel
        forge.git("remote", "add", "github", f"https://github.com/{REPOSITORY}")
        forge.git("config", "uploadpack.allowAnySHA1InWant", "true", at=forge.remote)

    def runs(self, workflow: str, event: str, payload: dict[str, Any] | None = None) -> Ended:
        """
        Return how a workflow ended that an event on the default branch, as it is now, started.
        """
        self.forge.git("fetch", "--quiet", "origin", "main")
        self.forge.git("checkout", "--quiet", "-B", "main", "origin/main")
        base = {"repository": {"name": "access", "full_name": REPOSITORY, "default_branch": "main"}}
        path = self.forge.home / "payload.json"
        path.write_text(json.dumps({**base, **(payload or {})}), encoding="utf-8")
        command = [self.act, event, f"--workflows=.github/workflows/{workflow}.yml", f"--eventpath={path}"]
        command += ["--platform=ubuntu-24.04=-self-hosted", "--no-skip-checkout", "--pull=false", "--rm", *pins()]
        command += [f"--action-cache-path={self.forge.home / 'act'}", "--remote-name=github"]
        command += ["--var=RECONCILER=on", "--var=RECONCILER_CLIENT_ID=1"]
        command += [f"--env={name}={value}" for name, value in self._environment().items()]
        command += [f"--secret={name}={value}" for name, value in self._secrets().items()]
        desk = self.forge.desk
        done = subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False, timeout=300)
        shutil.rmtree(self.forge.home / "act", ignore_errors=True)
        return Ended(done.returncode, done.stdout + done.stderr)

    def _environment(self) -> dict[str, str]:
        return {
            "FORGE_REMOTE": f"file://{self.forge.remote}",
            "FORGE_ARTIFACTS": str(self.forge.home / "artifacts"),
            "FORGE_PYTHON": sysconfig.get_path("scripts"),
            "FORGE_TOKEN": TOKEN,
            "GITHUB_API_URL": self.forge.hub.url,
            "RECONCILER_NOW": self.forge.now,
            # our wheel is installed as the action says; what it needs is that of the tests
            "PIP_FIND_LINKS": str(self.wheel),
            "PIP_IGNORE_INSTALLED": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": sysconfig.get_path("purelib"),
        }

    def _secrets(self) -> dict[str, str]:
        return {
            "GITHUB_TOKEN": TOKEN,
            "RECONCILER_TARGET_URL": f"sqlite:///{self.forge.database}",
            "RECONCILER_PRIVATE_KEY": "key",
        }
