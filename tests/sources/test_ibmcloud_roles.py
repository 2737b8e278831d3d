"""
Role ids in every spelling that was found in the field.
"""

import pytest

from reconciler.sources.ibmcloud_roles import role_name


@pytest.mark.parametrize(
    ("role_id", "name"),
    [
        pytest.param("crn:v1:bluemix:public:iam::::role:Viewer", "Viewer", id="platform-viewer"),
        pytest.param("crn:v1:bluemix:public:iam::::role:Operator", "Operator", id="platform-operator"),
        pytest.param("crn:v1:bluemix:public:iam::::role:Editor", "Editor", id="platform-editor"),
        pytest.param("crn:v1:bluemix:public:iam::::role:Administrator", "Administrator", id="platform-admin"),
        pytest.param("crn:v1:bluemix:public:openpages::::serviceRole:GRCUser", "OpenPages User", id="grc-user"),
        pytest.param("crn:v1:bluemix:public:openpages::::serviceRole:View", "Viewer", id="view"),
        pytest.param("crn:v1:bluemix:public:openpages::::serviceRole:Administrator", "Administrator", id="admin"),
        pytest.param("crn:v1:staging:public:openpages::::serviceRole:Editor", "Editor", id="staging"),
        pytest.param("openpages.service.login", "OpenPages User", id="login-action"),
        pytest.param("openpages.service.administer", "Administrator", id="administer-action"),
        pytest.param("Viewer", "Viewer", id="name"),
    ],
)
def test_o08_role_has_one_name_in_every_spelling(role_id: str, name: str) -> None:
    """
    Each spelling of a known role gives its one name, and nothing to tell.
    """
    role = role_name(role_id, "openpages")

    assert (role.name, role.note) == (name, "")


@pytest.mark.parametrize(
    ("role_id", "name"),
    [
        pytest.param("crn:v1:bluemix:public:openpages::::serviceRole:Modeller", "Modeller", id="unknown"),
        pytest.param("crn:v1:bluemix:public:iam::::serviceRole:Manager", "Manager", id="another-kind"),
        pytest.param("Modeller", "Modeller", id="unknown-name"),
        pytest.param("crn:v1:bluemix:public:kms::::serviceRole:Viewer", None, id="another-service"),
        pytest.param("crn:v1:bluemix:public", None, id="cut-short"),
        pytest.param("crn:v1:bluemix:public:openpages::a/1f::customRole:Auditor", "Auditor", id="custom"),
    ],
)
def test_role_that_is_not_known_is_told(role_id: str, name: str | None) -> None:
    """
    An unknown role keeps the last part of its id, one of another service counts for nothing; both are told.
    """
    role = role_name(role_id, "openpages")

    assert role.name == name
    assert role.note


def test_custom_role_never_passes_for_one_of_ibm() -> None:
    """
    A role that a customer called Administrator makes nobody an administrator.
    """
    role = role_name("crn:v1:bluemix:public:iam-access-management::a/1f::customRole:Administrator", "openpages")

    assert role.name == "customRole:Administrator"
