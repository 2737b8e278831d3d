"""
The external id of an account that has a predecessor: the target still knows that one by the plain source key.
"""

from reconciler.core.correlate import Pair
from reconciler.core.model import Change, Fields


def external_id_of(pair: Pair) -> Fields:
    """
    Return the field `external_id` for an entity that is to be made anew under another name; else nothing.
    """
    row, desired = pair.row, pair.desired
    if row is None or desired is None:
        return {}
    renamed = row.link is not None and row.names is not None and row.names.present != desired.name
    return {"external_id": f"{pair.key}~{len(row.tombstones) + 2}"} if renamed or row.tombstones else {}


def external_id(change: Change) -> str:
    """
    Return the external id that a create gives: the source's key, but for an account that has a predecessor.
    """
    return str(change.after.get("external_id", change.key))
