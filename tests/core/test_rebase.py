"""
What of a ledger holds after a restore, where nothing of it shows in what a command prints.
"""

from reconciler.core.ledger import Claim, Head, Last, Ledger, LedgerRow, Names
from reconciler.core.model import Catalogue, Equality, Live, Snapshot
from reconciler.core.ownership import Moment
from reconciler.core.rebase import Rebased, Written, rebase

LOCALE = Claim(owner="git", saw="en_US", wrote="en_US")
ROW = LedgerRow(key="id-ann", link="1", names=Names(present="ann"), claims={"locale": LOCALE}, last=Last())


def rebased(row: LedgerRow, live: Live) -> Rebased:
    """
    Return what of a ledger of one row the target with one account bears out.
    """
    return rebase(
        Ledger(Head(version=1, lineage="L", target="registry"), {row.key: row}, {}),
        Snapshot(users=(live,), groups=(), catalogue=Catalogue()),
        Written({}),
        equality=Equality(),
        moment=Moment(now="2026-11-22T10:00:00Z", run=2),
        life="15m",
    )


def test_account_that_bore_another_name_is_known_by_both() -> None:
    """
    An account with our external id that is called otherwise now keeps the name of before among its former ones.
    """
    live = Live(kind="user", id="1", name="anna", fields={"locale": "en_US"}, external_id="id-ann")
    row = rebased(ROW, live).users["id-ann"]

    assert row is not None
    assert (row.link, row.names) == ("1", Names(present="anna", previous=("ann",)))


def test_field_that_cannot_be_read_keeps_its_claim() -> None:
    """
    What the target says nothing of proves nothing, so the claim stays as it was.
    """
    live = Live(kind="user", id="1", name="ann", fields={}, external_id="id-ann")

    assert rebased(ROW, live).users == {}
