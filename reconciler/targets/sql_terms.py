"""
On what terms a batch is written to the registry.
"""

from msgspec import Struct

from reconciler.targets.sql_read import Moment


class Terms(Struct, frozen=True, kw_only=True):
    """
    The run that signs; `roles`, names of groups that express a role; and when everything was read last.
    """

    run: str
    roles: frozenset[str]
    since: Moment | None = None
