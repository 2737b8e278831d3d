"""
The configuration names only what is there, and holds no secret.
"""

import pytest

from reconciler.errors import Fault
from reconciler.files.configuration import faults_of
from reconciler.files.placed import Document


def faults(target: object, sources: object = None) -> list[Fault]:
    """
    Return the faults of a configuration with one target.
    """
    value = {"sources": {"ibmcloud": {}} if sources is None else sources, "targets": {"t": target}}
    document = Document("reconciler.yaml", value, {("targets", "t"): 4, ("targets", "t", "url"): 5})
    return list(faults_of(document, value, policies=["openpages", "own.yaml"]))


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///.reconciler/openpages.db",
        "postgresql://db.example.com/openpages",
        "postgresql://reconciler@db.example.com/openpages",
        "postgresql://reconciler:${PASSWORD}@db.example.com:5432/openpages",
        "postgresql://${USER}:${PASS_1}${PASS_2}@db/openpages",
        "postgresql://db/openpages?password=${PASSWORD}&sslmode=require",
        "postgresql://db/openpages?passfile=/run/secrets/pgpass",
        "postgresql://[::1]:5432/openpages",
        "${DATABASE_URL}",
    ],
)
def test_an_address_without_an_open_secret_is_sound(url: str) -> None:
    """
    No password, or one that the environment holds.
    """
    assert faults({"url": url, "sources": ["ibmcloud"], "policy": "openpages"}) == []


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        pytest.param("sqlite:///.reconciler/a.db", True, id="the same"),
        pytest.param("sqlite:///.reconciler//./b/../a.db", True, id="the same file otherwise spelt"),
        pytest.param("sqlite:///.reconciler/b.db", False, id="another file"),
    ],
)
def test_two_targets_do_not_share_a_database(other: str, *, shared: bool) -> None:
    """
    Each has a ledger of its own, and would take the other's writes for an administrator's.
    """
    urls = {"a": "sqlite:///.reconciler/a.db", "b": other}
    value = {"sources": {}, "targets": {name: {"url": url} for name, url in urls.items()}}
    document = Document("reconciler.yaml", value, {("targets", "b", "url"): 7})
    found = [(one.line, one.message) for one in faults_of(document, value, policies=["openpages"])]

    assert found == ([(7, 'targets.b.url is the address of target "a" too')] if shared else [])


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@db/openpages",
        "postgresql://me:s3/cret@db/openpages",
        "postgresql://:s3cret@db/openpages",
        "postgresql://me:${PASSWORD}s3cret@db/openpages",
        "postgresql://me:${s3cret}@db/openpages",
        "postgresql://db/openpages?user=me&password=s3cret",
        "mssql://db/x;PWD=s3cret",
        "https://db/x?api_key=s3cret",
        "https://db/x?access_token=s3cret",
    ],
)
def test_an_open_secret_is_refused_and_not_repeated(url: str) -> None:
    """
    The message tells the line and the way out, and never the secret.
    """
    (fault,) = faults({"url": url})

    assert fault.line == 5
    assert "s3cret" not in str(fault)
    assert "${ENV_NAME}" in fault.hint


def test_a_placeholder_that_names_no_variable_is_refused() -> None:
    """
    What looks like a variable and is none would be sent as it stands.
    """
    (fault,) = faults({"url": "sqlite:///${lower}.db"})

    assert fault.message == "targets.t.url holds a ${...} that names no variable"


def test_names_must_be_there() -> None:
    """
    Sources and policies are looked up by name, and the near one is offered.
    """
    found = faults({"sources": ["ibmclod"], "policy": "opnpages"})

    assert [(fault.message, fault.hint) for fault in found] == [
        ('targets.t.sources[0] names "ibmclod": no such source', 'did you mean "ibmcloud"?'),
        ('targets.t.policy is "opnpages": no such policy', 'did you mean "openpages"?'),
    ]


@pytest.mark.parametrize("policy", ["../own.yaml", "/etc/passwd", "..\\own.yaml", "policies/own.yaml"])
def test_a_policy_is_no_path(policy: str) -> None:
    """
    A policy is a file of one folder, or a preset.
    """
    (fault,) = faults({"policy": policy})

    assert fault.message.endswith(": a path")


@pytest.mark.parametrize(
    "target", [None, "x", [], {"url": 1, "sources": "x", "policy": []}, {"sources": [1, None]}]
)
def test_what_is_not_where_it_should_be_is_left_to_the_schema(target: object) -> None:
    """
    Values of the wrong kind are passed over here.
    """
    assert faults(target) == []
    assert faults(target, sources="x") == []
