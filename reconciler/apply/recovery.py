"""
What a run does about an earlier one that died between its last write and its commit.
"""

from msgspec.structs import replace

from reconciler.apply.book import Book, Opened, load, overtaken, resume, unrecorded
from reconciler.apply.fence import release, take
from reconciler.apply.order import Order
from reconciler.errors import LedgerError
from reconciler.ports import Target


def recover(target: Target, book: Book, order: Order) -> Opened | None:
    """
    Return the ledger with the record that an earlier run left in the journal; None where there is none.

    The fence is taken first, for the journal may be that of a run that is still alive and about to commit it: then
    the ledger is returned as that run left it.
    """
    journal = unrecorded(book)
    if journal is None:
        return None
    before = load(book)
    try:
        head = replace(before.ledger.head, lineage=journal.head.lineage)
        fence = take(target, head, order.holder, order.patience)
    except LedgerError:
        if overtaken(book, before) is None:
            raise
        return load(book)
    serial = None
    try:
        opened = resume(book) if unrecorded(book) else load(book)
        serial = opened.ledger.head.serial
    finally:
        release(target, fence, recorded=serial is not None, serial=serial)
    return opened
