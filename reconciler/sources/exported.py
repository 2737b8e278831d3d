"""
A source, searched in what it said last: its export. It needs no network, and finds what a plan is made from.
"""

from msgspec import Struct

from reconciler.core.export import GroupRow, UserRow
from reconciler.core.search import Matches, Query, contains
from reconciler.errors import UsageError
from reconciler.ports import Exported


class ExportSearch(Struct, frozen=True):
    """
    The search in one export.
    """

    export: Exported

    def search(self, query: Query) -> Matches:
        """
        Return everybody whose user name or display name, and every group whose name, contains the text.

        Raises UsageError for a filter of the directory's own: only the directory can answer that.
        """
        if query.raw:
            told = f"an export is searched by name, and {query.text!r} is a filter for a directory"
            raise UsageError(told, hint="leave --filter out, and search for a part of the name; * is a wildcard")
        found = (placed.row for _, people in self.export.shards() for placed in people)
        users = [row for row in found if contains(query.text, (row.user_name, display_name(row)))]
        groups = [placed.row for placed in self.export.groups if contains(query.text, (placed.row.name,))]
        return Matches(users=tuple(sorted(users, key=_key)), groups=tuple(groups))


def display_name(row: UserRow) -> str:
    """
    Return the name that people call somebody by: as the source displays it, or first and last name.
    """
    if isinstance(row.display_name, str) and row.display_name:
        return row.display_name
    return " ".join(part for part in (row.first_name, row.last_name) if isinstance(part, str) and part)


def _key(row: UserRow | GroupRow) -> str:
    return row.key
