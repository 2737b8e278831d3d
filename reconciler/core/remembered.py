"""
The target as the ledger remembers it, for a plan that may not ask the target itself.

That is what the last runs saw hold. What an administrator did since is not in it, nor who was never ours.
"""

from collections.abc import Mapping

from reconciler.core.claims import STATE
from reconciler.core.ledger import Ledger, LedgerRow
from reconciler.core.model import Catalogue, Fields, Kind, Live, Profile, Snapshot


def remembered(ledger: Ledger) -> Snapshot:
    """
    Return the entities that the ledger links, each as it was when a run last looked at it.

    The profiles that somebody holds are taken for all that the target offers.
    """
    links = {key: row.link for key, row in ledger.groups.items() if row.link}
    users = sorted((_live("user", row, links) for row in ledger.users.values() if row.link), key=_id)
    groups = sorted((_live("group", row, links) for row in ledger.groups.values() if row.link), key=_id)
    return Snapshot(users=tuple(users), groups=tuple(groups), catalogue=Catalogue(profiles=_profiles(ledger)))


def _id(live: Live) -> str:
    return live.id


def _live(kind: Kind, row: LedgerRow, links: Mapping[str, str]) -> Live:
    last = row.last
    # what we sent counts, also where the target keeps it otherwise: it was taken for the same
    claimed: Fields = {
        name: claim.wrote if claim.owner == "git" else claim.saw
        for name, claim in row.claims.items()
        if name != STATE
    }
    return Live(
        kind=kind,
        id=row.link or "",
        name=row.names.present if row.names else row.key,
        fields={**(last.fields | last.wrote if last else {}), **claimed},
        active=last is None or last.state != "inactive",
        external_id=row.key,
        groups=tuple(sorted(links[key] for key in (last.groups if last else ()) if key in links)),
        version="remembered",
    )


def _profiles(ledger: Ledger) -> dict[str, Profile]:
    """
    Return what users were seen to hold, as a catalogue; empty (nothing is known of it) where nobody held any.
    """
    claims = (row.claims.get("profiles") for row in ledger.users.values())
    names = {name for claim in claims if claim and isinstance(claim.saw, tuple) for name in claim.saw}
    return {name: Profile(name=name) for name in sorted(names)}
