"""
Access policies of IBM Cloud as grants: who holds which role of the service, and what does not count.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.sources.ibmcloud_policies import Grants, grants, policy
from reconciler.sources.printed_records import Wrong

FRIDAY = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
VIEWER = "crn:v1:bluemix:public:iam::::role:Viewer"
OVER = {
    "key": "{{environment.attributes.current_date_time}}",
    "operator": "dateTimeLessThan",
    "value": "2026-01-01Z",
}
TODAY = {"key": "{{environment.attributes.day_of_week}}", "operator": "dayOfWeekAnyOf", "value": ["5+00:00"]}
ELSEWHERE = {"key": "{{resource.attributes.path}}", "operator": "stringMatch", "value": "a*"}


def first(*, name: str = "serviceName", value: Any = "openpages", **changes: Any) -> dict[str, Any]:
    """
    Return a raw v1 policy that grants Ann the role of a viewer, changed as told.
    """
    operator = {"operator": changes.pop("operator")} if "operator" in changes else {}
    return {
        "id": "p1",
        "type": "access",
        "state": "active",
        "subjects": [{"attributes": [{"name": "iam_id", "value": "IBMid-ann"}]}],
        "roles": [{"role_id": VIEWER, "display_name": "Viewer"}],
        "resources": [{"attributes": [{"name": name, "value": value, **operator}]}],
    } | changes


def second(**changes: Any) -> dict[str, Any]:
    """
    Return a raw v2 policy that grants the group `AccessGroupId-risk` the role of a viewer, changed as told.
    """
    return {
        "id": "p2",
        "type": "access",
        "state": "active",
        "subject": {"attributes": [_equals("access_group_id", "AccessGroupId-risk")]},
        "resource": {"attributes": [_equals("serviceName", "openpages")]},
        "control": {"grant": {"roles": [{"role_id": VIEWER}]}},
    } | changes


def _equals(key: str, value: str) -> dict[str, str]:
    return {"key": key, "operator": "stringEquals", "value": value}


def granted(*records: dict[str, Any], service: str = "openpages") -> Grants:
    """
    Return what the raw policies grant on a Friday.
    """
    return grants([policy(record) for record in records], service=service, at=FRIDAY)


def test_v1_policy_grants_a_person_directly() -> None:
    """
    A v1 policy whose subject is an iam_id grants its roles to that person.
    """
    found = granted(first())

    assert found == Grants(users={"IBMid-ann": frozenset({"Viewer"})}, groups={}, notes=())


def test_v2_policy_grants_a_group() -> None:
    """
    A v2 policy whose subject is an access_group_id grants its roles to that group.
    """
    found = granted(second())

    assert found == Grants(users={}, groups={"AccessGroupId-risk": frozenset({"Viewer"})}, notes=())


def test_roles_of_several_policies_add_up() -> None:
    """
    A person holds every role that any policy grants.
    """
    editor = first(id="p3", roles=[{"role_id": "crn:v1:bluemix:public:iam::::role:Editor"}])

    assert granted(first(), editor).users == {"IBMid-ann": frozenset({"Editor", "Viewer"})}


def test_several_subjects_and_listed_subjects_all_count() -> None:
    """
    Every subject of a policy is granted its roles, listed one by one or in one attribute.
    """
    listed = {"name": "iam_id", "operator": "stringEqualsAnyOf", "value": ["IBMid-bob", "IBMid-eve"]}
    subjects = [{"attributes": [{"name": "iam_id", "value": "IBMid-ann"}]}, {"attributes": [listed]}]

    assert sorted(granted(first(subjects=subjects)).users) == ["IBMid-ann", "IBMid-bob", "IBMid-eve"]


@pytest.mark.parametrize(
    ("resource", "counts", "told"),
    [
        pytest.param({"operator": "stringEquals"}, True, False, id="equal"),
        pytest.param({"value": "open*", "operator": "stringMatch"}, True, True, id="wildcard"),
        pytest.param({"value": "openpage?", "operator": "stringMatch"}, True, True, id="wildcard-one"),
        pytest.param({"value": "open*"}, False, False, id="star-without-wildcard-operator"),
        pytest.param(
            {"value": "[o]penpages", "operator": "stringMatch"}, False, False, id="bracket-is-no-wildcard"
        ),
        pytest.param({"value": "open.*", "operator": "stringMatch"}, False, False, id="no-expression"),
        pytest.param({"value": ["kms", "openpages"], "operator": "stringEqualsAnyOf"}, True, True, id="listed"),
        pytest.param({"value": ["kms", "o*"], "operator": "stringMatchAnyOf"}, True, True, id="wildcards"),
        pytest.param({"value": "kms"}, False, False, id="another-service"),
        pytest.param({"value": "OpenPages"}, False, False, id="another-case"),
        pytest.param({"name": "serviceType", "value": "service"}, True, True, id="all-services"),
        pytest.param({"name": "serviceType", "value": "platform_service"}, False, False, id="platform-services"),
        pytest.param({"name": "resourceGroupId", "value": "rg"}, False, False, id="resource-group"),
        pytest.param({"operator": "stringNotEquals"}, False, True, id="unknown-operator"),
    ],
)
def test_policy_counts_where_it_covers_the_service(resource: dict[str, Any], *, counts: bool, told: bool) -> None:
    """
    A policy counts that names the service, or reaches it more widely; the latter, and what we cannot tell, is said.
    """
    found = granted(first(**resource))

    assert (bool(found.users), bool(found.notes)) == (counts, told)


def test_every_attribute_of_a_resource_must_fit() -> None:
    """
    A policy for all services that names another service does not cover ours.
    """
    attributes = [{"name": "serviceType", "value": "service"}, {"name": "serviceName", "value": "kms"}]

    assert granted(first(resources=[{"attributes": attributes}])).users == {}


def test_service_is_configurable() -> None:
    """
    Another service's policies count where that service is the one asked for.
    """
    assert granted(first(value="kms"), service="kms").users == {"IBMid-ann": frozenset({"Viewer"})}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"type": "authorization"}, "", id="authorization"),
        pytest.param({"state": "deleted"}, "", id="deleted"),
        pytest.param({"state": "paused"}, "state paused", id="unknown-state"),
        pytest.param({"rule": OVER}, "condition that an export cannot decide", id="wrong-date"),
        pytest.param({"rule": OVER | {"value": "2026-01-01T00:00:00Z"}}, "outside of which", id="window-is-over"),
        pytest.param({"rule": ELSEWHERE}, "condition that an export cannot decide", id="unknown-condition"),
        pytest.param({"rule": {}}, "condition that an export cannot decide", id="empty-rule"),
        pytest.param(
            {"subject": {"attributes": [_equals("serviceName", "x")]}}, "whom they are for", id="no-subject"
        ),
    ],
)
def test_policy_that_does_not_count_grants_nothing(changes: dict[str, Any], told: str) -> None:
    """
    A policy of another type or state, out of its time or not decidable, grants nothing and says why.
    """
    found = granted(second(**changes))

    assert found.groups == {}
    assert told in " ".join(found.notes)


def test_rule_that_holds_grants() -> None:
    """
    A time-bound policy counts inside its window.
    """
    assert granted(second(rule=TODAY)).groups == {"AccessGroupId-risk": frozenset({"Viewer"})}


def test_subject_by_wildcard_grants_nobody() -> None:
    """
    A subject that is not named outright is not guessed at.
    """
    wild = {"attributes": [{"key": "iam_id", "operator": "stringMatch", "value": "IBMid-*"}]}

    assert granted(second(subject=wild)).users == {}


def test_notes_count_all_policies_and_name_a_few() -> None:
    """
    However many policies one note is about, it is one line with their number.
    """
    found = granted(*(second(id=f"p{number}", rule=ELSEWHERE) for number in range(100, 200)))

    assert len(found.notes) == 1
    assert "100 (p100, p101, p102, p103, p104 and 95 more)" in found.notes[0]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        pytest.param(first(id=17), "id is the number 17, not text", id="number-for-id"),
        pytest.param(first(roles="Viewer"), "roles is the text 'Viewer', not a list", id="roles-are-text"),
        pytest.param(first(roles=["Viewer"]), "role is not an object", id="role-is-text"),
        pytest.param(first(roles=[{}]), "role_id is missing", id="role-without-id"),
        pytest.param(first(subjects=[7]), "subject is not an object", id="subject-is-a-number"),
        pytest.param(
            first(resources=[{"attributes": [{"value": "x"}]}]), "key is missing", id="nameless-attribute"
        ),
        pytest.param(second(control={}), "grant is not an object", id="control-without-grant"),
    ],
)
def test_policy_of_another_shape_is_wrong(record: dict[str, Any], message: str) -> None:
    """
    A record that is no policy is not half understood.
    """
    with pytest.raises(Wrong, match=message):
        policy(record)


def test_authorization_policy_is_of_no_account() -> None:
    """
    Only an access policy says whose resources it is about; one between services may name another account.
    """
    attributes = [{"name": "accountId", "value": "other"}]

    assert policy(first(type="authorization", resources=[{"attributes": attributes}])).accounts == frozenset()
    assert policy(first(resources=[{"attributes": attributes}])).accounts == {"other"}


def test_unknown_role_is_granted_and_told() -> None:
    """
    A role that is not known keeps its name, and the note says which policy grants it.
    """
    found = granted(first(roles=[{"role_id": "crn:v1:bluemix:public:openpages::::serviceRole:Modeller"}]))

    assert found.users == {"IBMid-ann": frozenset({"Modeller"})}
    assert [note for note in found.notes if "Modeller" in note and "p1" in note] == list(found.notes)
