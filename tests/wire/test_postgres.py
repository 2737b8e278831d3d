"""
The registry on a real PostgreSQL passes the contract against an administrator who types SQL, and keeps its laws.
"""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from msgspec.structs import replace

from reconciler.core.ledger import Fence
from reconciler.errors import TargetError
from reconciler.targets.probing import probe
from reconciler.targets.sql import SqlTarget
from reconciler.targets.sql_words import POSTGRES
from reconciler.testing.targets import TargetContract
from reconciler.testing.writes import creation, deletion, group, landed, update, user, written
from tests.wire.postgres import PostgresAdmin, postgres, statement

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """
    Return the url of a server with a database `fresh` that holds a new registry.
    """
    with postgres() as url:
        statement(url, "CREATE DATABASE fresh")
        SqlTarget.open(url.replace("/postgres", "/fresh")).close()
        yield url


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """
    Return the url of a new registry of its own.
    """
    statement(server, "CREATE DATABASE registry TEMPLATE fresh")
    yield server.replace("/postgres", "/registry")
    statement(server, "DROP DATABASE registry WITH (FORCE)")


@pytest.fixture
def target(url: str) -> Iterator[SqlTarget]:
    """
    Return an empty registry.
    """
    opened = SqlTarget.open(url, role_groups=frozenset({"OPAdministrators"}), patience=5)
    yield opened
    opened.close()


@pytest.fixture
def admin(url: str) -> Iterator[PostgresAdmin]:
    """
    Return the registry's administrator.
    """
    admin = PostgresAdmin(url)
    yield admin
    admin.close()


class TestPostgresTarget(TargetContract):
    """
    The contract, on PostgreSQL, with an administrator who types SQL.
    """


def test_identity_tells_no_secret(target: SqlTarget) -> None:
    """
    The identity names server and database, and nobody who logs in.
    """
    assert target.identity.startswith("postgresql:127.0.0.1:")
    assert target.identity.endswith("/registry")


def test_two_may_make_the_tables_at_once(server: str) -> None:
    """
    Programs that open a new database at the same moment all find it whole.
    """
    statement(server, "CREATE DATABASE twice")
    failed: list[BaseException] = []

    def open_it() -> None:
        try:
            SqlTarget.open(server.replace("/postgres", "/twice")).close()
        except TargetError as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_database_with_somebody_elses_tables_is_refused(server: str) -> None:
    """
    A database with tables that are not ours gets none of ours.
    """
    statement(server, "CREATE DATABASE other")
    statement(server.replace("/postgres", "/other"), "CREATE TABLE invoices (id int)")

    with pytest.raises(TargetError, match="invoices"):
        SqlTarget.open(server.replace("/postgres", "/other"))


def test_membership_that_was_under_way_while_we_read_is_seen(target: SqlTarget, url: str) -> None:
    """
    Somebody put into a group by a transaction that ends after our reading keeps it: the group is not deleted.
    """
    landed(target, creation("ann"))
    landed(target, creation("Auditors", kind="group"))
    with psycopg.connect(url) as administrator:
        administrator.execute("INSERT INTO memberships SELECT u.id, g.id FROM users u, groups g")
        auditors = group(target, "Auditors")
    result = written(target, deletion(auditors))

    assert (result.outcome, user(target, "ann").groups) == ("left", (auditors.id,))
    assert written(target, deletion(group(target, "Auditors"))).outcome == "landed"


def test_registry_is_measured_and_left_alone(target: SqlTarget) -> None:
    """
    What throw-away rows show of it, and that they are gone afterwards.
    """
    found = {one.what: one.found for one in probe(target)}
    left = target.read()

    assert (found["a late write"], found["case of user names"]) == ("refused", "counts")
    assert (left.users, left.groups) == ((), ())


def test_our_run_is_seen_by_nobody_else(target: SqlTarget, admin: PostgresAdmin) -> None:
    """
    An administrator who writes while a run does is told from the run, without waiting for its end.
    """
    landed(target, creation("ann"))
    landed(target, creation("bob"))
    with target._registry.writing("test") as driver:  # noqa: SLF001 - a run, stopped half-way
        driver.execute("SELECT set_config('reconciler.run', 'run-7', true)")
        driver.execute("UPDATE users SET locale = 'x' WHERE user_name = 'ann'")
        admin.admin_sets("bob", locale="de_DE")

    assert (user(target, "ann").changed_by, user(target, "bob").changed_by) == ("run-7", "admin")


def test_stamp_cannot_be_forged(target: SqlTarget, admin: PostgresAdmin) -> None:
    """
    Who writes version or writer by hand writes nothing of the kind.
    """
    ann = landed(target, creation("ann"))
    admin.run("UPDATE users SET version = ?, changed_by = 'run-1'", int(ann.version))
    after = user(target, "ann")

    assert after.changed_by == "admin"
    assert after.version != ann.version


def test_role_is_granted_and_taken_by_membership(target: SqlTarget, admin: PostgresAdmin) -> None:
    """
    A role that a group expresses is membership of that group, which is made where it is missing.
    """
    ann = landed(target, creation("ann", roles=("OPAdministrators", "Viewer")))
    found = admin.run("SELECT group_name FROM group_members")
    after = landed(target, update(ann, roles=("Viewer",)))

    assert (ann.fields["roles"], ann.groups) == (("OPAdministrators", "Viewer"), ())
    assert found == [("OPAdministrators",)]
    assert (after.fields["roles"], admin.run("SELECT * FROM memberships")) == (("Viewer",), [])


def test_edit_of_a_side_moves_the_groups_version(target: SqlTarget, admin: PostgresAdmin) -> None:
    """
    What a group gives is part of the group, and it is told.
    """
    before = landed(target, creation("Traders", kind="group"))
    admin.admin_gives_access("Traders", "crm", sites=("one",))
    after = group(target, "Traders")

    assert (after.version != before.version, after.changed_by) == (True, "admin")
    assert target.read().catalogue.access[after.id].products == ("crm",)


def test_value_that_no_index_takes_is_refused_alone(target: SqlTarget) -> None:
    """
    A name too long for an index fails by itself, with the server's word.
    """
    name = "".join(map(chr, range(0x4E00, 0x4E00 + 9000)))
    results = target.write([creation("ann"), creation(name), creation("bob")], run="run-1")

    assert [result.outcome for result in results] == ["landed", "failed", "landed"]
    assert "index row" in results[1].message


def test_rule_of_the_database_is_passed_on(target: SqlTarget, admin: PostgresAdmin) -> None:
    """
    What an administrator's own trigger refuses is refused, with the words of the trigger.
    """
    admin.run(
        "CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.user_name = 'bob' THEN RAISE EXCEPTION 'no Bobs'; END IF; RETURN NEW; END $$"
    )
    admin.run("CREATE TRIGGER closed BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION closed()")
    results = target.write([creation("ann"), creation("bob"), creation("eve")], run="run-1")

    assert [result.outcome for result in results] == ["landed", "failed", "landed"]
    assert "no Bobs" in results[1].message


def test_locked_row_is_told(target: SqlTarget, url: str) -> None:
    """
    A row that somebody holds for longer than our patience ends the write, and the message says what helps.
    """
    ann = landed(target, creation("ann"))
    hasty = SqlTarget.open(url, patience=0.2)
    with target._registry.writing("test") as driver:  # noqa: SLF001 - somebody who holds the row
        driver.execute("UPDATE users SET locale = 'x'")
        with pytest.raises(TargetError) as caught:
            written(hasty, update(ann, locale="fr_FR"))
    hasty.close()

    assert "lock" in caught.value.message
    assert "another program" in caught.value.hint


def test_fence_has_one_winner(url: str) -> None:
    """
    Of many who move the fence from the same place one succeeds.
    """
    targets = [SqlTarget.open(url) for _ in range(4)]
    won: list[bool] = []
    first = Fence(lineage="abc", serial=1)

    def move(target: SqlTarget, serial: int) -> None:
        won.append(target.move_fence(None, replace(first, serial=serial)))

    threads = [threading.Thread(target=move, args=(one, number)) for number, one in enumerate(targets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in targets:
        one.close()

    assert sorted(won) == [False, False, False, True]


def test_nobody_listening_is_told_without_secrets() -> None:
    """
    A server that does not answer is named with a hint, and the password is not.
    """
    with pytest.raises(TargetError) as caught:
        SqlTarget.open("postgresql://ann:s3cret@127.0.0.1:1/iam")

    assert "s3cret" not in caught.value.message
    assert "running" in caught.value.hint


def test_role_that_may_only_read_uses_an_older_registry(url: str, target: SqlTarget, admin: PostgresAdmin) -> None:
    """
    It may not make the index that is missing, and needs none to find somebody; who may, makes it.
    """
    admin.run("DROP INDEX users_by_mail, users_by_strange_mail")
    admin.run("DELETE FROM schema_version WHERE version > 1")
    admin.run("DROP ROLE IF EXISTS reader")
    admin.run("CREATE ROLE reader LOGIN")
    admin.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    written(target, creation("ann", email="Ann@Example.com"))
    names = found_by_mail(SqlTarget.open(url.replace("reconciler@", "reader@"), patience=5), "ann@EXAMPLE.com")
    again = found_by_mail(SqlTarget.open(url, patience=5), "ann@EXAMPLE.com")
    versions = admin.run("SELECT count(*) FROM schema_version")
    admin.run("DROP OWNED BY reader")
    admin.run("DROP ROLE reader")

    assert (names, again, versions) == (["ann"], ["ann"], [(2,)])


def test_mails_are_looked_up_and_not_searched_for(target: SqlTarget, admin: PostgresAdmin) -> None:
    """
    Both parts of the question can be answered by an index; of a few rows the server may prefer to read them all.
    """
    written(target, creation("eve", email="\u00e9ve@example.com"))
    admin.run("SET enable_seqscan = off")
    asked = POSTGRES.mails.format(POSTGRES.among)
    told = "\n".join(str(row[0]) for row in admin.run(f"EXPLAIN {asked}", ["ann@example.com"]))  # type: ignore[arg-type]

    assert [name in told for name in ("users_by_mail", "users_by_strange_mail", "Seq Scan")] == [True, True, False]
    assert found_by_mail(target, "nobody@example.com") == ["eve"]


def found_by_mail(target: SqlTarget, mail: str) -> list[str]:
    """
    Return the names of those to whom an e-mail may lead.
    """
    with target.looking() as sight:
        return [one.name for one in sight.look(frozenset({("user", "mail", mail)}))]


def test_mail_is_found_whatever_language_the_database_speaks(server: str) -> None:
    """
    In Turkish a capital I is not what an i becomes; of e-mails it is.
    """
    statement(
        server,
        "CREATE DATABASE turkish TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C' ENCODING 'UTF8'",
    )
    target = SqlTarget.open(server.replace("/postgres", "/turkish"), patience=5)
    written(target, creation("ida", email="IDA@example.com"))
    names = found_by_mail(target, "ida@example.com")
    target.close()

    assert names == ["ida"]
