"""
The adoption table for people: account by account, found by what, where it differs, and whether it waits.
"""

from collections.abc import Sequence

from reconciler.core.adoption import Adoption
from reconciler.render.escape import escape, fence
from reconciler.render.shown import cut, field_name, shown
from reconciler.render.tables import render_table

_COLUMNS = ("account", "id", "is", "key", "found_by", "differs_in", "decision")
_LONGEST = 60
_DIFFERENCES = 4
_LEAST, _ROOM = 10, 200
"""Accounts shown however few are asked for, and at most in a comment."""


def render_adoptions(table: Sequence[Adoption], *, limit: int | None = None, markdown: bool = False) -> str:
    """
    Return the table with its title, of everything or of the first `limit`; nothing where nothing was there before.

    What waits for a decision comes first. In Markdown it stands in a fence, and shows no more than two hundred.
    """
    if not table:
        return ""
    most = _ROOM if markdown else len(table) if limit is None else max(limit, _LEAST)
    rows, left = [_row(one) for one in table[:most]], len(table) - most
    waiting = sum(one.waits for one in table)
    title = f"Accounts and groups that were there before ({len(table):,}; {waiting:,} wait for a decision)"
    body = render_table(rows, _COLUMNS)
    if left > 0:
        body += f"… {left:,} more; --draft-adoptions FILE has all\n"
    return f"\n**{title}**\n\n{fence(body.rstrip(), language='text')}\n" if markdown else f"\n{title}\n{body}"


def _row(one: Adoption) -> tuple[str, ...]:
    power = ", privileged" if one.privileged else ""
    whole = one.reason or (f"whose is {', '.join(one.undecided)}?" if one.undecided else "adopted")
    cells = (f"{one.kind} {one.account}{power}", one.link, one.name, one.key, one.by)
    return (*map(_cell, cells), _differences(one), escape(whole))


def _differences(one: Adoption) -> str:
    """
    Return the first fields that differ, with what the account holds and what Git wants.
    """
    told = [f"{field_name(name)}: {shown(live)} -> {shown(wanted)}" for name, (live, wanted) in one.differs.items()]
    more = [f"and {len(told) - _DIFFERENCES} more"] if len(told) > _DIFFERENCES else []
    return "; ".join([*told[:_DIFFERENCES], *more])


def _cell(text: str) -> str:
    kept, note = cut(text, _LONGEST)
    return escape(kept) + note
