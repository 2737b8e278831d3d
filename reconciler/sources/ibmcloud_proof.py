"""
Whether the pages are the whole of what IBM Cloud has: every page there, every total met, no chain that loops.

A page of groups or members says at which offset it begins; a page of users or policies only where the next one is.
So of the former each missing page can be named; of the latter the chain and the total must add up. A bare list, as
the command line prints it, is a whole by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from reconciler.core import canonical
from reconciler.core.export import Collection
from reconciler.sources.ibmcloud_pages import Kind, Page, Paging, offset_of
from reconciler.sources.printed_records import Record
from reconciler.sources.rawjson import shown

_LABELS: dict[Kind, str] = {"users": "users", "groups": "access groups", "policies": "policies"}
_IDENTITIES: dict[Kind, Callable[[Record], object]] = {
    "users": lambda row: row.get("iam_id") or row.get("ibmUniqueId") or row.get("id") or canonical.digest(row),
    "groups": lambda row: row.get("id"),
    "members": lambda row: (row.get("iam_id"), row.get("membership_type")),
    "policies": lambda row: row.get("id"),
}
_NAMED = 10
_MOST_PAGES = 100_000

Paged: TypeAlias = tuple[tuple[Page, Paging], ...]


def prove(pages: Sequence[Page]) -> tuple[dict[str, Collection], tuple[str, ...]]:
    """
    Return what was read of each collection, and every gap that was found, in words.
    """
    read: dict[str, Collection] = {}
    gaps: list[str] = []
    for kind in ("users", "groups", "members", "policies"):
        lists = _lists([page for page in pages if page.kind == kind])
        if lists:
            read[kind] = _collection(kind, lists)
        for one in lists:
            gaps += _gaps(one)
    return read, tuple(sorted(set(gaps)))


def _lists(pages: list[Page]) -> list[tuple[Page, ...]]:
    """
    Return the pages by the list they belong to: one of members a group, one of policies a question asked.
    """
    lists: dict[tuple[str, str], list[Page]] = defaultdict(list)
    for page in pages:
        asked = (page.paging and page.paging.first) or ""
        lists[page.whose or "", asked if page.kind == "policies" else ""].append(page)
    return [tuple(one) for _, one in sorted(lists.items())]


def _collection(kind: Kind, lists: list[tuple[Page, ...]]) -> Collection:
    """
    Return rows, pages and, where every list names one, the total.
    """
    totals = [_total(one) for one in lists]
    known = [total for total in totals if total is not None]
    rows = [len(_identities(one)) for one in lists]
    together = sum(rows) if kind == "members" else len({key for one in lists for key in _identities(one)})
    return Collection(
        rows=together,
        pages=sum(len(one) for one in lists),
        total=sum(known) if len(known) == len(totals) else None,
    )


def _gaps(pages: tuple[Page, ...]) -> list[str]:
    """
    Return what is missing or contradictory in the pages of one list.
    """
    paged: Paged = tuple((page, page.paging) for page in pages if page.paging is not None)
    if not paged:
        return []
    label = _label(pages[0])
    by_offset = any(paging.offset is not None for _, paging in paged)
    gaps = list(_offset_gaps(paged, label) if by_offset else _chain_gaps(paged, label))
    return gaps or list(_total_gaps(paged, label))


def _offset_gaps(paged: Paged, label: str) -> Iterator[str]:
    """
    Yield each page that another points to, or that total and limit ask for, and that is not there.
    """
    starts = Counter(paging.offset or 0 for _, paging in paged)
    for offset, times in sorted(starts.items()):
        if times > 1:
            yield f"{times} different pages at offset {offset} of {label}"
    for _, paging in paged:
        yield from _wrong_next(paging, label)
    following = {offset_of(paging.next) for _, paging in paged if paging.next} - {None}
    wanted = {0, *following}.union(*(_by_limit(paging) for _, paging in paged))
    missing = sorted(offset for offset in wanted if offset is not None and offset not in starts)
    yield from (f"page at offset {offset} of {label} is missing" for offset in missing[:_NAMED])
    if len(missing) > _NAMED:
        yield f"{len(missing) - _NAMED} more pages of {label} are missing"


def _wrong_next(paging: Paging, label: str) -> Iterator[str]:
    """
    Yield where the address of the next page leads nowhere, or back.
    """
    if not paging.next:
        return
    here, following = paging.offset or 0, offset_of(paging.next)
    if following is None:
        yield f"the page at offset {here} of {label} has a next page without an offset: {shown(paging.next)}"
    elif following <= here:
        yield f"the page at offset {here} of {label} leads back to offset {following}"


def _by_limit(paging: Paging) -> set[int]:
    """
    Return the offsets at which pages begin by total and limit; none where the figures are absurd.
    """
    if not paging.limit or not paging.total or paging.total > paging.limit * _MOST_PAGES:
        return set()
    return set(range(0, paging.total, paging.limit))


def _chain_gaps(paged: Paged, label: str) -> Iterator[str]:
    """
    Yield where a chain of pages loops, or has not exactly one end.
    """
    following = Counter(paging.next for _, paging in paged if paging.next)
    firsts = {paging.first for _, paging in paged if paging.first}
    for address, times in sorted(following.items()):
        if times > 1:
            yield f"{times} different pages of {label} have the same next page: {shown(address)}"
        if address in firsts:
            yield f"a page of {label} leads back to the first: {shown(address)}"
    ends = len(paged) - following.total()
    if ends == 0:
        yield f"the last page of {label} is missing: every page that is there names a next one"
    if ends > 1:
        yield f"{ends} pages of {label} claim to be the last"


def _total_gaps(paged: Paged, label: str) -> Iterator[str]:
    """
    Yield where the totals disagree with each other or with the records.
    """
    totals = sorted({paging.total for _, paging in paged if paging.total is not None})
    rows = len(_identities([page for page, _ in paged]))
    if len(totals) > 1:
        yield f"pages of {label} name different totals: {', '.join(map(str, totals))}"
    elif totals and totals[0] != rows:
        yield f"{label}: the total is {totals[0]}, and {rows} were read"


def _total(pages: tuple[Page, ...]) -> int | None:
    return max((page.paging.total for page in pages if page.paging and page.paging.total is not None), default=None)


def _identities(pages: Iterable[Page]) -> set[object]:
    return {canonical.encode(_IDENTITIES[page.kind](row)) for page in pages for row in page.rows}


def _label(page: Page) -> str:
    return f"members of {shown(page.whose or '')}" if page.kind == "members" else _LABELS[page.kind]
