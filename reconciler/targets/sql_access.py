"""
What the registry's groups give: products, the sites on which they stand, and where they are the default.
"""

from reconciler.core.ruling import GroupAccess
from reconciler.targets.sql_triggers import side_triggers
from reconciler.targets.sql_words import Driver

DEFAULT_ACCESS: tuple[str, ...] = (
    """
    CREATE TABLE group_default_access (
        group_id INTEGER NOT NULL REFERENCES groups (id),
        site TEXT NOT NULL CHECK (typeof(site) = 'text'),
        product TEXT NOT NULL CHECK (typeof(product) = 'text'),
        PRIMARY KEY (group_id, site, product)
    ) WITHOUT ROWID""",
    *side_triggers("group_default_access", "groups", "group_id"),
    """
    CREATE TRIGGER group_default_access_ended AFTER DELETE ON groups BEGIN
        DELETE FROM group_default_access WHERE group_id = OLD.id;
    END""",
)
"""The step from version 1 to version 2: of which site and product a group is the default access group."""


def group_access(driver: Driver) -> dict[str, GroupAccess]:
    """
    Return what each group gives, by id; groups that give nothing, and stand nowhere, are not in it.
    """
    products = _by_group(driver, "SELECT group_id, product FROM group_product_access ORDER BY 1, 2")
    sites = _by_group(driver, "SELECT group_id, site FROM group_sites ORDER BY 1, 2")
    default: dict[str, list[tuple[str, str]]] = {}
    for group, site, product in driver.execute("SELECT * FROM group_default_access ORDER BY 1, 2, 3"):
        default.setdefault(str(group), []).append((site, product))
    return {
        group: GroupAccess(
            products=tuple(products.get(group, ())),
            sites=tuple(sites.get(group, ())),
            default=tuple(default.get(group, ())),
        )
        for group in sorted({*products, *sites, *default})
    }


def _by_group(driver: Driver, query: str) -> dict[str, list[str]]:
    """
    Return the second column of what is found, gathered by the first.
    """
    found: dict[str, list[str]] = {}
    for group, one in driver.execute(query):
        found.setdefault(str(group), []).append(one)
    return found
