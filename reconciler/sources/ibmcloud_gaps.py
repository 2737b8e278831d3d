"""
What must be among the records of IBM Cloud and is not: whole lists, and whoever others refer to.
"""

from collections.abc import Iterator, Sequence

from reconciler.sources.ibmcloud_contents import Contents
from reconciler.sources.ibmcloud_pages import Page
from reconciler.sources.ibmcloud_policies import Grants
from reconciler.sources.ibmcloud_rows import PUBLIC_ACCESS, is_person
from reconciler.sources.rawjson import shown

_NEEDED = {"users": "users", "groups": "access groups", "policies": "policies"}


def absent(whole: Sequence[Page], held: Contents) -> Iterator[str]:
    """
    Yield each list that must be there and is not.
    """
    kinds = {page.kind for page in whole}
    for kind, label in _NEEDED.items():
        if kind not in kinds:
            yield f"no {label} were given"
    asked = {page.whose for page in whole if page.kind == "members"} | {PUBLIC_ACCESS}
    for key in held.groups.keys() - asked:
        yield f"members of {_named(held, key)} were not given"
    for group in asked - held.groups.keys() - {PUBLIC_ACCESS}:
        yield f"members of {shown(str(group))} were given, which is not among the access groups"
    lists = {page.whose for page in whole if page.kind == "policies"}
    for key in held.groups.keys() - lists if lists and None not in lists else ():
        yield f"policies of {_named(held, key)} were not given"
    for key in held.placeholders - {one.id for one in held.policies}:
        yield f"policy {shown(key)} was not given: v1 says no more than that it is one of v2"


def strangers(held: Contents, granted: Grants) -> Iterator[str]:
    """
    Yield whoever is a member, or is granted a role, and is not in the list of people or groups.
    """
    for one in held.members:
        if one.sort == "person" and one.iam_id not in held.users:
            yield f"{shown(one.iam_id)} is a member of {_named(held, one.group)}, and not among the users"
    for key in granted.users.keys() - held.users.keys():
        if is_person(key):
            yield f"{shown(key)} is granted a role, and not among the users"
    for key in granted.groups.keys() - held.groups.keys() - {PUBLIC_ACCESS}:
        yield f"{shown(key)} is granted a role, and not among the access groups"


def _named(held: Contents, key: str) -> str:
    """
    Return a group by id and, where it is known, name.
    """
    row = held.groups.get(key)
    return f"{shown(key)} ({shown(row.name)})" if row else shown(key)
