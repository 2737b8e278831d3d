"""
Whether pages are the whole of what a cloud has: every total met, every chain of pages with exactly one end.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from reconciler.core import canonical
from reconciler.core.export import Collection
from reconciler.sources.printed_pages import Page, Paging, Sheet
from reconciler.sources.rawjson import shown

Printed = TypeVar("Printed", bound=Sheet)


def distinct(pages: Iterable[Printed]) -> tuple[Printed, ...]:
    """
    Return the pages without exact repeats, which neither prove nor spoil anything, by path and number.
    """
    by_content: dict[str, Printed] = {}
    for page in sorted(pages, key=lambda page: (page.path, page.number, page.whose or "")):
        by_content.setdefault(canonical.digest(page.kind, page.whose, page.paging, page.rows), page)
    return tuple(by_content.values())


def prove(pages: Sequence[Page]) -> tuple[dict[str, Collection], tuple[str, ...]]:
    """
    Return what was read of each collection, and every gap that was found, in words.
    """
    read: dict[str, Collection] = {}
    gaps: set[str] = set()
    for kind in ("users", "groups", "members"):
        lists = _lists(page for page in pages if page.kind == kind)
        if lists:
            read[kind] = _collection(lists)
        for one in lists:
            gaps |= set(_gaps(one))
    return read, tuple(sorted(gaps))


def _lists(pages: Iterable[Page]) -> list[tuple[Page, ...]]:
    """
    Return the pages by the list they belong to: one of members a group.
    """
    lists: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        lists[page.whose or ""].append(page)
    return [tuple(one) for _, one in sorted(lists.items())]


def _collection(lists: list[tuple[Page, ...]]) -> Collection:
    """
    Return rows, pages and, where every list names one, the total.
    """
    totals = [max(named, default=None) for named in (_totals(one) for one in lists)]
    known = [total for total in totals if total is not None]
    return Collection(
        rows=sum(_rows(one) for one in lists),
        pages=sum(len(one) for one in lists),
        total=sum(known) if len(known) == len(totals) else None,
    )


def _gaps(pages: tuple[Page, ...]) -> Iterator[str]:
    """
    Yield what is missing or contradictory in the pages of one list. A bare list says nothing of a whole.
    """
    label = f"members of {shown(pages[0].whose)}" if pages[0].whose else pages[0].kind
    paged = [page.paging for page in pages if page.paging is not None]
    totals = _totals(pages)
    if not totals:
        yield from _chain_gaps(paged, label)
    elif len(totals) > 1:
        yield f"pages of {label} name different totals: {', '.join(map(str, sorted(totals)))}"
    elif totals != {_rows(pages)}:
        yield f"{label}: the total is {totals.pop()}, and {_rows(pages)} were read"


def _chain_gaps(paged: Sequence[Paging], label: str) -> Iterator[str]:
    """
    Yield where a chain of pages loops, or has not exactly one end.
    """
    following = Counter(one.next for one in paged if one.next)
    for mark, times in sorted(following.items()):
        if times > 1:
            yield f"{times} different pages of {label} have the same next page: {shown(mark)}"
    ends = len(paged) - following.total()
    if paged and ends == 0:
        yield f"the last page of {label} is missing: every page that is there names a next one"
    if ends > 1:
        yield f"{ends} pages of {label} claim to be the last"


def _totals(pages: Iterable[Page]) -> set[int]:
    return {page.paging.total for page in pages if page.paging and page.paging.total is not None}


def _rows(pages: Iterable[Page]) -> int:
    """
    Return how many different records the pages hold.
    """
    return len({canonical.encode(row) for page in pages for row in page.rows})
