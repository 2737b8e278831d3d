"""
What is decided about a PostgreSQL server before anybody connects to it: where, how safely, and what it is called.
"""

import sys

import pytest

from reconciler.errors import TargetError, UsageError
from reconciler.targets.sql_postgres import server_of
from reconciler.targets.sql_postgres_schema import MIGRATIONS
from reconciler.targets.sql_schema import MIGRATIONS as OF_SQLITE


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("postgresql://db.example.com/iam", ("verify-full", "system"), id="other machine"),
        pytest.param(
            "postgresql://db.example.com/iam?sslmode=verify-full&sslrootcert=ca.pem",
            ("verify-full", "ca.pem"),
            id="own authority",
        ),
        pytest.param("postgresql://127.0.0.1/iam", (None, None), id="this machine"),
        pytest.param("postgresql:///iam?host=/run/postgresql", (None, None), id="socket"),
    ],
)
def test_certificate_of_another_machine_is_verified(url: str, expected: tuple[str | None, str | None]) -> None:
    """
    Who connects to another machine verifies whose it is, against the system's authorities or the one named.
    """
    settings = server_of(url, patience=1, identity=None).settings

    assert (settings.get("sslmode"), settings.get("sslrootcert")) == expected


@pytest.mark.parametrize(
    ("url", "word"),
    [
        pytest.param("postgresql://ann:s3cret@db.example.com/iam?sslmode=require", "anybody", id="not verified"),
        pytest.param("postgresql://ann:s3cret@db.example.com/iam?sslmode=disable", "anybody", id="in the clear"),
        pytest.param("postgresql://ann:s3cret@db.example.com", "no database", id="no database"),
        pytest.param("postgresql://ann:s3cret@db.example.com/iam?s3cret=1", "cannot be read", id="no such setting"),
    ],
)
def test_url_that_is_unsafe_or_wrong_is_refused(url: str, word: str) -> None:
    """
    A url that would give secrets to a stranger, or that names no database, is refused without repeating a secret.
    """
    with pytest.raises(TargetError, match=word) as caught:
        server_of(url, patience=1, identity=None)

    assert "s3cret" not in caught.value.message + caught.value.hint


def test_identity_names_server_and_database_alone() -> None:
    """
    What is recorded of where we wrote holds neither user nor password.
    """
    server = server_of("postgresql://ann:s3cret@db.example.com:5433/iam", patience=1, identity=None)

    assert server.identity == "postgresql:db.example.com:5433/iam"


def test_error_of_the_driver_becomes_ours() -> None:
    """
    What the driver says is told on one line, with what helps.
    """
    server = server_of("postgresql://127.0.0.1/iam", patience=1, identity=None)

    with pytest.raises(TargetError, match="cannot open it: connection refused") as caught, server.told("open it"):
        raise OSError("connection\nrefused")
    assert "running" in caught.value.hint


@pytest.mark.parametrize("view", ["people", "group_members", "group_overview", "changed_by_admin"])
def test_views_are_those_of_sqlite(view: str) -> None:
    """
    Administrators find the same views whatever the database.
    """
    made = f"CREATE VIEW {view} AS"

    assert any(made in statement for step in OF_SQLITE for statement in step)
    assert any(made in statement for step in MIGRATIONS for statement in step)


def test_driver_that_is_missing_is_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A library that is not there ends as every other one does, with what to install.
    """
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(UsageError, match="driver is not installed") as refused:
        server_of("postgresql://127.0.0.1/iam", patience=1, identity=None)

    assert "identity-reconciler[postgresql]" in refused.value.hint
