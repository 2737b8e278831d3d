"""
An administrator of the registry at work: plain SQL through a connection of its own, as the README documents it.
"""

import sqlite3
from pathlib import Path

from reconciler.core.model import Value

SIDES = {"profiles": ("user_profiles", "profile"), "roles": ("user_roles", "role")}


class SqlAdmin:
    """
    The administrator's verbs on the database file at `path`; each is a statement or two, committed at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        """
        Run one statement with its values bound, commit, and return its rows.
        """
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def admin_creates(self, user_name: str, /, **fields: Value) -> None:
        """
        Make an account by hand.
        """
        self.run("INSERT INTO users (user_name) VALUES (?)", user_name)
        self.admin_sets(user_name, **fields)

    def admin_sets(self, user_name: str, /, **fields: Value) -> None:
        """
        Change fields of an account; `active` among them.
        """
        for name, value in fields.items():
            if name in SIDES:
                self._replace(user_name, name, value)
            else:
                column = "enabled" if name == "active" else name
                self.run(f"UPDATE users SET {column} = ? WHERE user_name = ?", value, user_name)

    def admin_joins(self, user_name: str, group_name: str) -> None:
        """
        Put somebody into a group.
        """
        chosen = "SELECT u.id, g.id FROM users u, groups g WHERE u.user_name = ? AND g.name = ?"
        self.run(f"INSERT INTO memberships (user_id, group_id) {chosen}", user_name, group_name)

    def admin_leaves(self, user_name: str, group_name: str) -> None:
        """
        Take somebody out of a group.
        """
        self.run(
            "DELETE FROM memberships WHERE user_id = (SELECT id FROM users WHERE user_name = ?)"
            " AND group_id = (SELECT id FROM groups WHERE name = ?)",
            user_name,
            group_name,
        )

    def admin_deletes(self, user_name: str) -> None:
        """
        Delete an account.
        """
        self.run("DELETE FROM users WHERE user_name = ?", user_name)

    def admin_creates_group(self, name: str, /, **fields: Value) -> None:
        """
        Make a group by hand.
        """
        self.run("INSERT INTO groups (name) VALUES (?)", name)
        self.admin_sets_group(name, **fields)

    def admin_sets_group(self, name: str, /, **fields: Value) -> None:
        """
        Change fields of a group; `active` among them.
        """
        for column, value in fields.items():
            self.run(f"UPDATE groups SET {column} = ? WHERE name = ?", value, name)

    def admin_gives_access(self, group: str, *products: str, sites: tuple[str, ...] = ()) -> None:
        """
        Let a group give its members products, and stand on sites.
        """
        chosen = "SELECT id, ? FROM groups WHERE name = ?"
        for product in products:
            self.run(f"INSERT INTO group_product_access (group_id, product) {chosen}", product, group)
        for site in sites:
            self.run(f"INSERT INTO group_sites (group_id, site) {chosen}", site, group)

    def admin_makes_default(self, group: str, *, site: str, product: str) -> None:
        """
        Make a group the default access group of a product on a site, and no other.
        """
        self.run("DELETE FROM group_default_access WHERE site = ? AND product = ?", site, product)
        chosen = "SELECT id, ?, ? FROM groups WHERE name = ?"
        self.run(f"INSERT INTO group_default_access (group_id, site, product) {chosen}", site, product, group)

    def admin_adds_profile(self, name: str, *, groups: tuple[str, ...] = (), enabled: bool = True) -> None:
        """
        Add a profile to the catalogue, associated with groups.
        """
        self.run("INSERT INTO profiles (name, enabled) VALUES (?, ?)", name, enabled)
        for group in groups:
            self.run("INSERT INTO profile_groups (profile, group_name) VALUES (?, ?)", name, group)

    def _replace(self, user_name: str, field: str, value: Value) -> None:
        """
        Make a set hold exactly these elements.
        """
        table, column = SIDES[field]
        self.run(f"DELETE FROM {table} WHERE user_id = (SELECT id FROM users WHERE user_name = ?)", user_name)
        for element in value if isinstance(value, tuple) else ():
            chosen = "SELECT id, ? FROM users WHERE user_name = ?"
            self.run(f"INSERT INTO {table} (user_id, {column}) {chosen}", element, user_name)
