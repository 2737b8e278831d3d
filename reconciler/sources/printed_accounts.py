"""
Of which account the records of a reading are: one, and the one that is meant.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.errors import Fault, SourceError
from reconciler.sources.printed_records import Found
from reconciler.sources.rawjson import shown

_ONE = "give the files of one account, or name the one you mean with --account"


def foreign(accounts: Sequence[Found[str]], account: str | None) -> Iterator[Fault]:
    """
    Yield one fault a page and account for records of another account than the one asked for, or the most frequent.
    """
    if not accounts:
        return
    counts = Counter(one.value for one in accounts)
    own = account or max(sorted(counts), key=counts.__getitem__)
    first: dict[tuple[str, str, int], Found[str]] = {}
    times: Counter[tuple[str, str, int]] = Counter()
    for one in accounts:
        place = (one.value, one.page.path, one.page.number)
        first.setdefault(place, one)
        times[place] += 1
    for place, one in first.items():
        if one.value != own:
            more = f", and {times[place] - 1} more here" if times[place] > 1 else ""
            yield one.page.fault(one.index, f"is of account {shown(one.value)}, not of {shown(own)}{more}", _ONE)


def account_of(accounts: Sequence[Found[str]], account: str | None) -> str:
    """
    Return the account that was asked for, else that of the records; raises SourceError where nobody says.
    """
    if account:
        return account
    if not accounts:
        raise SourceError("no record says of which account it is", hint="name it with --account")
    return accounts[0].value
