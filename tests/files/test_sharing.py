"""
Equal values held once, and none taken for another.
"""

from reconciler.core.export import UserRow
from reconciler.core.ledger import Claim, Last, LedgerRow
from reconciler.files.exports import USERS
from reconciler.files.ledger import ROWS
from reconciler.files.rows import decode, encode
from reconciler.files.sharing import Pool, share_ledger_row, share_user


def test_people_of_one_group_hold_its_key_once() -> None:
    """
    What the decoder made twice is one text afterwards, and every row says what it said.
    """
    people = [
        UserRow(key=key, user_name=key, state="active", groups=("traders", key), locale="en_US")
        for key in ("ux", "uy")
    ]
    apart, pool = decode(encode(people), USERS, "users.jsonl"), Pool()
    were_one = apart[0].groups[0] is apart[1].groups[0]

    ann, bob = (share_user(row, pool) for row in apart)

    assert not were_one
    assert ann.groups[0] is bob.groups[0]
    assert ann.locale is bob.locale
    assert [ann, bob] == people


def test_numbers_in_claims_stay_what_they_are() -> None:
    """
    Sets and texts are held in common; True and 1, equal to Python, are not.
    """
    profiles = Claim(owner="git", saw=("Default", "Risk"), wrote="Default", since="2026-11-22T10:00:00Z")
    written = encode(
        [
            LedgerRow(key="ann", claims={"locked": Claim(saw=True, wrote=1), "profiles": profiles}),
            LedgerRow(key="bob", claims={"locked": Claim(saw=1, wrote=True), "profiles": profiles}, last=Last()),
        ]
    )
    pool = Pool()

    rows = [share_ledger_row(row, pool) for row in decode(written, ROWS, "users.jsonl")]

    ann, bob = (row.claims["profiles"] for row in rows)
    assert ann == profiles
    assert ann.saw is bob.saw
    assert ann.since is bob.since
    assert encode(rows) == written
