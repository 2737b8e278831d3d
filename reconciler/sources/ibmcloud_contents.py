"""
Everything that pages of IBM Cloud hold, record by record: what cannot be right is refused, all at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter

from msgspec import Struct

from reconciler.core.export import GroupRow, UserRow
from reconciler.errors import InputError
from reconciler.sources.ibmcloud_pages import Page
from reconciler.sources.ibmcloud_policies import Policy, policy
from reconciler.sources.ibmcloud_rows import Member, group, member, user
from reconciler.sources.printed_accounts import account_of, foreign
from reconciler.sources.printed_records import Found, each, unique


class Contents(Struct, frozen=True, kw_only=True):
    """
    People and groups by id, members, policies, and the account they are all of.

    `placeholders` are ids of policies of which a v1 list says only that they exist; `guests` counts invited people
    who have no id yet.
    """

    account: str
    users: dict[str, UserRow]
    groups: dict[str, GroupRow]
    members: tuple[Member, ...]
    policies: tuple[Policy, ...]
    placeholders: frozenset[str]
    guests: int


def contents(pages: Sequence[Page], account: str | None) -> Contents:
    """
    Return what the pages hold, all of one account.

    Raises InputError with every record that cannot be right or is of another account,
    SourceError where no record says of which account it is and `account` is None.
    """
    people, wrong_people = each(_of(pages, "users"), lambda record, _: user(record))
    known = [Found(one.value, one.page, one.index) for one in people if one.value is not None]
    users, mixed_users = unique(known, key=attrgetter("key"))
    listed, wrong_groups = each(_of(pages, "groups"), lambda record, _: group(record))
    groups, mixed_groups = unique(listed, key=attrgetter("key"))
    members, wrong_members = each(_of(pages, "members"), lambda record, page: member(record, page.whose or ""))
    stated, wrong_policies = each(_of(pages, "policies"), lambda record, _: policy(record))
    policies, mixed_policies = unique((one for one in stated if not one.value.placeholder), key=_policy_key)
    accounts = list(chain(_accounts(pages), _accounts_of_policies(stated)))
    wrong = (wrong_people, wrong_groups, wrong_members, wrong_policies)
    mixed = (mixed_users, mixed_groups, mixed_policies)
    faults = tuple(chain(*wrong, *mixed, foreign(accounts, account)))
    if faults:
        raise InputError(faults)
    return Contents(
        account=account_of(accounts, account),
        users=users,
        groups=groups,
        members=tuple(one.value for one in members),
        policies=_latest(policies.values()),
        placeholders=frozenset(one.value.id for one in stated if one.value.placeholder),
        guests=len(people) - len(known),
    )


def _of(pages: Sequence[Page], kind: str) -> Iterator[Page]:
    return (page for page in pages if page.kind == kind)


def _policy_key(one: Policy) -> str:
    return f"{one.id} (v{one.version})"


def _latest(policies: Iterable[Policy]) -> tuple[Policy, ...]:
    """
    Return each policy once; v2 knows the conditions that v1 cannot say.
    """
    by_id = {one.id: one for one in sorted(policies, key=attrgetter("version"))}
    return tuple(by_id[key] for key in sorted(by_id))


def _accounts(pages: Iterable[Page]) -> Iterator[Found[str]]:
    """
    Yield the account that each record of people and groups names, if it does.
    """
    for page in pages:
        for index, record in enumerate(page.rows):
            value = record.get("account_id") or record.get("accountId")
            if page.kind in {"users", "groups"} and isinstance(value, str):
                yield Found(value, page, index)


def _accounts_of_policies(policies: Iterable[Found[Policy]]) -> Iterator[Found[str]]:
    """
    Yield the accounts of whose resources the policies speak.
    """
    return (Found(value, one.page, one.index) for one in policies for value in sorted(one.value.accounts))
