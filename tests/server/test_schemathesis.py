"""
The running service against its own description, by a program that knows nothing else of it: Schemathesis.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.registry import SECRET, answering, registry

REQUESTS = 2000
EXAMPLES = 95


@pytest.mark.ci
def test_service_keeps_what_its_description_says(tmp_path: Path) -> None:
    """
    No bug, no status or answer that is not described, nothing taken that is refused on paper, or the reverse.
    """
    made = registry(tmp_path / "org", users=12)
    with answering(made) as found:
        headers = (f"Authorization: Bearer {SECRET}", f"BPMCSRFToken: {found.token(86400)}")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{found.port}/openapi.json"),
                *(part for header in headers for part in ("-H", header)),
                *("--max-examples", str(EXAMPLES), "--workers", "4", "--seed", "1", "--no-color"),
                "--continue-on-failure",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        metrics = found.ask("GET", "/metrics").text
    answered = {status: int(count) for status, count in re.findall(r'status="(\d+)"} (\d+)', metrics)}

    assert done.returncode == 0, "\n".join(line[:300] for line in done.stdout.splitlines())
    assert {status for status in answered if status >= "500"} == set()
    assert sum(answered.values()) >= REQUESTS, answered
