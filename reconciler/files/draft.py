"""
The adoption table as a draft of overrides: what a person must decide, ready to be looked at and committed.

Nothing in it decides before it lies under `overrides/`, and `apply` takes nothing that is not committed. What is
only told stands in comments, in ASCII, so that no value of the target can be more than a comment.
"""

import json
from collections.abc import Iterable, Iterator

from reconciler.core.adoption import Adoption
from reconciler.core.model import Value
from reconciler.files.new_override import SCHEMA, Entry, entry_text

_HEAD = """\
# A draft: look at each account, remove what is not that person, and commit this below overrides/.
# adopt: true   the account that is there already is this person's
# give: [...]   what the account holds in these fields stays, and is the administrators'; to have Git's value
#               instead, write take: [...] and, under reviewed:, the value that is in the target now
"""


def draft_text(table: Iterable[Adoption]) -> str:
    """
    Return an override file with an entry for each account that waits for a decision, and a comment on every other.
    """
    blocks = "\n".join("\n".join(_block(one)) + "\n" for one in table)
    return f"{SCHEMA}{_HEAD}\n{blocks or '[]'}"


def _block(one: Adoption) -> Iterator[str]:
    """
    Yield the lines on one account: what it is, where it differs, and what is proposed.
    """
    power = "PRIVILEGED " if one.privileged else ""
    yield f"# {power}{one.kind} {_ascii(one.name)}: {_ascii(one.account)} (id {_ascii(one.link)}), by {one.by}"
    for name, (live, wanted) in one.differs.items():
        yield f"#   {name}: {_ascii(live)} in the target, {_ascii(wanted)} in Git"
    if one.reason:
        yield f"#   it waits: {one.reason}"
    if one.waits and one.decidable:
        yield entry_text(_entry(one)).rstrip("\n")
    elif one.waits:
        yield "#   no override adopts it: correct one side, or exclude it"
    else:
        yield "#   the policy adopts it: nothing to decide"


def _entry(one: Adoption) -> Entry:
    reason = f"DRAFT, to be confirmed: adopt the account with id {one.link}, found by {one.by}"
    give: dict[str, Value] = {"give": tuple(sorted(one.undecided))} if one.undecided else {}
    return {one.kind: one.key, "adopt": True, "reason": reason.encode("ascii", "replace").decode(), **give}


def _ascii(value: Value) -> str:
    return json.dumps(value, ensure_ascii=True)
