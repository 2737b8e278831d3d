"""
A ledger's files prove each other: whoever touches one of them, anywhere, is found, and what was touched is named.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.canonical import digest_bytes
from reconciler.files.proof import Proof, prove
from tests.targets.memory import MemoryTarget
from tests.world import World

Files = dict[str, bytes]
HEAD, USERS = "head.json", "users.jsonl"
MUTATIONS = 1_000


def record(run: int) -> str:
    """
    Return the path of a run's record.
    """
    return f"runs/2026/{run:06d}.jsonl"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """
    Return a ledger of eight runs: people come, change, are edited by an administrator, and leave.
    """
    target = MemoryTarget()
    world = World(target, tmp_path_factory.mktemp("history"))
    for number, name in enumerate(("ann", "bob", "eve", "kim", "lee", "zoe", "max", "ida")):
        world.cloud_says(name, locale="fr_FR")
        if number % 2:
            target.admin_sets("ann", locale=f"xx_{number}")
            world.cloud_says("ann", first_name=f"Ann {number}")
        world.approve()
    return dict(world.store.read())


def proved(files: Files) -> Proof:
    """
    Return what the files prove.
    """
    return prove(files, target="registry")


def found(files: Files) -> str:
    """
    Return everything that is told of the files.
    """
    proof = proved(files)
    return "\n".join(map(str, (*proof.faults, *proof.unsealed)))


def test_ledger_as_runs_left_it_is_proved(history: Files) -> None:
    """
    Of a history that nobody touched nothing is told, and every run of it was read.
    """
    proof = proved(history)

    assert (proof.faults, proof.unsealed) == ((), ())
    assert [run.header.run for run in proof.runs] == list(range(1, 9))


def test_no_ledger_is_proved() -> None:
    """
    Where no run was ever made there is nothing to doubt.
    """
    proof = proved({})

    assert (proof.runs, proof.faults, proof.unsealed) == ((), (), ())


def rewritten(files: Files, path: str, before: bytes, after: bytes) -> Files:
    """
    Return the files with one of them saying something else, as canonically as before.
    """
    assert before in files[path]
    return {**files, path: files[path].replace(before, after, 1)}


def without(files: Files, path: str) -> Files:
    """
    Return the files without one of them.
    """
    return {name: content for name, content in files.items() if name != path}


def swapped(files: Files, one: str, other: str) -> Files:
    """
    Return the files with two of them in each other's place.
    """
    return {**files, one: files[other], other: files[one]}


# name: (the harm, what is named, in which words)
HARMS: dict[str, tuple[Callable[[Files], Files], str, str]] = {
    "record changed": (
        lambda files: rewritten(files, record(3), b'"who":"tester"', b'"who":"nobody"'),
        record(3),
        "was changed",
    ),
    "record dropped": (lambda files: without(files, record(3)), record(4), "the record of run 3 is missing"),
    "two records dropped": (
        lambda files: without(without(files, record(3)), record(4)),
        record(5),
        "the record of runs 3 to 4 is missing",
    ),
    "first dropped": (lambda files: without(files, record(1)), record(2), "the record of run 1 is missing"),
    "last changed": (
        lambda files: rewritten(files, record(8), b'"who":"tester"', b'"who":"nobody"'),
        HEAD,
        "names sha256:",
    ),
    "last dropped": (lambda files: without(files, record(8)), HEAD, "names sha256:"),
    "records reordered": (lambda files: swapped(files, record(2), record(5)), record(2), "says run 5"),
    "record unreadable": (
        lambda files: {**files, record(3): b"nonsense\n"},
        record(3),
        "no line of a run's record",
    ),
    "head changed": (
        lambda files: rewritten(files, HEAD, b'"account": "acc"', b'"account": "abc"'),
        HEAD,
        "is not as run 8 left it",
    ),
    "head dropped": (lambda files: without(files, HEAD), HEAD, "is missing"),
    "head of a newer format": (
        lambda files: rewritten(files, HEAD, b'"version": 1', b'"version": 2'),
        HEAD,
        "made by a newer",
    ),
    "head of another target": (
        lambda files: rewritten(files, HEAD, b'"target": "registry"', b'"target": "payroll"'),
        HEAD,
        "'payroll'",
    ),
    "row changed": (
        lambda files: rewritten(files, USERS, b'"owner":"git"', b'"owner":"admin"'),
        HEAD,
        "a row was edited by hand",
    ),
}


@pytest.mark.parametrize(("harm", "place", "words"), HARMS.values(), ids=HARMS.keys())
def test_what_was_touched_is_named(
    history: Files, harm: Callable[[Files], Files], *, place: str, words: str
) -> None:
    """
    A record, head or row that was touched is told with its file and what became of it.
    """
    told = found(harm(history))

    assert place in told
    assert words in told


def resealed(files: Files, run: int, before: bytes, after: bytes) -> Files:
    """
    Return the files with a record rewritten and every hash after it made to fit, as a forger would.
    """
    files = rewritten(files, record(run), before, after)
    for later in range(run + 1, 9):
        lines = files[record(later)].split(b"\n")
        header = json.loads(lines[0]) | {"previous": digest_bytes(files[record(later - 1)])}
        lines[0] = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
        files[record(later)] = b"\n".join(lines)
    head = json.loads(files[HEAD]) | {"previous": digest_bytes(files[record(8)])}
    return {**files, HEAD: (json.dumps(head, sort_keys=True, indent=2) + "\n").encode()}


def test_owner_that_no_record_tells_is_found(history: Files) -> None:
    """
    A record that was rewritten, with a chain that fits, still contradicts the ledger's rows.
    """
    forged = resealed(history, 2, b'"owner":"admin","row":16', b'"owner":"git","row":16')

    assert "locale of user 'id-ann' is the administrators' in the ledger, but by the record of run 2" in found(
        forged
    )


def test_record_that_contradicts_an_earlier_one_is_found(history: Files) -> None:
    """
    Whose a field was is told by two records; where they differ, the later one is named by its line.
    """
    forged = resealed(history, 2, b'"was":"git"', b'"was":null')

    assert "locale of user 'id-ann' was nobody's, but by the record of run 1 it is Git's" in found(forged)


def test_ledger_of_before_records_told_their_state_is_proved(history: Files) -> None:
    """
    A last record that names no state proves as much as it can.
    """
    state = json.loads(history[record(8)].partition(b"\n")[0])["state"]
    older = resealed(history, 8, b',"state":"' + state.encode() + b'"', b"")

    assert found(older) == ""


def flipped(rng: random.Random, files: Files) -> Files:
    """
    Change one byte of one file.
    """
    path = rng.choice(sorted(files))
    place = rng.randrange(len(files[path]))
    other = rng.choice([byte for byte in range(256) if byte != files[path][place]])
    return {**files, path: files[path][:place] + bytes([other]) + files[path][place + 1 :]}


def cut(rng: random.Random, files: Files) -> Files:
    """
    Cut some bytes out of one file.
    """
    path = rng.choice(sorted(files))
    place = rng.randrange(len(files[path]))
    return {**files, path: files[path][:place] + files[path][place + rng.randint(1, 80) :]}


def dropped(rng: random.Random, files: Files) -> Files:
    """
    Drop one file.
    """
    return without(files, rng.choice(sorted(files)))


def moved(rng: random.Random, files: Files) -> Files:
    """
    Put two files in each other's place.
    """
    return swapped(files, *rng.sample(sorted(files), 2))


def shuffled(rng: random.Random, files: Files) -> Files:
    """
    Put two lines of one file in each other's place, or one line in twice where there is but one.
    """
    path = rng.choice(sorted(files))
    lines = files[path].splitlines(keepends=True)
    if len(set(lines)) < 2:
        return {**files, path: files[path] * 2}
    one, other = rng.sample(range(len(lines)), 2)
    while lines[one] == lines[other]:
        one, other = rng.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return {**files, path: b"".join(lines)}


def retold(rng: random.Random, files: Files) -> Files:
    """
    Rewrite one value of one file, canonically: a number, an owner, a name, a day.
    """
    path = rng.choice(sorted(files))
    words = [word for word in (b"2026-11", b"tester", b"git", b"active", b"fr_FR", b"staff") if word in files[path]]
    word = rng.choice(words)
    return rewritten(files, path, word, word[:-1] + (b"2" if word[-1:] != b"2" else b"3"))


def put_in(rng: random.Random, files: Files) -> Files:
    """
    Put in a record that no run left: the copy of another, under the next name.
    """
    return {**files, record(9): files[record(rng.randint(1, 8))]}


MUTATORS = (flipped, cut, dropped, moved, shuffled, retold, put_in)


def test_every_single_mutation_of_a_history_is_found(history: Files) -> None:
    """
    Of a thousand random changes, cuts, drops, swaps and rewritings of one file or line, not one goes unseen.
    """
    unseen = []
    for seed in range(MUTATIONS):
        rng = random.Random(seed)
        mutate = MUTATORS[seed % len(MUTATORS)]
        if not found(mutate(rng, history)):
            unseen.append((seed, mutate.__name__))

    assert unseen == []


def test_group_that_bears_another_key_brings_its_owners_along(tmp_path: Path) -> None:
    """
    Who owns a field of a group that the source made anew is recorded under both keys, and so can be replayed.
    """
    target = MemoryTarget()
    world = World(target, tmp_path, policy={"groups": {"fields": {"description": "shared"}}})
    world.cloud_has_group("risk", roles=("User",), description="Risk")
    world.cloud_says("ann", groups=("risk",))
    world.approve()
    target.admin_sets_group("Cloud - risk", description="Risk and more")
    world.approve()
    world.cloud_loses_group("risk")
    world.cloud_makes_group_again("risk", key="risk-2", roles=("User",), description="Risk")
    world.cloud_says("ann", groups=("risk-2",))
    world.approve()

    assert found(dict(world.store.read())) == ""
    assert "the administrators', as under another key before" in world.record(3)
