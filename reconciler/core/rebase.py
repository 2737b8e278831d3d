"""
Ledger and target made one again, after one of them was restored or lost: what each row may still say.

A restored target shows old values. They are no administrator's edit, and not what we wrote last. So what the ledger
says of a field holds on only where the target still bears it out:

| the claim | the live value | afterwards |
|---|---|---|
| Git's | what it last saw or wrote | as it was |
| Git's | what a recorded run wrote there, and a run wrote the account last | Git's: an older write of ours |
| Git's | any other | nobody's: the policy's `foreign` decides, as for an account that was there before |
| the administrators' | any | theirs, as it is now |

A link holds where the account bears our external id, or a name the row knows: a target that lost accounts may have
given their ids to others. Without its account a row keeps what is the administrators', for when it is made anew.
Nobody's lifecycle state is believed anew: an account that is disabled again is enabled only with an approval.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from reconciler.core.canonical import encode
from reconciler.core.claims import STATE, earlier
from reconciler.core.ledger import Claim, Last, Ledger, LedgerRow, Names, RunClaim
from reconciler.core.model import Equality, Kind, Live, Snapshot, Value
from reconciler.core.ownership import Moment
from reconciler.core.runs import Run

OLDER = "the target was restored: an older write of ours"
NOBODYS = "the target was restored: nobody can tell whose this value is"
ADMINS = "the target was restored: the administrators' value is this one now"
GONE = "the target was restored: the account is not there"


class Written(Struct, frozen=True):
    """
    What recorded runs wrote, by kind, key and field, as canonical JSON.
    """

    values: Mapping[tuple[str, str, str], AbstractSet[bytes]]

    def has(self, kind: Kind, key: str, field: str, value: Value) -> bool:
        """
        Return whether a recorded run wrote this value there.
        """
        return encode(value) in self.values.get((kind, key, field), ())


class Rebased(Struct, frozen=True, kw_only=True):
    """
    The rows that say something else now, by key; what is to be recorded of claims; how many links hold, and not.
    """

    users: dict[str, LedgerRow | None]
    groups: dict[str, LedgerRow | None]
    lines: tuple[RunClaim, ...]
    linked: int
    lost: tuple[str, ...]


class _About(Struct, frozen=True, kw_only=True):
    """
    What the rows of one kind are held against.
    """

    kind: Kind
    live: Mapping[str, Live]
    keys: AbstractSet[str]
    groups: Mapping[str, str]
    written: Written
    equality: Equality
    before: str


def written_by(runs: Iterable[Run]) -> Written:
    """
    Return every value that landed in a recorded run.
    """
    values: dict[tuple[str, str, str], set[bytes]] = {}
    for change in (change for run in runs for change in run.changes if change.outcome == "landed"):
        for field, value in change.after.items():
            values.setdefault((change.kind, change.key, field), set()).add(encode(value))
    return Written(values)


def rebase(
    ledger: Ledger, snapshot: Snapshot, written: Written, *, equality: Equality, moment: Moment, life: str
) -> Rebased:
    """
    Return what of the ledger the target as it is now bears out.

    Intents older than `life`, how long a request may live, are forgotten: what they meant to write is not there.
    """
    before = earlier(moment.now, life)
    kinds: tuple[tuple[Kind, Mapping[str, LedgerRow], Iterable[Live]], ...] = (
        ("group", ledger.groups, snapshot.groups),
        ("user", ledger.users, snapshot.users),
    )
    found: dict[Kind, dict[str, LedgerRow]] = {}
    lines: list[RunClaim] = []
    for kind, rows, live in kinds:
        about = _About(
            kind=kind,
            live={one.id: one for one in live},
            keys=rows.keys(),
            groups={row.link: key for key, row in found.get("group", {}).items() if row.link},
            written=written,
            equality=equality,
            before=before,
        )
        found[kind] = {key: _row(row, about) for key, row in rows.items()}
        lines += (line for key, row in sorted(rows.items()) for line in _lines(kind, row, found[kind][key]))
    links = [(row.link, found[kind][key].link, key) for kind, rows, _ in kinds for key, row in rows.items()]
    return Rebased(
        users={key: row for key, row in found["user"].items() if row != ledger.users[key]},
        groups={key: row for key, row in found["group"].items() if row != ledger.groups[key]},
        lines=tuple(lines),
        linked=sum(1 for _, now, _ in links if now),
        lost=tuple(sorted(key for then, now, key in links if then and not now)),
    )


def _row(row: LedgerRow, about: _About) -> LedgerRow:
    """
    Return the row as the target bears it out.
    """
    live = about.live.get(row.link) if row.link else None
    ours = tuple(one for one in row.tombstones if one in about.live and _is_it(row, about.live[one], about))
    intent = row.intent if row.intent and row.intent.at > about.before else None
    kept = replace(row, tombstones=ours, intent=intent)
    if live is None or not _is_it(row, live, about):
        claims = {name: _fresh(one, about) for name, one in row.claims.items() if one.owner == "admin"}
        return replace(kept, link=None, last=None, claims=claims)
    claims = {name: _claim(row, name, live, about) for name in row.claims}
    return replace(
        kept,
        names=_named(row.names, live),
        last=_last(row, row.last, live, about) if row.last else None,
        claims={name: one for name, one in claims.items() if one != Claim()},
    )


def _is_it(row: LedgerRow, live: Live, about: _About) -> bool:
    """
    Return whether an account is the row's: it bears our external id for it, or no other's and a name it knows.
    """
    owner = (live.external_id or "").partition("~")[0]
    if owner in about.keys:
        return owner == row.key
    names = (row.names.present, *row.names.previous) if row.names else ()
    name = "user_name" if about.kind == "user" else "name"
    return any(about.equality.same(name, live.name, one) for one in names)


def _named(names: Names | None, live: Live) -> Names:
    if names is None or names.present == live.name:
        return names or Names(present=live.name)
    previous = (*(one for one in names.previous if one != live.name), names.present)
    return Names(present=live.name, previous=previous)


def _claim(row: LedgerRow, name: str, live: Live, about: _About) -> Claim:
    """
    Return one claim by the table above. What could not be read proves nothing; the state is no field.
    """
    claim = row.claims[name]
    fresh = _fresh(claim, about)
    value = live.fields.get(name, UNSET)
    same = about.equality.same
    if name == STATE or isinstance(value, UnsetType) or claim.owner is None:
        return fresh
    if claim.owner == "admin":
        return fresh if same(name, value, claim.saw) else replace(fresh, saw=value)
    if same(name, value, claim.saw) or same(name, value, claim.wrote):
        return fresh
    if _is_ours(row, name, live, about):
        return replace(fresh, saw=value, wrote=value)
    return Claim(intents=fresh.intents, override=claim.override)


def _is_ours(row: LedgerRow, name: str, live: Live, about: _About) -> bool:
    """
    Return whether a value is an older write of ours: a recorded run wrote it, and no administrator came after.

    A target that does not say who wrote last proves nothing.
    """
    by_run = live.changed_by is not None and live.changed_by.startswith("run-")
    return by_run and about.written.has(about.kind, row.key, name, live.fields[name])


def _fresh(claim: Claim, about: _About) -> Claim:
    """
    Return a claim with those intents alone of which a request may still be under way.
    """
    return replace(claim, intents=tuple(one for one in claim.intents if one.at > about.before))


def _last(row: LedgerRow, last: Last, live: Live, about: _About) -> Last:
    """
    Return what we last saw, with older writes of ours as seen, so that they are not told as somebody's edit.

    What the target once made of a write of ours is known no longer where the field has moved.
    """
    moved = {
        name: live.fields[name] for name, value in last.fields.items() if live.fields.get(name, value) != value
    }
    older = {name: value for name, value in moved.items() if _is_ours(row, name, live, about)}
    there = {about.groups[one] for one in live.groups if one in about.groups}
    return replace(
        last,
        fields={**last.fields, **older},
        wrote={name: value for name, value in last.wrote.items() if name not in moved},
        groups=tuple(key for key in last.groups if key in there),
    )


def _lines(kind: Kind, before: LedgerRow, after: LedgerRow) -> Iterator[RunClaim]:
    """
    Yield what is to be recorded of each claim that says something else now.
    """
    for name, was in sorted(before.claims.items()):
        now = after.claims.get(name, Claim())
        if was.owner is None or (was.owner, was.saw, was.wrote) == (now.owner, now.saw, now.wrote):
            continue
        texts = {"admin": ADMINS, "git": OLDER, None: NOBODYS if after.link else GONE}
        yield RunClaim(
            kind=kind,
            key=before.key,
            name=before.names.present if before.names else before.key,
            field=name,
            owner=now.owner,
            was=was.owner,
            value=now.saw if now.owner else was.saw,
            row=0,
            text=texts[now.owner],
        )
