"""
Which waiver allows what a guard has counted; and of those that are about it and do not, why.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from reconciler.core.overrides import Waiver


class Wanted(Struct, frozen=True):
    """
    What a waiver would have to allow: so many changes that a guard of a target holds, on a day (UTC).
    """

    target: str
    guard: str
    count: int
    today: str


def allowing(waivers: Iterable[Waiver], wanted: Wanted) -> Waiver | None:
    """
    Return the waiver that holds today for exactly what is wanted; None where there is none.
    """
    return next((one for one in _about(waivers, wanted) if not any(_objections(one, wanted))), None)


def not_allowing(waivers: Iterable[Waiver], wanted: Wanted) -> str:
    """
    Return what each waiver of this guard lacks, as the end of a sentence: both counts, or both days; empty: none.
    """
    about = _about(waivers, wanted)
    return "".join(f"; the waiver at {one.origin} {' and '.join(_objections(one, wanted))}" for one in about)


def _about(waivers: Iterable[Waiver], wanted: Wanted) -> list[Waiver]:
    return [one for one in waivers if (one.target, one.guard) == (wanted.target, wanted.guard)]


def _objections(one: Waiver, wanted: Wanted) -> Iterator[str]:
    """
    Yield why a waiver does not allow this; its first and its last day are days on which it holds (UTC).
    """
    if one.until < wanted.today:
        yield f"ended on {one.until}"
    if one.since > wanted.today:
        yield f"begins on {one.since}"
    if one.count != wanted.count:
        yield f"allows exactly {one.count}, and this is {wanted.count}"
