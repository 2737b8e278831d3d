"""
The registry database: its tables and views, and the steps by which an older file becomes a new one.

Administrators work on it with plain SQL, from any program. So what the reconciler relies on is kept by the
database itself, whoever writes: see sql_triggers.
"""

from reconciler.targets.sql_access import DEFAULT_ACCESS
from reconciler.targets.sql_triggers import TRIGGERS, column_trigger

_TABLES = (
    """
    CREATE TABLE writer (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        run TEXT,
        began INTEGER NOT NULL,
        clock INTEGER NOT NULL
    )""",
    "INSERT INTO writer (one, run, began, clock) VALUES (1, NULL, 0, 0)",
    """
    CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_name TEXT NOT NULL UNIQUE CHECK (user_name <> ''),
        external_id TEXT,
        email TEXT,
        first_name TEXT,
        last_name TEXT,
        display_name TEXT,
        description TEXT,
        locale TEXT,
        enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
        locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
        can_change_password INTEGER NOT NULL DEFAULT 1 CHECK (can_change_password IN (0, 1)),
        temporary_password INTEGER NOT NULL DEFAULT 0 CHECK (temporary_password IN (0, 1)),
        password_expires_in_days INTEGER DEFAULT 0 CHECK (typeof(password_expires_in_days) IN ('integer', 'null')),
        created_by TEXT NOT NULL DEFAULT '',
        changed_by TEXT NOT NULL DEFAULT '',
        changed_at TEXT NOT NULL DEFAULT '',
        version INTEGER NOT NULL DEFAULT 0,
        CHECK ('blob' NOT IN (typeof(user_name), typeof(external_id), typeof(email), typeof(first_name),
               typeof(last_name), typeof(display_name), typeof(description), typeof(locale)))
    )""",
    """
    CREATE TABLE groups (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE CHECK (name <> ''),
        external_id TEXT,
        description TEXT,
        parent TEXT,
        active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
        deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
        created_by TEXT NOT NULL DEFAULT '',
        changed_by TEXT NOT NULL DEFAULT '',
        changed_at TEXT NOT NULL DEFAULT '',
        version INTEGER NOT NULL DEFAULT 0,
        CHECK ('blob' NOT IN (typeof(name), typeof(external_id), typeof(description), typeof(parent)))
    )""",
    """
    CREATE TABLE profiles (
        name TEXT PRIMARY KEY NOT NULL CHECK (typeof(name) = 'text' AND name <> ''),
        enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
        deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
        fallback INTEGER NOT NULL DEFAULT 0 CHECK (fallback IN (0, 1))
    )""",
    "INSERT INTO profiles (name, fallback) VALUES ('Default', 1)",
    """
    CREATE TABLE profile_groups (
        profile TEXT NOT NULL REFERENCES profiles (name) ON UPDATE CASCADE ON DELETE CASCADE,
        group_name TEXT NOT NULL CHECK (typeof(group_name) = 'text'),
        PRIMARY KEY (profile, group_name)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE memberships (
        user_id INTEGER NOT NULL REFERENCES users (id),
        group_id INTEGER NOT NULL REFERENCES groups (id),
        PRIMARY KEY (user_id, group_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX memberships_by_group ON memberships (group_id)",
    # Not unique: where names cannot change, a successor bears the external id of the one it replaces.
    "CREATE INDEX users_by_external_id ON users (external_id)",
    "CREATE INDEX groups_by_external_id ON groups (external_id)",
    """
    CREATE TABLE user_roles (
        user_id INTEGER NOT NULL REFERENCES users (id),
        role TEXT NOT NULL CHECK (typeof(role) = 'text'),
        PRIMARY KEY (user_id, role)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE user_profiles (
        user_id INTEGER NOT NULL REFERENCES users (id),
        profile TEXT NOT NULL REFERENCES profiles (name) ON UPDATE CASCADE,
        PRIMARY KEY (user_id, profile)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE group_roles (
        group_id INTEGER NOT NULL REFERENCES groups (id),
        role TEXT NOT NULL CHECK (typeof(role) = 'text'),
        PRIMARY KEY (group_id, role)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE group_product_access (
        group_id INTEGER NOT NULL REFERENCES groups (id),
        product TEXT NOT NULL CHECK (typeof(product) = 'text'),
        PRIMARY KEY (group_id, product)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE group_sites (
        group_id INTEGER NOT NULL REFERENCES groups (id),
        site TEXT NOT NULL CHECK (typeof(site) = 'text'),
        PRIMARY KEY (group_id, site)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE fence (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        lineage TEXT NOT NULL,
        serial INTEGER NOT NULL,
        holder TEXT NOT NULL,
        until TEXT NOT NULL
    )""",
)

_VIEWS = (
    """
    CREATE VIEW people AS
    SELECT u.id, u.user_name, u.email, u.first_name, u.last_name, u.display_name, u.locale, u.enabled, u.locked,
        (SELECT group_concat(name, ', ') FROM (SELECT g.name FROM memberships m JOIN groups g ON g.id = m.group_id
            WHERE m.user_id = u.id ORDER BY g.name)) AS group_names,
        (SELECT group_concat(role, ', ') FROM user_roles r WHERE r.user_id = u.id) AS roles,
        (SELECT group_concat(profile, ', ') FROM user_profiles p WHERE p.user_id = u.id) AS profiles,
        u.created_by, u.changed_by, u.changed_at, u.version
    FROM users u""",
    """
    CREATE VIEW group_members AS
    SELECT g.name AS group_name, u.user_name, u.enabled, g.id AS group_id, u.id AS user_id
    FROM memberships m JOIN groups g ON g.id = m.group_id JOIN users u ON u.id = m.user_id""",
    """
    CREATE VIEW group_overview AS
    SELECT g.id, g.name, g.description, g.parent, g.active, g.deleted,
        (SELECT count(*) FROM memberships m WHERE m.group_id = g.id) AS members,
        (SELECT group_concat(role, ', ') FROM group_roles r WHERE r.group_id = g.id) AS roles,
        (SELECT group_concat(product, ', ') FROM group_product_access a WHERE a.group_id = g.id) AS products,
        (SELECT group_concat(site, ', ') FROM group_sites s WHERE s.group_id = g.id) AS sites,
        g.created_by, g.changed_by, g.changed_at, g.version
    FROM groups g""",
    """
    CREATE VIEW changed_by_admin AS
    SELECT 'user' AS kind, id, user_name AS name, changed_at FROM users WHERE changed_by = 'admin'
    UNION ALL
    SELECT 'group', id, name, changed_at FROM groups WHERE changed_by = 'admin'""",
)

_DISTINGUISHED_NAME = (
    "ALTER TABLE users ADD COLUMN distinguished_name TEXT CHECK (typeof(distinguished_name) <> 'blob')",
    column_trigger("users", "distinguished_name"),
)

_MAILS = (
    "CREATE INDEX users_by_mail ON users (lower(email))",
    "CREATE INDEX users_by_strange_mail ON users (id) WHERE email GLOB '*[^ -~]*'",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (*_TABLES, *TRIGGERS, *_VIEWS),
    DEFAULT_ACCESS,
    _DISTINGUISHED_NAME,
    _MAILS,
)
"""The statements that lead from each version to the next; the first ones from an empty file to version 1."""

ENOUGH = 3
"""The version from which on nothing but indexes is added: a registry is read and written as well without."""
