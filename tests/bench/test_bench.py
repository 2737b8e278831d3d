"""
The benchmark itself: the same organisation from the same seed, and floors that count what was made.

No time is asserted: these machines are shared.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import structs

from reconciler.core.access import may_log_in
from reconciler.core.model import Live
from reconciler.files.exports import read_export
from reconciler.files.ledger import decode_ledger
from reconciler.targets.sql import SqlTarget
from tests.bench import organisation as made
from tests.bench.floors import floor_stream
from tests.bench.measure import Command, Cost, in_turn
from tests.bench.organisation import Organisation
from tests.bench.registry import fill_target
from tests.bench.sides import write_sides, write_source
from tests.bench.table import table
from tests.bench.world import preset, write_ledger

SIZE = 1_000


@pytest.fixture(scope="module")
def org() -> Organisation:
    """
    Return an organisation of a thousand people.
    """
    return made.organisation(SIZE)


def test_the_same_seed_makes_the_same_organisation(org: Organisation) -> None:
    """
    A figure can be compared with last year's, because its organisation is the same.
    """
    assert made.organisation(SIZE) == org
    assert made.organisation(SIZE, seed=2) != org


def test_every_person_may_log_in(org: Organisation) -> None:
    """
    A plan has to look at everybody, so everybody holds a login role through the groups.
    """
    policy, groups = preset("openpages"), {row.key: row for row in org.groups}

    assert all(may_log_in((role for key in row.groups for role in groups[key].roles), policy) for row in org.users)


def test_the_sides_differ_as_the_benchmark_says(org: Organisation) -> None:
    """
    1 % of the people changed, 0.5 % are missing, 0.5 % extra, and 0.1 % of three shared fields were edited.
    """
    before = {row.key: row for row in org.before}

    assert sum(before[row.key] != row for row in org.users if row.key in before) == 10
    assert len(org.users) - len(before) == 5
    assert len(org.extra) == 5
    assert Counter(edit.field for edit in org.edits) == {"locale": 1, "profiles": 1, "roles": 1}


def test_the_floors_count_what_was_made(org: Organisation, tmp_path: Path) -> None:
    """
    A floor that compared less than it should would be no floor.
    """
    write_source(tmp_path / "state" / "exports" / made.SOURCE, org.users, org.groups)
    write_sides(tmp_path / "floor", org)
    export = read_export(tmp_path / "state" / "exports" / made.SOURCE)

    assert [placed.row for placed in export.users] == org.users
    assert floor_stream(tmp_path) == {"same": 985, "changed": 10, "missing": 5, "extra": 5}
    # One of the three edits is to a field that the cloud gives: the locale.
    assert counted("dict", tmp_path) == {"same": 984, "changed": 11, "missing": 5, "extra": 5}


def test_the_target_holds_the_live_side(org: Organisation, tmp_path: Path) -> None:
    """
    What administrators and the product did in SQL is what the floors read as canonical lines.
    """
    fill_target(tmp_path / "openpages.db", org)
    target = SqlTarget.open(f"sqlite:///{tmp_path / 'openpages.db'}")
    snapshot = target.read()
    target.close()

    assert bare(snapshot.users) == bare(made.live_users(org))
    assert bare(snapshot.groups) == bare(made.live_groups(org))
    assert Counter(live.changed_by for live in snapshot.users) == {"1": 992, "admin": 8}


def test_the_ledger_links_every_person_to_the_target(org: Organisation, tmp_path: Path) -> None:
    """
    The ledger that was written is read back, and knows everybody whom the product made.
    """
    write_ledger(tmp_path, made.ledger(org, preset("openpages")))
    files = [(str(path.relative_to(tmp_path)), path.read_bytes()) for path in tmp_path.rglob("*.json*")]

    ledger = decode_ledger(files, target=made.TARGET)

    links = {row.link for row in ledger.users.values()}
    assert links == {live.id for live in made.before_edits(org)}


def counted(floor: str, folder: Path) -> dict[str, int]:
    """
    Return what a floor prints, run as the benchmark runs it: it switches the garbage collector off.
    """
    command = [sys.executable, "-m", "tests.bench.floors", floor, str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def bare(entities: Iterable[Live]) -> list[Live]:
    """
    Return live entities by id, without what tells who wrote them last.
    """
    plain = (structs.replace(live, version="", changed_by=None) for live in entities)
    return sorted(plain, key=lambda live: live.id)


def test_the_table_shows_each_cost_beside_the_floor() -> None:
    """
    A figure on a shared machine says nothing alone, so each has its ratio, and what ten times the people cost.
    """
    costs = {"floor-dict": Cost(2.0, 400.0), "plan": Cost(3.0, 200.0)}
    printed = table(costs, title="first, 100k users", objects=100_000, smaller={"plan": Cost(0.25, 100.0)})

    assert printed.splitlines() == [
        "first, 100k users",
        "                  CPU s  x floor  peak MiB  objects/s  growth",
        "floor-dict         2.00     1.00       400     50,000",
        "plan               3.00     1.50       200     33,333    12.0",
    ]


def test_a_command_that_fails_has_no_price(tmp_path: Path) -> None:
    """
    A plan that ended with an error is quick, and no result.
    """
    failing = Command(arguments=(sys.executable, "-c", "raise SystemExit(7)"), folder=tmp_path, environment={})

    with pytest.raises(RuntimeError, match="ended with 7"):
        in_turn({"plan": failing}, 1, tmp_path)


def test_cost_is_of_the_whole_process(tmp_path: Path) -> None:
    """
    CPU and memory are those of the child alone, from start to end.
    """
    source = "held = bytearray(600 * 2**20)\nprint(sum(range(3_000_000)))"
    heavy = Command(arguments=(sys.executable, "-c", source), folder=tmp_path, environment={})
    light = Command(arguments=(sys.executable, "-c", ""), folder=tmp_path, environment={})

    costs = in_turn({"light": light, "heavy": heavy}, 1, tmp_path)

    assert costs["heavy"].mib > 600 > costs["light"].mib
    assert costs["heavy"].cpu > 0
    assert (tmp_path / "heavy.out").read_text() == "4499998500000\n"
