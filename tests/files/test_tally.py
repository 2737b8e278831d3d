"""
The digest over many files, kept by those that change.
"""

from reconciler.files.tally import NONE, moved, tally

FILES = {"users/00.jsonl": b"a", "users/01.jsonl": b"b", "groups.jsonl": b"c"}


def test_order_does_not_matter_and_place_does() -> None:
    """
    The same files have the same digest; the same content elsewhere has another.
    """
    swapped = {"users/00.jsonl": b"b", "users/01.jsonl": b"a", "groups.jsonl": b"c"}

    assert tally(dict(reversed(FILES.items()))) == tally(FILES)
    assert tally(swapped) != tally(FILES)


def test_what_moves_leads_to_the_digest_of_what_is_there() -> None:
    """
    A file replaced, one gone, one new: no other file need be read.
    """
    after = {"users/00.jsonl": b"A", "groups.jsonl": b"c", "users/02.jsonl": b"d"}
    gone = {path: FILES[path] for path in ("users/00.jsonl", "users/01.jsonl")}
    new = {path: after[path] for path in ("users/00.jsonl", "users/02.jsonl")}

    assert moved(tally(FILES), gone=gone, new=new) == tally(after)


def test_no_file_is_a_digest_too() -> None:
    """
    Taking everything away leads back to the beginning.
    """
    assert moved(tally(FILES), gone=FILES, new={}) == tally({}) == NONE
