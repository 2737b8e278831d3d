"""
`reconciler doctor`: what a target can and cannot do.
"""

from collections.abc import Sequence

from reconciler.core.model import Catalogue, Equality, Snapshot
from reconciler.ports import Result, Write
from reconciler.ports_doctor import Finding
from reconciler.wiring.diagnosing import findings
from tests.cli.conftest import Desk


class Bare:
    """
    A target without a fence that was not read whole.
    """

    identity = "bare:"
    equality = Equality()

    def read(self) -> Snapshot:
        """
        Return half of what there is.
        """
        return Snapshot(users=(), groups=(), catalogue=Catalogue(), complete=False, problem="a page is missing")

    def write(self, writes: Sequence[Write], *, run: str) -> list[Result]:
        """
        Never be asked to.
        """
        raise AssertionError(run, writes)

    def close(self) -> None:
        """
        Hold nothing open.
        """


class Telling(Bare):
    """
    The same, which can tell more.
    """

    def diagnose(self, *, probe: bool) -> tuple[Finding, ...]:
        """
        Return whether it was probed.
        """
        return (Finding(what="probed", found=str(probe)),)


def test_registry_is_looked_at_and_left_alone(desk: Desk) -> None:
    """
    The embedded database says what it is, what was read, and that it has a fence; what was tried is gone again.
    """
    told = desk.run("doctor", "openpages", "--probe", "--format", "json")
    again = desk.run("doctor", "openpages", "--format", "json")

    assert (told.code, again.json[1]) == (0, told.json[1])
    assert [one["what"] for one in again.json] == ["target", "read", "fence"]
    assert {one["what"]: one["found"] for one in told.json}["a late write"] == "refused"
    assert told.json[2] == {"what": "fence", "found": "in the target", "means": "a restore from a backup is seen"}


def test_table_names_its_columns(desk: Desk) -> None:
    """
    People get a table.
    """
    assert desk.run("doctor", "openpages").out.split()[:3] == ["WHAT", "FOUND", "MEANS"]


def test_target_that_is_not_there_is_a_mistake(desk: Desk) -> None:
    """
    A name that is not configured is answered with those that are.
    """
    told = desk.run("doctor", "nowhere")

    assert (told.code, "openpages" in told.err) == (2, True)


def test_what_is_missing_is_told() -> None:
    """
    A reading that was not whole and a fence that lies in Git are said in words.
    """
    told = [(one.what, one.found, one.means) for one in findings(Bare(), probe=False)]

    assert told[1] == ("read", "0 users, 0 groups", "not whole: a page is missing")
    assert told[2][:2] == ("fence", "in Git")


def test_target_that_can_tell_is_asked() -> None:
    """
    What the target itself finds out stands below.
    """
    assert [one.found for one in findings(Telling(), probe=True)][-1] == "True"
