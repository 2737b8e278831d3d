"""
The registry's triggers: who changed a row last, and a version that every change moves, whoever writes.

Every change of a row, or of what belongs to it in a side table, gives the row a new `version` and names who made
it in `changed_by`. How a trigger tells our write from anybody else's: our transaction writes its run's id into
the one row of `writer` when it begins and takes it out before it commits. It holds the database's only write
lock all that time, so no other connection ever sees the id, and a transaction that dies leaves none behind. A
trigger that finds no id there was fired by an administrator.

Versions are drawn from one clock for all rows, so a row that is deleted and inserted again under its old id
never bears a version it had before. The stamp touches none of the columns that fire it, so it cannot recurse,
whatever `recursive_triggers` says.
"""

_OWNERS = {
    "users": """id, user_name, external_id, email, first_name, last_name, display_name, description, locale,
        enabled, locked, can_change_password, temporary_password, password_expires_in_days, created_by""",
    "groups": "id, name, external_id, description, parent, active, deleted, created_by",
}
"""Tables whose rows bear a version, each with the columns that an update may name."""

_SIDES = {
    "memberships": ("users", "user_id"),
    "user_roles": ("users", "user_id"),
    "user_profiles": ("users", "user_id"),
    "group_roles": ("groups", "group_id"),
    "group_product_access": ("groups", "group_id"),
    "group_sites": ("groups", "group_id"),
}
"""
Side tables, each with the owner whose version its rows move and the column that names it.

A membership moves its user's version alone: people who join one group do not stand in each other's way.
"""


def _stamp(owner: str, row: str) -> str:
    """
    Return the statements that give a row of `owner` a new version and say who changed it.
    """
    return f"""
        UPDATE writer SET clock = clock + 1;
        UPDATE {owner} SET (version, changed_by, changed_at) =
            (SELECT clock, coalesce(run, 'admin'), strftime('%Y-%m-%dT%H:%M:%SZ', 'now') FROM writer)
        WHERE id = {row};"""  # noqa: S608 - table names of this module


def _owner_triggers(owner: str, columns: str) -> tuple[str, ...]:
    """
    Return the triggers that keep version, `created_by` and `changed_by` of one table.

    The guard refuses whoever writes these by hand: only the stamp knows the clock of the moment. Side rows go
    with their owner by trigger, because foreign keys are off in most administrators' programs.
    """
    sides = "".join(
        f"\n        DELETE FROM {side} WHERE {column} = OLD.id;"  # noqa: S608 - the same
        for side, column in _belongings(owner)
    )
    return (
        f"""
    CREATE TRIGGER {owner}_added AFTER INSERT ON {owner} BEGIN
        UPDATE writer SET clock = clock + 1;
        UPDATE {owner} SET (version, created_by, changed_by, changed_at) =
            (SELECT clock, coalesce(run, 'admin'), coalesce(run, 'admin'), strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
            FROM writer)
        WHERE id = NEW.id;
    END""",  # noqa: S608 - the same
        f"""
    CREATE TRIGGER {owner}_changed AFTER UPDATE OF {columns} ON {owner} BEGIN{_stamp(owner, "NEW.id")}
    END""",
        f"""
    CREATE TRIGGER {owner}_guarded BEFORE UPDATE OF version, changed_by, changed_at ON {owner}
    WHEN (NEW.version, NEW.changed_by) IS NOT (SELECT clock, coalesce(run, 'admin') FROM writer) BEGIN
        SELECT RAISE(ABORT, 'version, changed_by and changed_at are kept by triggers: leave them out');
    END""",  # noqa: S608 - the same
        f"""
    CREATE TRIGGER {owner}_removed AFTER DELETE ON {owner} BEGIN{sides}
    END""",
    )


def _belongings(owner: str) -> list[tuple[str, str]]:
    """
    Return the side tables that refer to `owner`, each with the column that does.
    """
    own = [(side, column) for side, (table, column) in _SIDES.items() if table == owner]
    return own if owner == "users" else [*own, ("memberships", "group_id")]


def column_trigger(owner: str, column: str) -> str:
    """
    Return the trigger by which a column that a later version added moves the version of its row.
    """
    stamp = _stamp(owner, "NEW.id")
    return f"CREATE TRIGGER {owner}_{column} AFTER UPDATE OF {column} ON {owner} BEGIN{stamp}\n    END"


def side_triggers(side: str, owner: str, column: str) -> tuple[str, ...]:
    """
    Return the triggers by which a change in a side table moves the version of its owner, or of both owners.
    """
    old, new = _stamp(owner, f"OLD.{column}"), _stamp(owner, f"NEW.{column}")
    unless_old, unless_new = _not_stamped_yet(owner, f"OLD.{column}"), _not_stamped_yet(owner, f"NEW.{column}")
    return (
        f"CREATE TRIGGER {side}_added AFTER INSERT ON {side}\n    WHEN {unless_new} BEGIN{new}\n    END",
        f"CREATE TRIGGER {side}_changed AFTER UPDATE ON {side} BEGIN{old}{new}\n    END",
        f"CREATE TRIGGER {side}_removed AFTER DELETE ON {side}\n    WHEN {unless_old} BEGIN{old}\n    END",
    )


def _not_stamped_yet(owner: str, row: str) -> str:
    """
    Return the condition that a row still wants a stamp: always, but once is enough in a transaction of ours.

    The first stamp of our transaction moved the version beyond the clock at which it began; nobody sees the rows
    before its end, and a user with ten memberships is written once instead of eleven times.
    """
    version = f"(SELECT version FROM {owner} WHERE id = {row})"  # noqa: S608 - table names of this module
    return f"(SELECT run IS NULL OR {version} <= began FROM writer)"  # noqa: S608 - the same


TRIGGERS: tuple[str, ...] = (
    *(trigger for owner, columns in _OWNERS.items() for trigger in _owner_triggers(owner, columns)),
    *(trigger for side, (owner, column) in _SIDES.items() for trigger in side_triggers(side, owner, column)),
)
"""The statements that make them all."""
