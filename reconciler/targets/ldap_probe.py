"""
What a directory server says it can do, and what it does to throw-away entries.
"""

import time
from collections.abc import Callable, Iterator

from reconciler.ports_doctor import Finding
from reconciler.targets.ldap_known import Known
from reconciler.targets.probing import Stage
from reconciler.wire.ldap_controls import ASSERTION, asserting
from reconciler.wire.ldap_entry import Entry
from reconciler.wire.ldap_names import escaped, normal, parent

_PAGES = "1.2.840.113556.1.4.319"
_ANYBODY = "(objectClass=*)"
_REFUSED = 122
_WINDOW = "an administrator's edit within it is not seen"


def said(known: Known) -> Iterator[Finding]:
    """
    Yield what the server says of itself.
    """
    controls = known.directory.controls
    asserts, pages = ASSERTION in controls, _PAGES in controls
    means = "a late write is refused" if asserts else "each entry is read before it is written"
    yield Finding(what="assertion (RFC 4528)", found="yes" if asserts else "no", means=means)
    means = f"{known.settings.page} entries at once" if pages else "everything comes in one answer, or not at all"
    yield Finding(what="pages (RFC 2696)", found="yes" if pages else "no", means=means)


def measured(known: Known, stage: Stage, *, clock: Callable[[], float] = time.perf_counter) -> Iterator[Finding]:
    """
    Yield what only a directory can be asked: its control, its names for us, its overlays, its pages.
    """
    began = clock()
    entry = known.by_id("user", [stage.user.id])[stage.user.id]
    read = clock()
    honoured, asserted = _asserted(known, entry)
    wrote = clock()
    yield asserted
    if not honoured:
        found = f"read {1000 * (read - began):.0f} ms, write {1000 * (wrote - read):.0f} ms"
        yield Finding(what="write window", found=found, means=_WINDOW)
    group = known.by_id("group", [stage.group.id]).get(stage.group.id) if stage.group else None
    yield _writer(known, group or entry)
    if stage.group is not None:
        yield _member_of(known, entry)
        yield _renamed(known, entry, stage.group.id)
    everybody = known.every("user")
    told = f"{len(everybody.entries)} people in {everybody.pages} answers of at most {known.settings.page}"
    yield Finding(what="page", found=told, means="; ".join(everybody.faults))


def _asserted(known: Known, entry: Entry) -> tuple[bool, Finding]:
    """
    Return whether a write is refused whose assertion does not hold, as the control promises.
    """
    users = known.settings.users
    false = [asserting(f"(!({users.fields['user_name']}={_name(known, entry)}))")]
    attribute = next(iter([*users.required, users.external_id or "description"]))
    done = known.directory.modify(entry.dn, {attribute: [("MODIFY_REPLACE", [b"Asserted"])]}, controls=false)
    found = {_REFUSED: "honoured", 0: "ignored: a late write is taken"}.get(done.code, f"refused: {done.message}")
    return done.code == _REFUSED, Finding(what="assertion, tried", found=found)


def _writer(known: Known, entry: Entry) -> Finding:
    """
    Return by which name the server knows us as the last writer.
    """
    name = entry.first("modifiersName")
    if name is None:
        return Finding(what="modifiersName", found="hidden", means="let the reconciler's account read it")
    ours = normal(name) == normal(known.settings.bind_dn)
    means = "as `bind_dn` says" if ours else "write it so in `bind_dn`: our writes pass for an administrator's"
    return Finding(what="modifiersName", found=name, means=means)


def _member_of(known: Known, entry: Entry) -> Finding:
    """
    Return whether the server keeps memberOf on the member's own entry (slapo-memberof, 389's MemberOf plug-in).

    What it does there it does under a name of its own, slapo-memberof under the rootdn's unless it is told another.
    """
    [one] = known.directory.search(entry.dn, _ANYBODY, ["memberOf"], scope="BASE").entries or [None]
    kept = one is not None and bool(one.all("memberOf"))
    name = entry.first("modifiersName") or ""
    if not kept:
        return Finding(what="memberOf", found="not kept", means="not needed")
    ours = not name or normal(name) == normal(known.settings.bind_dn)
    means = (
        "not needed" if ours else f"kept as {name}, so our joins pass for its edits: set memberof-dn to `bind_dn`"
    )
    return Finding(what="memberOf", found="kept by the server", means=means)


def _renamed(known: Known, entry: Entry, group: str) -> Finding:
    """
    Return whether the server renames a member in its groups (slapo-refint, 389's referential integrity).
    """
    attribute = known.settings.users.fields["user_name"]
    leaf = f"{attribute}={escaped(_name(known, entry))}-renamed"
    done = known.directory.modify_dn(entry.dn, leaf)
    if done.code != 0:
        return Finding(what="a new name", found=f"refused: {done.message}", means="say `rename: replace`")
    after = normal(f"{leaf},{parent(entry.dn)}")
    there = known.by_id("group", [group])[group]
    listed = known.directory.search(there.dn, _ANYBODY, [known.settings.groups.member], scope="BASE").entries
    follows = any(
        normal(one) == after for found in listed for one in found.all(known.settings.groups.member) if one
    )
    found = "follow by themselves" if follows else "stay as they were"
    return Finding(what="memberships of who is renamed", found=found, means="" if follows else "we list them anew")


def _name(known: Known, entry: Entry) -> str:
    return str(entry.first(known.settings.users.fields["user_name"]))
