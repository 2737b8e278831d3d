"""
Random lives: a state machine whose rules are the verbs of `life.py`, and whose invariant is every promise.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from reconciler.core.scope import START, Scope, login, search, sync_groups, sync_users
from tests.worlds.life import GROUPS, PEOPLE, TARGETS, Life, Start
from tests.worlds.promises import BAD, all_hold

MEMORY = Path("/dev/shm")  # noqa: S108  where there is one, a journal costs no disk: nothing here outlives its test
NAMES = st.sampled_from(PEOPLE)
PLACES = st.sampled_from(GROUPS)
ROLES = st.sampled_from(((), ("User",), ("Administrator",), ("Viewer", "user"), ("OPAdministrators", "User")))
MEMBERSHIPS = st.sampled_from(((), ("staff",), ("staff", "risk"), ("boss", "staff"), ("club",)))
STATES = st.sampled_from(("active", "left", "suspended", "invited", "unknown"))
LOCALES = st.sampled_from(("en_US", "Fr_FR", " it ", None))
UNTIL = st.sampled_from((None, "2026-11-23", "2026-12-31"))
MISSING_GROUPS = st.sampled_from(({"move_to": "Standalone"}, "deactivate", "flag", "delete", "keep"))


def section(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """
    Return a strategy of one part of a policy.
    """
    return st.fixed_dictionaries(parts)


POLICIES = section(
    users=section(
        foreign=st.sampled_from(("keep", "take", "ask")),
        rename=st.sampled_from(("update", "replace")),
        population=st.sampled_from(("all", "all", "all", "all", "on-demand", "selected")),
        absent_for=section(exports=st.sampled_from((1, 2)), hours=st.sampled_from((0, 24))),
        lifecycle=section(
            existing=st.sampled_from(("adopt", "review", "refuse")),
            local=st.sampled_from(("deactivate", "report", "ignore")),
            missing=st.sampled_from(("deactivate", "delete", "keep")),
            returned=st.sampled_from(("activate", "activate", "keep")),
        ),
    ),
    groups=section(
        membership=st.sampled_from(("exact", "exact", "add-only", "none")),
        create=st.sampled_from(("when-populated", "always")),
        lifecycle=section(
            existing=st.sampled_from(("adopt", "review")),
            missing=MISSING_GROUPS,
            renamed=st.sampled_from(("update", "replace")),
            returned=st.sampled_from(("restore", "keep")),
        ),
    ),
    guards=section(
        limit=section(count=st.sampled_from((50, 50, 1)), percent=st.just(5)),
        minimum_administrators=st.sampled_from((1, 2)),
    ),
)
STRANGERS = st.lists(
    st.tuples(st.sampled_from((*PEOPLE, "Ann", "max")), ROLES), max_size=2, unique_by=lambda one: one[0].lower()
)
STARTS = st.builds(
    Start,
    on=st.sampled_from(sorted(TARGETS)),
    openpages=st.booleans(),
    policy=POLICIES,
    root=st.booleans(),
    strangers=STRANGERS.map(tuple),
    settled=st.sampled_from((True, True, True, False)),
)
CHANGES_OF_POLICY = st.sampled_from(
    (
        {"users": {"fields": {"locale": "source"}}},
        {"users": {"fields": {"locale": {"authority": "shared", "default": "en_US"}}}},
        {"users": {"fields": {"first_name": "shared"}}},
        {"groups": {"membership": "add-only"}},
        {"groups": {"membership": "exact"}},
        {"users": {"foreign": "take"}},
        {"groups": {"prefix": "IAM - "}},
    )
)


class RandomWorld(RuleBasedStateMachine):
    """
    One random life; every promise is checked wherever it stands.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.life: Life
        self.looked = 0

    @initialize(start=STARTS)
    def begins(self, start: Start) -> None:
        """
        Let there be a world.
        """
        self.life = Life(Path(self.folder.name), start)

    @invariant()
    def keeps_its_promises(self) -> None:
        """
        Check every promise.
        """
        all_hold(self.life, bad=BAD[self.looked % len(BAD)])
        self.looked += 1

    def teardown(self) -> None:
        """
        Throw the world away.
        """
        self.folder.cleanup()

    # The cloud

    @rule(name=NAMES, groups=MEMBERSHIPS, roles=ROLES)
    def hires(self, name: str, groups: tuple[str, ...], roles: tuple[str, ...]) -> None:  # noqa: D102
        self.life.hires(name, groups, roles)

    @rule(name=NAMES, state=STATES)
    def moves(self, name: str, state: str) -> None:  # noqa: D102
        self.life.says(name, state=state)

    @rule(name=NAMES, first_name=st.sampled_from(("Ann", "ANN ", "Zoe")), locale=LOCALES)
    def says(self, name: str, first_name: str, locale: str | None) -> None:  # noqa: D102
        self.life.says(name, first_name=first_name, **({"locale": locale} if locale else {}))

    @rule(name=NAMES, to=st.sampled_from((*PEOPLE, "ANN", "anna", "root")))
    def marries(self, name: str, to: str) -> None:  # noqa: D102
        self.life.says(name, user_name=to, email=f"{to.lower()}@example.com")

    @rule(names=st.lists(NAMES, min_size=1, max_size=3, unique=True))
    def fires(self, names: list[str]) -> None:  # noqa: D102
        self.life.fires(*names)

    @rule(name=NAMES)
    def recycles(self, name: str) -> None:  # noqa: D102
        self.life.recycles(name)

    @rule(group=PLACES, to=st.sampled_from((*GROUPS, "Risks", "RISK")))
    def renames_group(self, group: str, to: str) -> None:  # noqa: D102
        self.life.renames_group(group, to)

    @rule(group=PLACES, roles=ROLES)
    def grants(self, group: str, roles: tuple[str, ...]) -> None:  # noqa: D102
        self.life.grants(group, roles)

    @rule(group=PLACES)
    def drops_group(self, group: str) -> None:  # noqa: D102
        self.life.drops_group(group)

    @rule(group=PLACES)
    def makes_group_again(self, group: str) -> None:  # noqa: D102
        self.life.makes_group_again(group)

    @rule(
        manifest=st.sampled_from(
            ({}, {}, {"complete": False}, {"account": "other"}, {"fetched_at": "2026-11-01T00:00:00Z"})
        )
    )
    def exports(self, manifest: dict[str, Any]) -> None:  # noqa: D102
        self.life.exports(**manifest)

    # The people who decide

    @rule(
        name=NAMES,
        said=st.one_of(
            st.builds(lambda locale: {"set": {"locale": locale}}, LOCALES),
            st.builds(lambda name: {"set": {"first_name": name}}, st.sampled_from(("Ann", None))),
            st.builds(lambda key: {"groups_add": (key,)}, PLACES.map(lambda group: f"id-{group}")),
            st.builds(lambda roles: {"roles_add": roles}, ROLES),
            st.builds(lambda roles: {"roles_remove": roles}, ROLES),
            st.sampled_from(({"exclude": True}, {"block": True}, {"adopt": True}, {"include": True})),
            st.sampled_from(({"take": ("locale",)}, {"give": ("locale", "roles")}, {"take": ("roles", "locale")})),
            st.sampled_from(({"restore": {"locale": "uk_UA"}}, {"take": ("profiles",)})),
            st.builds(lambda name: {"copy_access_from": f"id-{name}"}, st.sampled_from(("kim", "lee"))),
        ),
        until=UNTIL,
    )
    def decides(self, name: str, said: dict[str, Any], until: str | None) -> None:  # noqa: D102
        self.life.decides(name, until=until, **said)

    @rule(name=NAMES)
    def forgets(self, name: str) -> None:  # noqa: D102
        self.life.forgets(name)

    @rule(group=PLACES, said=st.sampled_from(({"rename": "Floor"}, {"exclude": True}, {"rename": "risk"})))
    def decides_group(self, group: str, said: dict[str, Any]) -> None:  # noqa: D102
        self.life.decides_group(group, **said)

    @rule(change=CHANGES_OF_POLICY)
    def changes_policy(self, change: dict[str, Any]) -> None:  # noqa: D102
        self.life.changes_policy(change)

    @rule()
    def waives(self) -> None:  # noqa: D102
        self.life.waives()

    # The administrator

    @rule(name=NAMES)
    def speaks_otherwise(self, name: str) -> None:  # noqa: D102
        self.life.speaks_otherwise(name)

    @rule(name=NAMES, roles=ROLES, first_name=st.sampled_from(("Ann", "Bob", None)))
    def edits_user(self, name: str, roles: tuple[str, ...], first_name: str | None) -> None:  # noqa: D102
        self.life.edits_user(name, roles=roles, first_name=first_name)

    @rule(name=NAMES, on=st.booleans())
    def switches(self, name: str, *, on: bool) -> None:  # noqa: D102
        self.life.switches(name, on=on)

    @rule(name=NAMES, to=st.sampled_from((*PEOPLE, "anna")))
    def renames_account(self, name: str, to: str) -> None:  # noqa: D102
        self.life.renames_account(name, to)

    @rule(name=NAMES, group=PLACES)
    def joins(self, name: str, group: str) -> None:  # noqa: D102
        self.life.joins(name, group)

    @rule(name=NAMES)
    def removes_account(self, name: str) -> None:  # noqa: D102
        self.life.removes_account(name)

    @rule(name=st.sampled_from((*PEOPLE, "BOB", "max")), roles=ROLES)
    def makes_account(self, name: str, roles: tuple[str, ...]) -> None:  # noqa: D102
        self.life.makes_account(name, roles)

    @rule(
        group=PLACES,
        fields=st.sampled_from(
            ({"name": "Mine"}, {"parent": "Elsewhere"}, {"active": False}, {"description": "x"})
        ),
    )
    def edits_group(self, group: str, fields: dict[str, Any]) -> None:  # noqa: D102
        self.life.edits_group(group, **fields)

    @rule(name=st.sampled_from(("Cloud - risk", "Cloud IAM - risk", "Local")))
    def makes_group(self, name: str) -> None:  # noqa: D102
        self.life.makes_group(name)

    # The clock

    @rule(minutes=st.sampled_from((1, 20, 120, 1500, 4320, 60480)))
    def waits(self, minutes: int) -> None:  # noqa: D102
        self.life.world.time_passes(minutes=minutes)

    # The runs

    @rule()
    def applies(self) -> None:  # noqa: D102
        self.life.applies()

    @rule(name=NAMES, of=st.sampled_from((login, login, search, sync_users)))
    def is_triggered(self, name: str, of: Callable[[list[str]], Scope]) -> None:  # noqa: D102
        self.life.is_triggered(of([f"id-{name}"]))

    @rule(scope=st.sampled_from((START, sync_users([]), sync_groups([]), *(sync_groups([one]) for one in GROUPS))))
    def is_triggered_by_many(self, scope: Scope) -> None:  # noqa: D102
        self.life.is_triggered(scope)

    @rule(nights=st.integers(1, 3))
    def nights_pass(self, nights: int) -> None:  # noqa: D102
        self.life.nights_pass(nights)

    @rule(every=st.sampled_from((1, 1, 1, 2, 3)))
    def approves(self, every: int) -> None:  # noqa: D102
        self.life.approves(every=every)

    @rule(at=st.integers(1, 40), journal=st.booleans())
    def dies(self, at: int, *, journal: bool) -> None:  # noqa: D102
        self.life.dies(at, journal=journal)

    @rule(name=NAMES)
    def is_refused(self, name: str) -> None:  # noqa: D102
        self.life.is_refused(name)

    @rule()
    def reads_badly(self) -> None:  # noqa: D102
        self.life.reads_badly()
