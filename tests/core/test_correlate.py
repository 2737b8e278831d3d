"""
Who is who: every way of being found, and everything that cannot be told apart.
"""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from reconciler.core.correlate import Correlation, Pair, correlate
from reconciler.core.ledger import CreateIntent, Last, LedgerRow, Names
from reconciler.core.matching import Matching
from reconciler.core.model import Decisions, Desired, Equality, Kind, Live
from reconciler.core.policy import UserPolicy, build
from reconciler.core.rules import group_matching, user_matching

POLICY: dict[str, dict[str, object]] = {
    "users": {"correlate": ["link", "external_id", "user_name", "email"], "protected": ["root"]},
    "groups": {"prefix": "Cloud - ", "recognise": ["Cloud \u2013 "]},
}
CASELESS = Equality(caseless=frozenset({"user_name", "email"}))


def wanted(key: str, name: str, *, mail: str | None = None, kind: Kind = "user", **more: object) -> Desired:
    """
    Return a desired entity of that key and name.
    """
    fields = {"email": mail} if mail is not None else {}
    given = {"state": "active", "reason": "", "decisions": Decisions(), **more}
    return Desired(kind=kind, key=key, name=name, fields=fields, origin="users.jsonl:1", **given)  # type: ignore[arg-type]


def there(
    link: str, name: str, *, mail: str | None = None, kind: Kind = "user", external: str | None = None
) -> Live:
    """
    Return a live entity of that id and name.
    """
    return Live(kind=kind, id=link, name=name, fields={"email": mail}, external_id=external)


def row(key: str, link: str | None = None, **more: object) -> LedgerRow:
    """
    Return the ledger's row of a linked entity.
    """
    return LedgerRow(key=key, link=link, **more)  # type: ignore[arg-type]


def who(
    desired: tuple[Desired, ...],
    live: tuple[Live, ...],
    rows: tuple[LedgerRow, ...] = (),
    matching: Matching | None = None,
) -> Correlation:
    """
    Return who is who by a policy that matches by everything.
    """
    asked = matching or user_matching(build(POLICY, {}), Equality())
    return correlate({one.key: one for one in desired}, live, {one.key: one for one in rows}, asked)


def found(correlation: Correlation) -> list[tuple[str, str, str]]:
    """
    Return each pair as key, target id and how it was found.
    """
    return [(one.key, one.live.id if one.live else "", one.via) for one in correlation.pairs]


def conflicts(correlation: Correlation) -> list[tuple[str, ...]]:
    """
    Return the keys of each conflict.
    """
    return sorted(one.keys for one in correlation.conflicts)


@pytest.mark.parametrize(
    ("live", "rows", "via"),
    [
        pytest.param(there("7", "other"), (row("a", "7"),), "link", id="link, whatever the name"),
        pytest.param(
            there("7", "ann", external="a"),
            (row("a", intent=CreateIntent(name="ann", external_id="a", at="", run=1)),),
            "intent",
            id="open create",
        ),
        pytest.param(there("7", "other", external="a"), (), "external_id", id="external id"),
        pytest.param(there("7", "ann"), (), "user_name", id="user name"),
        pytest.param(there("7", "other", mail="ANN@\uff45xample.com"), (), "email", id="e-mail, folded"),
        pytest.param(there("7", "ann", mail="x@example.com", external="a"), (), "external_id", id="in that order"),
    ],
)
def test_entity_is_found(live: Live, rows: tuple[LedgerRow, ...], via: str) -> None:
    """
    Each way of being found finds, the stronger before the weaker.
    """
    correlation = who((wanted("a", "ann", mail="ann@example.com"),), (live,), rows)

    assert found(correlation) == [("a", "7", via)]


@pytest.mark.parametrize(
    "live",
    [
        pytest.param(there("a", "other"), id="a source id is no target id"),
        pytest.param(there("7", "Ann"), id="case matters here"),
        pytest.param(there("7", "other", mail=""), id="an empty e-mail is nobody's"),
        pytest.param(there("7", "other"), id="nor is none"),
    ],
)
def test_entity_is_not_found(live: Live) -> None:
    """
    What only looks like a match is none: the one is made, the other is a stranger.
    """
    correlation = who((wanted("a", "ann", mail=""),), (live,))

    assert found(correlation) == [("a", "", ""), ("", live.id, "")]


def test_only_what_the_policy_lists_matches() -> None:
    """
    An e-mail is no proof where the policy does not say so.
    """
    policy = {"users": {"correlate": ["link", "user_name"]}}
    matching = user_matching(build(policy, {}), Equality())
    correlation = who((wanted("a", "ann", mail="m"),), (there("7", "other", mail="m"),), matching=matching)

    assert found(correlation) == [("a", "", ""), ("", "7", "")]


def test_names_are_compared_as_the_target_compares() -> None:
    """
    Where the target folds case, our own unfinished create is found under the folded name.
    """
    matching = user_matching(build(POLICY, {}), CASELESS)
    unfinished = row("a", intent=CreateIntent(name="Ann", external_id="a", at="", run=1))
    correlation = who((wanted("a", "Ann"),), (there("7", "ann", external="a"),), (unfinished,), matching)

    assert found(correlation) == [("a", "7", "intent")]


def test_intent_of_another_name_proves_nothing() -> None:
    """
    An account with our external id but another name is not the one that we were about to make.
    """
    unfinished = row("a", intent=CreateIntent(name="anna", external_id="a", at="", run=1))
    correlation = who((wanted("a", "ann"),), (there("7", "ann", external="a"),), (unfinished,))

    assert found(correlation) == [("a", "7", "external_id")]


def test_intent_that_nothing_answers_to_finds_nobody() -> None:
    """
    A create that never landed is made again.
    """
    unfinished = row("a", intent=CreateIntent(name="ann", external_id="a", at="", run=1))
    correlation = who((wanted("a", "ann"),), (there("7", "other"),), (unfinished,))

    assert found(correlation) == [("a", "", ""), ("", "7", "")]


@pytest.mark.parametrize(
    ("desired", "live", "keys"),
    [
        pytest.param(
            (wanted("a", "ann", mail="m"),),
            (there("7", "x", mail="m"), there("8", "y", mail="M")),
            [("a",)],
            id="a tie",
        ),
        pytest.param(
            (wanted("a", "ann", mail="m"), wanted("b", "bob", mail="m")),
            (there("7", "x", mail="m"),),
            [("a", "b")],
            id="two for one",
        ),
        pytest.param(
            (wanted("a", "ann"), wanted("b", "ann")), (there("7", "ann"),), [("a", "b")], id="one name, told once"
        ),
        pytest.param((wanted("a", "ADMIN"), wanted("b", "admin")), (there("7", "admin"),), [("a", "b")], id="case"),
        pytest.param(
            (wanted("a", "ann", mail="m"), wanted("b", "Ann"), wanted("c", "cleo", mail="m")),
            (there("7", "x", mail="m"),),
            [("a", "b"), ("a", "c")],
            id="a name and a match",
        ),
        pytest.param(
            (wanted("a", "\u1d2e\u1d35\u1d33"), wanted("b", "big")),
            (there("7", "big"),),
            [("a", "b")],
            id="look-alike",
        ),
    ],
)
def test_what_cannot_be_told_apart_holds_everybody(
    desired: tuple[Desired, ...], live: tuple[Live, ...], keys: list[tuple[str, ...]]
) -> None:
    """
    A conflict holds every desired one in it, and no live one in it is a stranger.
    """
    correlation = who(desired, live)

    assert conflicts(correlation) == keys
    assert found(correlation) == []
    assert correlation.held == {key for conflict in keys for key in conflict}


def test_somebody_who_is_not_active_takes_no_name() -> None:
    """
    A leaver and a newcomer of one name are no conflict between them.
    """
    correlation = who((wanted("a", "ann", state="inactive"), wanted("b", "Ann")), ())

    assert conflicts(correlation) == []


def test_row_03_another_entity_in_the_place_of_the_linked_one_is_a_conflict() -> None:
    """
    The linked id is gone and another account has the name: nothing is made, nobody adopted, nobody a stranger.
    """
    correlation = who((wanted("a", "ann"),), (there("8", "ann"),), (row("a", "7"),))

    assert conflicts(correlation) == [("a",)]
    assert found(correlation) == []
    assert "(id 7) is gone" in correlation.conflicts[0].message


def test_row_03_another_entity_with_our_external_id_is_a_conflict() -> None:
    """
    The same where it is not the name but our own id that somebody else bears.
    """
    correlation = who((wanted("a", "ann"),), (there("8", "x", external="a"),), (row("a", "7"),))

    assert conflicts(correlation) == [("a",)]
    assert found(correlation) == []


def test_row_03_is_decided_by_an_override() -> None:
    """
    An override that adopts lets the newcomer take the place of the one that is gone.
    """
    adopted = wanted("a", "ann", decisions=Decisions(adopt=True))
    correlation = who((adopted,), (there("8", "ann"),), (row("a", "7"),))

    assert found(correlation) == [("a", "8", "user_name")]


def test_gone_account_is_made_again_where_nobody_has_its_name() -> None:
    """
    A linked id that is gone, and a free name: the pair has a row and no live side.
    """
    correlation = who((wanted("a", "ann"),), (), (row("a", "7"),))

    assert found(correlation) == [("a", "", "")]
    assert correlation.pairs[0].row is not None


def test_recycled_login_is_another_person() -> None:
    """
    A new source identity under the name of a linked account gets neither that account nor a second one.
    """
    correlation = who((wanted("b", "ann"),), (there("7", "ann"),), (row("a", "7"),))

    assert conflicts(correlation) == [("b",)]
    assert found(correlation) == [("a", "7", "link")]
    assert "belongs to a" in correlation.conflicts[0].message


@pytest.mark.parametrize("equality", [Equality(), CASELESS], ids=["as written", "folded"])
@pytest.mark.parametrize("rows", [(), (row("a", "7"),)], ids=["unlinked", "linked before"])
def test_protected_account_does_not_exist_for_us(equality: Equality, rows: tuple[LedgerRow, ...]) -> None:
    """
    A protected account is matched by nobody and is no stranger, linked or not; whoever needs its name conflicts.
    """
    matching = user_matching(build({"users": {**POLICY["users"], "protected": ["Root"]}}, {}), equality)
    name = "Root" if equality == Equality() else "root"
    correlation = who((wanted("a", name),), (there("7", name, external="a"),), rows, matching)

    assert conflicts(correlation) == [("a",)]
    assert found(correlation) == []


def test_protected_leaver_is_left_alone() -> None:
    """
    A linked account that is protected now, of a person who is gone, has no live side for us.
    """
    correlation = who((), (there("7", "root"),), (row("a", "7"),))

    assert found(correlation) == [("a", "", "")]


@pytest.mark.parametrize("linked", [False, True], ids=["to be made", "to be renamed"])
def test_name_of_anybody_else_is_taken(linked: bool) -> None:  # noqa: FBT001  a case of the table
    """
    Nobody is made or renamed to a name that another linked account still bears.
    """
    rows = (row("b", "8"), row("a", "7")) if linked else (row("b", "8"),)
    correlation = who((wanted("a", "bob"), wanted("b", "bobby")), (there("7", "ann"), there("8", "bob")), rows)

    assert conflicts(correlation) == [("a",)]
    assert ("b", "8", "link") in found(correlation)


def test_two_who_swap_names_are_both_held() -> None:
    """
    A swap of two names cannot be written one after the other.
    """
    rows = (row("a", "7"), row("b", "8"))
    correlation = who((wanted("a", "bob"), wanted("b", "ann")), (there("7", "ann"), there("8", "bob")), rows)

    assert conflicts(correlation) == [("a",), ("b",)]


def replacing() -> Matching:
    """
    Return how users are told apart where the target cannot rename.
    """
    policy = build({"users": {**POLICY["users"], "rename": "replace"}}, {})
    assert isinstance(policy.users, UserPolicy)
    return user_matching(policy, Equality())


def test_successor_is_made_and_its_predecessor_known() -> None:
    """
    Where the target cannot rename, the pair has no live side yet, and the old account as predecessor.
    """
    correlation = who((wanted("a", "anna"),), (there("7", "ann"),), (row("a", "7"),), replacing())

    assert found(correlation) == [("a", "", "")]
    assert [one.predecessor and one.predecessor.id for one in correlation.pairs] == ["7"]


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(wanted("a", "ann"), id="the same name"),
        pytest.param(wanted("a", "anna", state="inactive"), id="who leaves"),
        pytest.param(wanted("a", "anna", state="untouched"), id="whom nobody may touch"),
    ],
)
def test_no_successor_is_made_for_who_needs_none(one: Desired) -> None:
    """
    Where the target cannot rename, an account is still found by its link while nothing asks for another name.
    """
    correlation = who((one,), (there("7", "ann"),), (row("a", "7"),), replacing())

    assert found(correlation) == [("a", "7", "link")]
    assert correlation.pairs[0].predecessor is None


def test_tombstone_is_seen_by_nobody_but_its_heir() -> None:
    """
    A retired predecessor is no stranger and no match; while it is active, its heir still has to retire it.
    """
    live = (there("7", "ann", mail="m"), there("8", "anna"))
    correlation = who((wanted("a", "anna"), wanted("b", "x", mail="m")), live, (row("a", "8", tombstones=("7",)),))

    assert found(correlation) == [("a", "8", "link"), ("b", "", "")]
    assert [one.predecessor and one.predecessor.id for one in correlation.pairs] == ["7", None]


def test_name_of_a_tombstone_is_taken() -> None:
    """
    A person who is renamed back cannot have the name that the retired account still bears.
    """
    live = (there("7", "ann"), there("8", "anna"))
    correlation = who((wanted("a", "ann"),), live, (row("a", "8", tombstones=("7",)),), replacing())

    assert conflicts(correlation) == [("a",)]
    assert "belonged to a" in correlation.conflicts[0].message
    assert "adopt" not in correlation.conflicts[0].release


@pytest.mark.parametrize("kind", ["user", "group"])
def test_pair_has_all_that_is_known_of_an_entity(kind: Kind) -> None:
    """
    Whoever is found has both sides and its row; who is not desired, or not ours, only what there is.
    """
    one, gone = wanted("a", "ann", kind=kind), row("b", "8")
    ann, bob, stranger = (there(link, name, kind=kind) for link, name in (("7", "ann"), ("8", "bob"), ("9", "x")))
    correlation = who((one,), (stranger, bob, ann), (gone, row("a", "7"), row("c")), _of(kind))

    assert correlation == Correlation(
        pairs=(
            Pair(kind=kind, key="a", desired=one, live=ann, row=row("a", "7"), via="link"),
            Pair(kind=kind, key="b", desired=None, live=bob, row=gone, via="link"),
            Pair(kind=kind, key="c", desired=None, live=None, row=row("c")),
            Pair(kind=kind, key="", desired=None, live=stranger, row=None),
        ),
        conflicts=(),
        held=frozenset(),
    )


def _of(kind: Kind) -> Matching:
    """
    Return how entities of that kind are told apart, where the export proves no absence.
    """
    return user_matching(build(POLICY, {}), Equality()) if kind == "user" else groups(proved=False)


@pytest.mark.parametrize(
    ("name", "pairs", "clashing"),
    [
        pytest.param("ann", [("a", "7", "link")], [], id="beside others"),
        pytest.param("bob", [], [("a", "b")], id="whose name somebody wants"),
    ],
)
def test_whoever_is_known_to_be_in_step_gets_no_pair(
    name: str, pairs: list[tuple[str, str, str]], clashing: list[tuple[str, ...]]
) -> None:
    """
    An account of somebody steady is no stranger, its row is not undesired, and its name is taken.
    """
    ann, bob = there("7", "ann"), there("8", "bob")
    rows = {"a": row("a", "7"), "b": row("b", "8")}
    correlation = correlate({"a": wanted("a", name)}, (ann, bob), rows, _of("user"), steady={"b": bob})

    assert found(correlation) == pairs
    assert conflicts(correlation) == clashing
    assert correlation.steady == {"b"}


@pytest.mark.parametrize(
    ("tombstones", "off", "predecessor"),
    [
        pytest.param(("5", "6"), (), "6", id="the latest"),
        pytest.param(("5", "6"), ("6",), "5", id="the latest that can be used yet"),
        pytest.param(("5", "6"), ("5", "6"), None, id="none, where all were retired"),
        pytest.param(("4",), (), None, id="none, where it is gone"),
    ],
)
def test_predecessor_is_the_one_still_to_retire(
    tombstones: tuple[str, ...], off: tuple[str, ...], predecessor: str | None
) -> None:
    """
    Of the accounts that somebody had before, the latest that is active is the predecessor.
    """
    live = [there(link, f"ann{link}") for link in "567"]
    seen = tuple(replace(one, active=one.id not in off) for one in live)
    correlation = who((wanted("a", "ann7"),), seen, (row("a", "7", tombstones=tombstones),))
    former = correlation.pairs[0].predecessor

    assert (former and former.id) == predecessor


def test_strangers_come_last_by_name() -> None:
    """
    Whoever is live and known to nobody stands alone, after everybody else.
    """
    correlation = who((wanted("z", "zoe"),), (there("1", "x"), there("2", "b"), there("3", "zoe")))

    assert found(correlation) == [("z", "3", "user_name"), ("", "2", ""), ("", "1", "")]


def groups(*, proved: bool = True, policy: Mapping[str, object] = POLICY) -> Matching:
    """
    Return how groups are told apart.
    """
    return group_matching(build(policy, {}), Equality(), proved=proved)


def test_two_source_groups_of_one_name_are_held() -> None:
    """
    Two groups of one name are a conflict that names both ids.
    """
    desired = (wanted("g1", "Cloud - x", kind="group"), wanted("g2", "Cloud - x", kind="group"))
    correlation = who(desired, (there("7", "Cloud - x", kind="group"),), (row("g1", "7"),), groups())

    assert conflicts(correlation) == [("g1", "g2")]
    assert found(correlation) == []
    assert "(g1)" in correlation.conflicts[0].message
    assert "(g2)" in correlation.conflicts[0].message


def test_group_that_nobody_would_make_takes_no_name() -> None:
    """
    A group without members is not made, so that its name is taken is nobody's concern.
    """
    desired = (wanted("g2", "Cloud - x", kind="group", reason="unpopulated"),)
    correlation = who(desired, (there("7", "Cloud - x", kind="group"),), (row("g1", "7"),), groups(proved=False))

    assert conflicts(correlation) == []


@pytest.mark.parametrize("state", ["active", "retired"])
def test_group_made_again_is_the_group_it_was(state: str) -> None:
    """
    A group under a new source id takes over the row of the one that is proved gone, and that row's key goes.
    """
    before = row("g1", "7", names=Names(present="Cloud - x"), last=Last(state=state))  # type: ignore[arg-type]
    live = (there("7", "Cloud \u2013 x", kind="group"),)
    correlation = who((wanted("g2", "Cloud - x", kind="group"),), live, (before,), groups())

    assert found(correlation) == [("g2", "7", "link")]
    assert correlation.pairs[0].row == row("g2", "7", names=before.names, last=before.last)
    assert set(correlation.superseded) == {"g1"}


def test_group_is_not_taken_for_another_on_a_bad_export() -> None:
    """
    Where the export proves no absence, the old group may be there yet: a conflict.
    """
    live = (there("7", "Cloud - x", kind="group"),)
    correlation = who((wanted("g2", "Cloud - x", kind="group"),), live, (row("g1", "7"),), groups(proved=False))

    assert conflicts(correlation) == [("g2",)]
    assert found(correlation) == [("g1", "7", "link")]


def test_group_of_another_name_stays_with_its_row() -> None:
    """
    A group that is gone, and that nobody is named after, is a linked one that nobody desires.
    """
    correlation = who((), (there("7", "Cloud - x", kind="group"),), (row("g1", "7"), row("g2", "9")), groups())

    assert found(correlation) == [("g1", "7", "link"), ("g2", "", "")]
    assert all(isinstance(one, Pair) and one.desired is None for one in correlation.pairs)
