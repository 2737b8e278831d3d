"""
The many spellings of a role in IBM Cloud, and the one name under which everything else knows it.
"""

from msgspec import Struct

_NAMES = {
    "Viewer": "Viewer",
    "View": "Viewer",
    "Operator": "Operator",
    "Editor": "Editor",
    "Administrator": "Administrator",
    "GRCUser": "OpenPages User",
    "OpenPagesUser": "OpenPages User",
    "OpenPages User": "OpenPages User",
    "openpages.service.login": "OpenPages User",
    "openpages.service.administer": "Administrator",
}
_FIELDS = 9
_SERVICE, _KIND, _NAME = 4, 8, 9


class Role(Struct, frozen=True):
    """
    A role by its canonical name (None: not a role of this service), and what a reader should know of it.
    """

    name: str | None
    note: str = ""


def role_name(role_id: str, service: str) -> Role:
    """
    Return the role that an id names: `crn:v1:bluemix:public:SERVICE:::ACCOUNT:serviceRole:X`, an action, or a name.

    A role that a customer made may be called `Administrator` and be anything; it never passes for IBM's.
    """
    if not role_id.startswith("crn:"):
        return _known(role_id)
    parts = role_id.split(":", _FIELDS)
    if len(parts) <= _NAME:
        return Role(None, "which is no complete CRN and does not count")
    if parts[_SERVICE] not in {"iam", service} and parts[_KIND] != "customRole":
        return Role(None, "a role of another service, which does not count")
    if parts[_KIND] in {"role", "serviceRole"}:
        return _known(parts[_NAME])
    name = parts[_NAME]
    return Role(f"{parts[_KIND]}:{name}" if name in _NAMES else name, "which is not one of IBM's own")


def _known(name: str) -> Role:
    canonical = _NAMES.get(name)
    return Role(canonical) if canonical else Role(name, "which is not known; its last part is kept as its name")
