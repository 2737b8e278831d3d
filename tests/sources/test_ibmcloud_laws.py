"""
Laws of reading IBM Cloud over many inputs: order changes nothing, and nothing gives a traceback.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.canonical import encode
from reconciler.errors import ReconcilerError
from tests.sources.ibmcloud_account import RISK, group, member, policy, read, user, world

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
SPOTS = ("users", "groups", "policies", "members")


@given(
    spot=st.sampled_from(SPOTS), name=st.sampled_from(sorted({*user(), *group(), *policy(), *member()})), value=JSON
)
def test_one_wrong_field_never_gives_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, spot: str, name: str, value: object
) -> None:
    """
    Any value in any field gives rows, or a refusal that names the file.
    """
    records = {"users": user(), "groups": group(), "policies": policy(), "members": member()}
    changed = records[spot] | {name: value}
    files = world(**{spot: {RISK: [changed]} if spot == "members" else [changed]})
    try:
        outcome = str(read(tmp_path_factory.mktemp("export"), files, account="acc").account)
    except ReconcilerError as refused:
        outcome = str(refused)

    assert outcome == "acc" or f"{spot}.json" in outcome


@given(document=JSON)
def test_any_document_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, document: object) -> None:
    """
    Whatever JSON a file holds, it is refused by name or gives a reading that is not complete.
    """
    try:
        whole = read(tmp_path_factory.mktemp("export"), {"x": document}, account="acc").complete
    except ReconcilerError as refused:
        whole = "x.json" not in str(refused)

    assert not whole


@given(order=st.permutations(range(6)))
def test_order_of_records_changes_no_byte(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    """
    People, members and policies in any order give the same bytes.
    """
    found = [
        read(
            tmp_path_factory.mktemp("export"),
            world(
                users=[user(f"IBMid-{one}") for one in numbers],
                members={RISK: [member(f"IBMid-{one}") for one in numbers]},
                policies=[policy(f"p{one}") for one in numbers],
            ),
        )
        for numbers in (order, sorted(order))
    ]

    assert encode(found[0]) == encode(found[1])
