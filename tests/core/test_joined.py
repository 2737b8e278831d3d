"""
Several exports as one: whole where all are, as old as the oldest, and nobody twice.
"""

import pytest
from msgspec.structs import replace

from reconciler.core.export import Counts, Export, Manifest, Placed, UserRow
from reconciler.core.joined import applied_sizes, applied_times, joined
from reconciler.core.ledger import Head
from reconciler.core.policy import Guards
from reconciler.core.trust import Expectation, Trust, judge
from reconciler.errors import InputError

EARLY, LATE = "2026-11-20T06:00:00Z", "2026-11-20T07:00:00Z"


def export(name: str, *keys: str, **manifest: object) -> Export:
    """
    Return an export of people of these keys, read whole and early.
    """
    users = tuple(
        Placed(UserRow(key=key, user_name=key, state="active"), f"{name}:{at}") for at, key in enumerate(keys, 1)
    )
    said = Manifest(
        version=1,
        source=name,
        account=name,
        fetched_at=EARLY,
        complete=True,
        counts=Counts(users=len(users)),
        digest=name,
    )
    return Export(replace(said, **manifest), users, ())


def test_rows_of_all_stand_in_one_order() -> None:
    """
    Everybody is there, by key, and the counts are those of all.
    """
    one = joined({"a": export("a", "2", "4"), "b": export("b", "1", "3")})

    assert [placed.row.key for placed in one.users] == ["1", "2", "3", "4"]
    assert (one.manifest.counts.users, one.manifest.account, one.manifest.source) == (4, "a + b", "a + b")


def test_part_that_comes_back_empty_proves_nobody_gone() -> None:
    """
    A small directory that lost everybody hardly changes the sum, and is judged by itself.
    """
    big = export("a", *(f"a{number}" for number in range(100)))
    before = joined({"a": big, "b": export("b", "b1", "b2", "b3", "b4")}).manifest
    head = applied_sizes(before, Head(version=1, lineage="l", target="t", serial=1, account="a + b"), whole=True)
    expected = Expectation(target="t", now=LATE, max_age="36h", account=None, head=head, guards=Guards())

    assert judge(before, expected) == Trust()
    assert judge(joined({"a": big, "b": export("b")}).manifest, expected).degraded == (
        "the export of b is empty: it has no users",
    )


def test_part_that_is_stale_is_named() -> None:
    """
    Of several exports the one that is too old is called by its source.
    """
    both = joined({"a": export("a", "a1", fetched_at=LATE), "b": export("b", "b1")}).manifest
    head = Head(version=1, lineage="l", target="t", serial=0)
    expected = Expectation(target="t", now=LATE, max_age="30m", account=None, head=head, guards=Guards())

    assert judge(both, expected).degraded == (f"the export of b is stale: read at {EARLY}, more than 30m ago",)


def test_key_of_two_sources_is_refused_at_both_places() -> None:
    """
    Nobody can tell which of the two is meant, so neither is believed.
    """
    with pytest.raises(InputError, match="b:2: key '2' stands at a:1 too"):
        joined({"a": export("a", "2"), "b": export("b", "1", "2")})


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        pytest.param(("a page is missing",), ("b: a page is missing",), id="named"),
        pytest.param((), ("b: its manifest says so",), id="not-named"),
    ],
)
def test_whole_is_incomplete_where_a_part_is(faults: tuple[str, ...], told: tuple[str, ...]) -> None:
    """
    What is missing of one is missing of all, and is told by the name of the source.
    """
    one = joined({"a": export("a"), "b": export("b", complete=False, faults=faults)}).manifest

    assert (one.complete, one.faults) == (False, told)


def test_whole_is_as_old_as_its_oldest_part() -> None:
    """
    The oldest reading counts, and each is remembered by itself.
    """
    one = joined({"a": export("a", fetched_at=LATE), "b": export("b")}).manifest

    assert (one.fetched_at, applied_times(one, {}, accepted=True)) == (EARLY, {"a": LATE, "b": EARLY})


@pytest.mark.parametrize(("accepted", "time"), [(True, EARLY), (False, LATE)], ids=["accepted", "not-accepted"])
def test_time_goes_back_only_where_that_was_accepted(*, accepted: bool, time: str) -> None:
    """
    An older part moves what was applied back only where somebody let it; one source has no parts.
    """
    one = joined({"a": export("a"), "b": export("b")}).manifest

    assert applied_times(one, {"a": LATE}, accepted=accepted) == {"a": time, "b": EARLY}
    assert applied_times(export("a").manifest, {"a": LATE}, accepted=accepted) == {}
