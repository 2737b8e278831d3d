"""
People whom several sources describe: one row each, the first source decides, and disagreement is kept to be shown.
"""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from reconciler.core.export import Dispute, Placed, UserRow
from reconciler.core.joined import joined
from reconciler.core.merging import Joining, Merged, merged
from reconciler.core.notices import DISPUTES, disputed
from reconciler.errors import InputError
from tests.core.test_joined import export

BY_EMAIL = Joining(by="email")
HR = UserRow(key="h1", user_name="amuster", state="active", email="Ann@example.com", locale="de_DE")
IAM = UserRow(key="i1", user_name="ann", state="active", email="ann@example.com", display_name="Ann M.")

WHY = "where one source gives it to several people"


def one(hr: UserRow = HR, iam: UserRow = IAM, joining: Joining = BY_EMAIL) -> tuple[UserRow, tuple[Dispute, ...]]:
    """
    Return the one row that two sources' rows become, and where they disagree.
    """
    found = together([hr], [iam], joining)
    (placed,) = found.users
    assert placed.origin == "hr:1 + iam:1"
    return placed.row, found.disputes


def together(hr: list[UserRow], iam: list[UserRow], joining: Joining = BY_EMAIL) -> Merged:
    """
    Return the people of two sources.
    """
    sources = {"hr": hr, "iam": iam}
    placed = {
        name: [Placed(row, f"{name}:{line}") for line, row in enumerate(rows, 1)] for name, rows in sources.items()
    }
    return merged(placed, joining)


def test_first_source_that_gives_a_field_decides() -> None:
    """
    What the first does not say, the second may; letters' case of the joining field is no disagreement.
    """
    row, disputes = one()

    assert row == replace(HR, display_name="Ann M.")
    assert disputes == (Dispute(key="h1", field="user_name", taken=("hr", "amuster"), others=(("iam", "ann"),)),)


def test_order_of_a_single_field_may_be_another() -> None:
    """
    Sources that are named for a field come first for it, the others as they stand.
    """
    row, disputes = one(joining=Joining(by="email", precedence={"user_name": ("iam",), "locale": ("iam",)}))

    assert (row.user_name, row.locale) == ("ann", "de_DE")
    assert [(told.field, told.taken) for told in disputes] == [("user_name", ("iam", "ann"))]


def test_groups_roles_and_attributes_of_all_count() -> None:
    """
    Each source speaks of its own groups and roles; of an attribute that two give, the first decides.
    """
    hr = replace(HR, groups=("h",), roles=("Viewer",), attributes={"site": "A", "cost": ("1", "2")})
    iam = replace(IAM, user_name="amuster", groups=("i",), roles=("Editor", "Viewer"), attributes={"site": "B"})
    row, disputes = one(hr, iam)

    assert (row.groups, row.roles) == (("h", "i"), ("Editor", "Viewer"))
    assert row.attributes == {"cost": ("1", "2"), "site": "A"}
    assert [(told.field, told.others) for told in disputes] == [("attributes.site", (("iam", "B"),))]


@pytest.mark.parametrize(
    ("first", "second", "state", "disputes"),
    [
        pytest.param("active", "left", "active", [(("hr", "active"), (("iam", "left"),))], id="first"),
        pytest.param("left", "active", "left", [(("hr", "left"), (("iam", "active"),))], id="leaver"),
        pytest.param("unknown", "active", "active", [], id="unknown-says-nothing"),
        pytest.param("active", "unknown", "active", [], id="unknown-disputes-nothing"),
        pytest.param("unknown", "unknown", "unknown", [], id="nobody-knows"),
    ],
)
def test_state_is_that_of_the_first_source_that_knows_one(
    first: str, second: str, state: str, disputes: list[object]
) -> None:
    """
    The source's own word for it comes along.
    """
    hr = replace(HR, state=first, source_state=f"{first} at hr")
    iam = replace(IAM, user_name="amuster", state=second, source_state=f"{second} at iam")
    row, found = one(hr, iam)

    assert row.state == state
    assert row.source_state.startswith(state)
    assert [(told.taken, told.others) for told in found] == disputes


@pytest.mark.parametrize(
    ("known", "key"),
    [
        pytest.param((), "h1", id="nobody"),
        pytest.param(("i1",), "i1", id="second"),
    ],
)
def test_key_that_the_ledger_knows_is_kept(known: tuple[str, ...], key: str) -> None:
    """
    Nobody becomes somebody else because another source learns of them.
    """
    assert one(joining=Joining(by="email", known=frozenset(known)))[0].key == key


def test_two_who_are_known_never_become_one() -> None:
    """
    Each has an account: each stays who it is, and what either source says is told.
    """
    found = together([HR], [IAM], Joining(by="email", known=frozenset({"h1", "i1"})))
    (told,) = found.apart

    assert [placed.row for placed in found.users] == [HR, IAM]
    assert found.disputes == ()
    assert (told.keys, told.field) == (("h1", "i1"), "email")
    assert told.said == ("hr: 'Ann@example.com'", "iam: 'ann@example.com'")


@pytest.mark.parametrize(
    ("hr", "iam", "people"),
    [
        pytest.param("ann@x.com", "ANN@X.com", 1, id="case"),
        pytest.param("\u00c4nn@x.com", "a\u0308nn@x.com", 1, id="case-and-composition"),
        pytest.param("\uff21nn@x.com", "ann@x.com", 2, id="full-width"),
        pytest.param("\u212aim@x.com", "kim@x.com", 2, id="kelvin-sign"),
        pytest.param("\u017fam@x.com", "sam@x.com", 2, id="long-s"),
        pytest.param("stra\u00dfe@x.com", "strasse@x.com", 2, id="sharp-s"),
    ],
)
def test_look_alikes_join_nobody(hr: str, iam: str, people: int) -> None:
    """
    Letters' case and composition say nothing; what only looks alike may be anybody's.
    """
    assert len(together([replace(HR, email=hr)], [replace(IAM, email=iam)]).users) == people


def test_people_may_be_joined_by_an_attribute() -> None:
    """
    A number of staff that both sources give will do; a list of values joins nobody.
    """
    hr, iam = (replace(row, attributes={"staff": "7"}) for row in (HR, IAM))
    by_staff = Joining(by="attributes.staff")
    listed = replace(HR, attributes={"staff": ("7",)})

    assert len(together([hr], [iam], by_staff).users) == 1
    assert len(together([listed], [iam], by_staff).users) == 2


@pytest.mark.parametrize(
    ("hr", "iam"),
    [
        pytest.param([replace(HR, email=UNSET)], [replace(IAM, email=UNSET)], id="not-given"),
        pytest.param([replace(HR, email="")], [replace(IAM, email="")], id="empty"),
        pytest.param([HR, replace(HR, key="h2")], [], id="one-source"),
        pytest.param([HR], [replace(IAM, email="bob@example.com")], id="different"),
    ],
)
def test_people_without_a_common_value_stay_apart(hr: list[UserRow], iam: list[UserRow]) -> None:
    """
    Nothing that is not there makes two people one, nor does a source by itself.
    """
    found = together(hr, iam)

    assert [placed.row for placed in found.users] == [*hr, *iam]
    assert found.disputes == ()


def test_value_that_one_source_gives_to_two_people_joins_nobody() -> None:
    """
    Which of the two would be meant is not known, so it is told instead.
    """
    found = together([HR, replace(HR, key="h2")], [IAM])
    (told,) = found.disputes

    assert len(found.users) == 3
    assert (told.taken, [who for who, _ in told.others]) == (None, ["hr h1", "hr h2", "iam i1"])


def test_joined_exports_count_each_person_once() -> None:
    """
    The whole has them in the order of their keys, and its digest says how it was joined.
    """
    parts = {"hr": export("hr", "2"), "iam": export("iam", "1", "2")}
    whole = joined(parts, Joining(by="user_name"))
    other = joined(parts, Joining(by="user_name", precedence={"state": ("iam",)}))

    assert [(placed.row.key, placed.origin) for placed in whole.users] == [("1", "iam:1"), ("2", "hr:1 + iam:2")]
    assert whole.manifest.digest != other.manifest.digest


def test_key_of_two_people_is_refused_though_sources_are_joined() -> None:
    """
    One key with two values of the joining field is nobody's.
    """
    with pytest.raises(InputError, match="iam:1: key '2' stands at hr:1 too"):
        joined({"hr": export("hr", "2"), "iam": export("iam", "2")}, BY_EMAIL)


def test_disagreement_is_told_in_the_plan() -> None:
    """
    The plan says whose value holds and what the others say, of those whom the run is about, and not without end.
    """
    manifest = joined({"a": export("a", "1"), "b": export("b", "2")}).manifest
    first = Dispute(key="1", field="email", taken=("a", "x"), others=(("b", "y"),))
    second = Dispute(key="2", field="email", taken=None, others=(("a 2", "x"), ("b 4", "x")))
    said = replace(manifest, disputes=(first, second))
    many = replace(manifest, disputes=(first,) * (DISPUTES + 2))

    assert [(one.level, one.text) for one in disputed(said, None)] == [
        ("note", "1: email is 'x' as a says; b says 'y'"),
        ("warning", f"email joins nobody {WHY}: a 2 says 'x', b 4 says 'x'"),
    ]
    assert [one.text for one in disputed(said, frozenset({"1"}))] == ["1: email is 'x' as a says; b says 'y'"]
    assert [one.text for one in disputed(many, None)][DISPUTES:] == ["the sources disagree 2 times more"]
    assert list(disputed(export("a").manifest, None)) == []
