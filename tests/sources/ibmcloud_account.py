"""
A small account of IBM Cloud for tests: raw records, changed as a story says, and files written and read.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.ports import Reading
from reconciler.sources.ibmcloud import read_files

AT = "2026-11-20T06:00:00Z"
RISK = "AccessGroupId-risk"


def user(iam_id: Any = "IBMid-ann", **changes: Any) -> dict[str, Any]:
    """
    Return a raw person of the API, changed as told.
    """
    return {
        "id": f"profile-{iam_id}",
        "iam_id": iam_id,
        "user_id": f"{iam_id}@example.com",
        "firstname": "Ann",
        "lastname": "Muster",
        "state": "ACTIVE",
        "email": "ann@example.com",
        "account_id": "acc",
    } | changes


def group(key: str = RISK, **changes: Any) -> dict[str, Any]:
    """
    Return a raw access group, changed as told.
    """
    return {"id": key, "name": "Risk Officers", "description": "", "account_id": "acc"} | changes


def policy(key: str = "p1", *, group_key: str = RISK, **changes: Any) -> dict[str, Any]:
    """
    Return a raw v1 policy that grants a group the login role, changed as told.
    """
    return {
        "id": key,
        "type": "access",
        "state": "active",
        "subjects": [{"attributes": [{"name": "access_group_id", "value": group_key}]}],
        "roles": [{"role_id": "crn:v1:bluemix:public:openpages::::serviceRole:GRCUser"}],
        "resources": [
            {"attributes": [{"name": "accountId", "value": "acc"}, {"name": "serviceName", "value": "openpages"}]}
        ],
    } | changes


def member(iam_id: Any = "IBMid-ann", **changes: Any) -> dict[str, Any]:
    """
    Return a raw member of a group, changed as told.
    """
    return {"iam_id": iam_id, "type": "user", "membership_type": "static"} | changes


def world(**changes: Any) -> dict[str, Any]:
    """
    Return the files of a small whole account, changed as told: contents by name without `.json`.
    """
    small: dict[str, Any] = {
        "users": [user()],
        "groups": [group()],
        "policies": {"policies": [policy()]},
        "members": {RISK: [member()]},
    }
    return {name: content for name, content in (small | changes).items() if content is not None}


def read(folder: Path, files: Mapping[str, Any], *, account: str | None = None) -> Reading:
    """
    Return the reading of the contents, written below `folder`.
    """
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_files([folder], account=account, fetched_at=AT)
