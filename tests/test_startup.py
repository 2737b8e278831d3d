"""
How much `reconciler --help` imports: people type it, shells complete by it, and every job starts with it.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = {"deepdiff", "git", "httpx", "jsonschema", "ldap3", "sqlalchemy", "urllib3"}


def test_help_imports_no_heavy_library() -> None:
    """
    Asking for help imports no HTTP client, no Git, no SQL, no jsonschema and no deepdiff.
    """
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", "--help"]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in asked.stderr.splitlines()}

    assert "Usage:" in asked.stdout
    assert {"click", "reconciler"} <= imported
    assert imported & HEAVY == set()
