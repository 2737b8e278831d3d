"""
The table of groups whose names are taken, the members that overwriting would move, and what a run synchronised.
"""

from collections.abc import Iterator, Sequence

from reconciler.core.ruling import Contest, Review
from reconciler.core.synchronised import Tally
from reconciler.render.shown import sentence
from reconciler.render.tables import Form, Record, render_records

_TABLE = ("group", "product_access", "sites", "added", "removed", "decision")
_FURTHER = ("key", "id", "reviewed", "origin", "reason")
_MEMBERS = ("group", "change", "user", "key")


def render_reviews(reviews: Sequence[Review], form: Form, *, color: bool = False) -> str:
    """
    Return the conflict table: how many each group would gain and lose if it were overwritten, and what is decided.
    """
    columns = _TABLE if form == "table" else (*_TABLE, *_FURTHER)
    return render_records([_row(one) for one in reviews], form, columns=columns, values=frozenset(), color=color)


def _row(one: Review) -> Record:
    contest, ruling = one.contest, one.contest.ruling
    return {
        "group": contest.name,
        "product_access": contest.access.products,
        "sites": contest.sites,
        "added": len(one.joins),
        "removed": len(one.leaves),
        "decision": decided(contest),
        "key": contest.key,
        "id": contest.link,
        "reviewed": contest.digest,
        "origin": ruling.origin if ruling else "",
        "reason": contest.reason or (ruling.reason if ruling else ""),
    }


def decided(contest: Contest) -> str:
    """
    Return how a contest stands, in a few words.
    """
    if contest.standing == "blocked":
        where = ", ".join(f"{product} on {site}" for site, product in contest.access.default)
        return f"blocked: default access group of {where}"
    ruled = contest.standing in {"stale", "later"} and contest.ruling
    return f"{contest.standing}: {contest.ruling.verb}" if ruled and contest.ruling else contest.standing


def render_members(reviews: Sequence[Review], form: Form, *, color: bool = False) -> str:
    """
    Return everybody who would join or leave a group if it were overwritten, one by one.
    """
    return render_records(list(_members(reviews)), form, columns=_MEMBERS, values=frozenset(), color=color)


def _members(reviews: Sequence[Review]) -> Iterator[Record]:
    for one in reviews:
        for change, members in (("add", one.joins), ("remove", one.leaves)):
            for member in members:
                yield {"group": one.contest.name, "change": change, "user": member.name, "key": member.key}


def tally_lines(tally: Tally, *, limit: int) -> Iterator[str]:
    """
    Yield how many groups the source has and how many of them are synchronised, and why each other one is not.
    """
    yield f"Groups: {tally.source:,} at the source, {tally.synchronised:,} synchronised."
    for one in tally.left_out[:limit]:
        yield f"  not {sentence(one.name)}: {sentence(one.reason)}"
    if len(tally.left_out) > limit:
        yield f"  and {len(tally.left_out) - limit:,} more"
