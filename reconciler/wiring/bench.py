"""
Everything that a command on one target works with, opened in one place and closed again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler import __version__, engine
from reconciler.apply.book import Book, Opened, glance
from reconciler.apply.order import Order
from reconciler.apply.recovery import recover
from reconciler.core.approval import Approval
from reconciler.core.decide import Decision
from reconciler.core.ledger import Head
from reconciler.core.memory import Memory
from reconciler.core.model import Plan
from reconciler.core.near import is_near
from reconciler.core.scope import Scope
from reconciler.engine import Asked
from reconciler.errors import InputError, LedgerError, StoreError, UsageError
from reconciler.files.config import Config
from reconciler.files.plans import parse_plan
from reconciler.files.references import misfits
from reconciler.files.rows import collector_paused
from reconciler.files.state import State, load_state
from reconciler.ports import Target
from reconciler.store import EmptyStore, GitStore
from reconciler.store_remote import required
from reconciler.wiring.adapters import open_store, open_target
from reconciler.wiring.drawing import Drawn, drawn
from reconciler.wiring.elsewhere import about_here, names_elsewhere
from reconciler.wiring.fenced import fenced
from reconciler.wiring.few import Few, few
from reconciler.wiring.surroundings import clock, stamp

TOOL = f"reconciler {__version__}"
INPUTS = ("reconciler.yaml", "policies", "exports", "overrides")
"""What of the state folder a run is made from; the ledger is what it leaves."""


class Bench(Struct, frozen=True, kw_only=True):
    """
    Everything one command on one target works with. `root` is the state folder.

    `elsewhere` are the names, folded, in overrides that mean people of other targets. `whole` gives the same with
    everything read, where little was.
    """

    root: Path
    state: State
    asked: Asked
    target: Target
    store: GitStore | EmptyStore
    book: Book
    opened: Opened
    clock: Callable[[], datetime]
    elsewhere: frozenset[str] = frozenset()
    whole: Callable[[], "Bench"] | None = None

    @property
    def now(self) -> str:
        """
        Return the present time as the ledger writes it.
        """
        return stamp(self.clock())


@contextmanager
def bench(
    root: Path, target: str | None, *, environ: Mapping[str, str], push: bool = False, scope: Scope | None = None
) -> Iterator[Bench]:
    """
    Yield what a command on one target works with; close the target afterwards.

    Of a `scope` that is about named people, or named groups, no more is read than it needs.

    Garbage is not collected meanwhile: to look through a hundred thousand people again and again frees nothing.
    Raises InputError for every fault of every file, UsageError where it is not clear which target is meant.
    """
    with collector_paused():
        found = _opened(root, target, environ=environ, push=push, scope=scope)
        try:
            yield found
        finally:
            found.target.close()


def _opened(
    root: Path, target: str | None, *, environ: Mapping[str, str], push: bool, scope: Scope | None
) -> Bench:
    """
    Return what `bench` yields, everything read but the target.
    """
    state = sound_state(root)
    name = chosen(state.config, target)
    store = open_store(state, name, clock(environ))
    store.follow(published=state.config.ledger.durability == "push")
    made = partial(assembled, state, name, store=store, environ=environ, push=push)
    if scope is None or not is_near(scope):
        return made(live=lambda head: fenced(open_target(state, name, environ), store, head))
    live = open_target(state, name, environ)
    whole = partial(made, live=partial(fenced, live, store))
    found = few(state, name, scope, store=store, target=live)
    if found is None:
        return whole()
    return replace(_with_few(state, name, found, store=store, environ=environ, push=push), whole=whole)


def _with_few(
    state: State,
    name: str,
    found: Few,
    *,
    store: GitStore | EmptyStore,
    environ: Mapping[str, str],
    push: bool,
) -> Bench:
    """
    Return the bench of a run that reads few.
    """
    source = state.config.sources[state.config.targets[name].sources[0]]
    drawing = Drawn(export=found.export, account=source.account, max_age=source.max_age)
    book = _book(state, name, store, push=push)
    return _bench(state, drawing, (store, book), opened=found.opened, target=found.target, environ=environ)


def sound_state(root: Path) -> State:
    """
    Return the state folder as values; raises InputError with all faults of all files, and between them.
    """
    state = load_state(root)
    if faults := misfits(state.overrides, state.policies):
        raise InputError(faults)
    return state


def assembled(
    state: State,
    name: str,
    *,
    store: GitStore | EmptyStore,
    live: Callable[[Head], Target],
    environ: Mapping[str, str],
    push: bool = False,
) -> Bench:
    """
    Return everything a command on target `name` works with: its ledger in `store`, and what `live` opens.
    """
    book = _book(state, name, store, push=push)
    opened = glance(book)
    source = drawn(state.root, state.config, name, opened.ledger)
    elsewhere = names_elsewhere(state, name, source.export, opened.ledger, environ=environ)
    target = live(opened.ledger.head)
    return _bench(state, source, (store, book), opened=opened, target=target, environ=environ, elsewhere=elsewhere)


def _book(state: State, name: str, store: GitStore | EmptyStore, *, push: bool) -> Book:
    """
    Return where the ledger of target `name` is kept.
    """
    published = push or state.config.ledger.durability == "push"
    return Book(target=name, store=store, folder=state.root.resolve().parent, push=published)


def _bench(
    state: State,
    source: Drawn,
    kept: tuple[GitStore | EmptyStore, Book],
    *,
    opened: Opened,
    target: Target,
    environ: Mapping[str, str],
    elsewhere: frozenset[str] = frozenset(),
) -> Bench:
    """
    Return the bench on what was opened; the ledger is kept in a store, as a book.
    """
    store, book = kept
    asked = Asked(
        target=book.target,
        export=source.export,
        overrides=about_here(state.overrides, elsewhere),
        waivers=state.waivers,
        policy=state.policies[book.target],
        account=source.account,
        max_age=source.max_age,
        tool=TOOL,
    )
    return Bench(
        root=state.root,
        state=state,
        asked=asked,
        target=target,
        store=store,
        book=book,
        opened=opened,
        clock=clock(environ),
        elsewhere=elsewhere,
    )


def chosen(config: Config, target: str | None) -> str:
    """
    Return the name of the target that is meant; raises UsageError where that is not clear.
    """
    names = sorted(config.targets)
    if target is None and len(names) == 1:
        return names[0]
    if target is None:
        raise UsageError(f"there are several targets: {', '.join(names)}", hint="say which one: --target NAME")
    if target not in names:
        raise UsageError(f"there is no target {target!r}", hint=f"one of: {', '.join(names)}")
    return target


def require_saved(bench: Bench, scope: Scope | None = None) -> None:
    """
    Raise StoreError where no commit holds what a run would be made from: nobody could ever tell what that was.

    A run about named people that takes nothing but memberships may be ahead of Git: they came a minute ago, and the
    newest export here knows them. The next export in Git confirms what it brought. Nor is there a run where the
    ledger must be pushed, and there is nowhere to push it to.
    """
    if bench.book.push and isinstance(bench.store, GitStore):
        required(bench.store.git, bench.store.ref)
    ahead = scope is not None and scope.users == "named" and scope.remove != "all"
    unsaved = bench.store.uncommitted([name for name in INPUTS if not (ahead and name == "exports")])
    if unsaved:
        listed = "\n".join(f"  {bench.root / path}" for path in unsaved)
        told = f"not committed, and so not what Git says:\n{listed}"
        raise StoreError(told, hint="git add and git commit them, then apply again")


def approved_plan(path: Path, target: Target) -> Plan:
    """
    Return the plan in a file that `plan --out` wrote; raises UsageError where it is of another target.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        told = f"{path}: cannot be read ({error.strerror})"
        raise UsageError(told, hint="reconciler plan --out plan.json") from error
    plan = parse_plan(content, str(path))
    if plan.identity != target.identity:
        told = f"{path} is a plan of {plan.target} ({plan.identity}), and this is {target.identity}"
        raise UsageError(told, hint="name its target with --target, or plan this one and have that reviewed")
    return plan


def require_repository(store: GitStore | EmptyStore) -> GitStore:
    """
    Return the store if it is a Git repository; raises StoreError, with what to type, where it is none.
    """
    if isinstance(store, GitStore):
        return store
    raise StoreError("the state folder lies in no Git repository", hint="git init && git add -A && git commit")


def recovered(bench: Bench, order: Order) -> Bench:
    """
    Return the bench with the ledger as it is once a run that died before its commit has been recorded.
    """
    opened = recover(bench.target, bench.book, order)
    if opened is None:
        return bench
    return replace(bench.whole() if bench.whole else bench, opened=opened)


def decided(
    bench: Bench, scope: Scope | None, *, approval: Approval | None = None, memory: Memory | None = None
) -> tuple[Bench, Decision]:
    """
    Return what is to be done, and the bench that it was decided on: one with everything, where few were not enough.
    """
    planned = partial(engine.plan, bench.asked, bench.target, bench.book, opened=bench.opened, now=bench.now)
    decision = planned(approval=approval, scope=scope, memory=memory)
    if bench.whole is None or not decision.at_large:
        return bench, decision
    return decided(bench.whole(), scope, approval=approval, memory=memory)


def resume_record(bench: Bench, order: Order) -> int:
    """
    Return the serial of the run whose record, kept in the journal, is in the ledger now.

    Raises LedgerError where no run waits to be recorded.
    """
    opened = recover(bench.target, bench.book, order)
    if opened is None:
        raise LedgerError(f"no run on {bench.book.target} waits to be recorded", hint="reconciler apply")
    return opened.ledger.head.serial
