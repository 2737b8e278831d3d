"""
The import law of ARCHITECTURE.md: who may import whom, held over the syntax trees of the whole package.

The checker takes module name -> text, so that it can be shown a broken package too and must see what is wrong.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

ROOT = Path(__file__).parents[1]

# A layer, and the layers it may import. Modules of one layer may import each other, but adapters may not.
LAYERS = {
    "errors": "",
    "effects": "",
    "core": "core errors",
    "ports": "core",
    "files": "files core errors effects",
    "wire": "wire ports errors effects",
    "sources": "sources core ports files wire errors",
    "targets": "targets core ports files wire errors effects",
    "store": "core ports files errors effects",
    "history": "store core",
    "render": "render core",
    "apply": "apply core ports files errors",
    "engine": "apply core ports files errors",
    "wiring": "engine apply history store targets sources files ports wire core errors effects",
    "github": "github wire core render errors effects",
    "testing": "testing core ports files errors",
    "server": "server wiring engine history render core errors effects",
    "cli": "cli server github wiring engine apply history render core errors effects",
    "__main__": "cli errors",
}

# A library, and the only places that may import it. A library that is missing here may be imported nowhere.
LIBRARIES = {
    "msgspec": " ".join(LAYERS),
    "ibm_cloud_sdk_core": "sources.ibmcloud",
    "ibm_platform_services": "sources.ibmcloud",
    "requests": "sources.ibmcloud",
    "click": "cli",
    "pytest": "testing",
    "yaml": "files.yamlio",
    "jsonschema": "files.schema",
    "referencing": "files.schema",
    "git": "store",
    "sqlalchemy": "targets.sql",
    "psycopg": "targets.sql",
    "ldap3": "wire.ldap",
    "pyasn1": "wire.ldap",
    "deepdiff": "render",
    "starlette": "server",
    "uvicorn": "server",
    "urllib3": "wire.transport",
}

# Too slow for `reconciler --help`: to be imported inside the function that needs it.
HEAVY = {
    "deepdiff",
    "git",
    "httpx",
    "ibm_cloud_sdk_core",
    "ibm_platform_services",
    "requests",
    "jsonschema",
    "ldap3",
    "psycopg",
    "sqlalchemy",
    "starlette",
    "urllib3",
    "uvicorn",
}

# The part of the standard library that reads neither clock nor disk nor environment, and tells nobody anything.
PURE = (
    "abc base64 bisect collections contextlib dataclasses datetime decimal difflib enum fnmatch functools graphlib "
    "hashlib heapq hmac itertools json math operator re shlex string struct textwrap types typing unicodedata"
)
IMPURE_CALLS = {"breakpoint", "input", "now", "open", "print", "today", "utcnow"}
DYNAMIC_CALLS = {"__import__", "import_module"}

# What several adapters of one layer use; it speaks to no system itself.
SHARED = {"printed", "rawjson", "fitting", "probing"}

Texts: TypeAlias = Mapping[str, str]


class Import(NamedTuple):
    """
    One import: by which module, of what, on which line, and whether importing that module leaves it out.
    """

    module: str
    name: str
    line: int
    late: bool


def test_package_keeps_the_import_law() -> None:
    """
    No module of the package imports what its layer may not.
    """
    assert faults(package()) == []


@pytest.mark.parametrize(
    ("module", "text", "fault"),
    [
        pytest.param("core.plan", "import reconciler.files.rows", "core may not import files", id="layer"),
        pytest.param("ports", "from reconciler import engine", "ports may not import engine", id="from-root"),
        pytest.param("extra", "", "extra is no layer", id="unknown-module"),
        pytest.param("core.plan", "def f():\n  import os", "core must stay pure, and os is not", id="local-os"),
        pytest.param("core.plan", "import logging as l", "core must stay pure, and logging is not", id="logging"),
        pytest.param("core.plan", "x = datetime.now(UTC)", "core must stay pure, and calls now", id="clock"),
        pytest.param("core.plan", "print('x')", "core must stay pure, and calls print", id="print"),
        pytest.param("core.plan", "from . import model", "relative import", id="relative"),
        pytest.param("engine", "from reconciler.core.model import *", "imports everything", id="star"),
        pytest.param("engine", "import yaml", "yaml is for files.yamlio only", id="library"),
        pytest.param("targets.sqlite", "import sqlalchemy", "sqlalchemy is for targets.sql only", id="neighbour"),
        pytest.param("engine", "import pandas", "pandas is for nobody", id="unknown-library"),
        pytest.param("engine", "import_module('yaml')", "imports by name", id="dynamic"),
        pytest.param("targets.sql", "import reconciler.targets.scim", "another adapter", id="adapter"),
        pytest.param("core", "from reconciler.core.model import Plan", "passes on", id="hub"),
        pytest.param("core.model", "def f():\n  from reconciler.core import plan", "circle", id="circle"),
        pytest.param("wiring", "import reconciler.targets.sql", "sqlalchemy at start-up", id="start-up"),
    ],
)
def test_checker_sees_a_planted_violation(module: str, text: str, fault: str) -> None:
    """
    Each way to break the law, planted in a small lawful package, is found and is the only thing found.
    """
    found = faults({**LAWFUL, f"reconciler.{module}": text})

    assert len(found) == 1
    assert fault in found[0]


def test_checker_finds_nothing_in_a_lawful_package() -> None:
    """
    The small package into which violations are planted keeps the law itself.
    """
    assert faults(LAWFUL) == []


LAWFUL = {
    "reconciler": "",
    "reconciler.__main__": "from reconciler.cli import main",
    "reconciler.cli": "",
    "reconciler.cli.main": "import click\nfrom reconciler import wiring",
    "reconciler.wiring": "if TYPE_CHECKING:\n  import reconciler.targets.sql",
    "reconciler.targets": "",
    "reconciler.targets.sql": "import reconciler.targets.sql_tables",
    "reconciler.targets.sql_tables": "import sqlalchemy",
    "reconciler.targets.scim": "",
    "reconciler.engine": "import os\nfrom reconciler.core.plan import plan",
    "reconciler.core": "",
    "reconciler.core.model": "import msgspec\nfrom datetime import datetime",
    "reconciler.core.plan": "from reconciler.core import model",
}


def package() -> Texts:
    """
    Return every module of the package: dotted name -> text.
    """
    paths = {path.relative_to(ROOT): path for path in (ROOT / "reconciler").rglob("*.py")}
    names = {path: ".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}
    return {names[path]: paths[path].read_text("utf-8") for path in sorted(paths)}


def faults(texts: Texts) -> list[str]:
    """
    Return every violation of the import law, sorted, as `module:line: what is wrong`.
    """
    trees = {module: ast.parse(text, module) for module, text in texts.items()}
    found = [found for module, tree in trees.items() for found in imports(module, tree)]
    return sorted(
        {
            *(fault for module, tree in trees.items() for fault in module_faults(module, tree)),
            *(f"{it.module}:{it.line}: {fault}" for it in found for fault in import_faults(it, texts)),
            *circles(found, texts),
            *slow_start(found, texts),
        }
    )


def imports(module: str, tree: ast.Module) -> Iterator[Import]:
    """
    Yield every import in `tree`, those inside functions too; a relative one keeps its dots.
    """
    for node, late in walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name, node.lineno, late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from (Import(module, f"{origin}.{alias.name}", node.lineno, late) for alias in node.names)


def walk(node: ast.AST, *, late: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """
    Yield everything below `node`, each with whether importing the module leaves it out.
    """
    for child in ast.iter_child_nodes(node):
        yield child, late
        for_types = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        yield from walk(child, late=late or for_types or isinstance(child, ast.FunctionDef | ast.Lambda))


def layer(name: str) -> str:
    """
    Return the layer that a dotted name of the package belongs to; empty for the package's root.
    """
    known = (layer for layer in LAYERS if within(name, layer))
    return next(known, name.split(".")[1] if "." in name else "")


def import_faults(it: Import, texts: Texts) -> Iterator[str]:
    """
    Yield what is wrong with one import.
    """
    top = it.name.partition(".")[0]
    if it.name.startswith("."):
        yield f"relative import of {it.name}"
    elif it.name.endswith(".*"):
        yield f"imports everything from {it.name.removesuffix('.*')}"
    elif top == "reconciler":
        yield from inner_faults(it, texts)
    elif top in sys.stdlib_module_names:
        if layer(it.module) == "core" and top not in PURE.split():
            yield f"core must stay pure, and {top} is not"
    elif not any(within(it.module, place) for place in LIBRARIES.get(top, "").split()):
        yield f"{top} is for {LIBRARIES.get(top, 'nobody')} only"


def inner_faults(it: Import, texts: Texts) -> Iterator[str]:
    """
    Yield what is wrong with one import of another module of the package.
    """
    here, there = layer(it.module), layer(resolve(it.name, texts))
    if it.name == "reconciler.__version__":
        return
    if there and here in LAYERS and there not in {here, *LAYERS[here].split()}:
        yield f"{here} may not import {there}"
    elif any(module.startswith(f"{it.module}.") for module in texts):
        yield f"passes on {it.name}; import it where it is used"
    elif here == there and here in {"sources", "targets"} and system(it.name) not in {system(it.module), *SHARED}:
        yield f"imports another adapter, {system(it.name)}"


def resolve(name: str, texts: Texts) -> str:
    """
    Return the module that holds what `name` names; `name` itself where the package has no such module.
    """
    parts = name.split(".")
    heads = (".".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((head for head in heads if head in texts), name)


def within(module: str, place: str) -> bool:
    """
    Return whether `module` is the one at `place`, lies below it, or continues it (`targets.sql_tables`).
    """
    name = module.removeprefix("reconciler.")
    return name == place or name.startswith((f"{place}.", f"{place}_"))


def system(name: str) -> str:
    """
    Return which system an adapter speaks to: the first word of its module's name.
    """
    return f"{name}..".split(".")[2].partition("_")[0]


def module_faults(module: str, tree: ast.Module) -> Iterator[str]:
    """
    Yield a missing layer, each call that reaches outside the core, each import that hides its name from this test.
    """
    if layer(module) not in {"", *LAYERS}:
        yield f"{module}:1: {layer(module)} is no layer of ARCHITECTURE.md"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if layer(module) == "core" and name in IMPURE_CALLS:
            yield f"{module}:{node.lineno}: core must stay pure, and calls {name}"
        if layer(module) != "wiring" and name in DYNAMIC_CALLS:
            yield f"{module}:{node.lineno}: imports by name, which only wiring may"


def circles(found: Iterable[Import], texts: Texts) -> Iterator[str]:
    """
    Yield the first circle of imports; one that hides inside a function is a circle too.
    """
    graph: dict[str, set[str]] = {module: set() for module in texts}
    for it in found:
        graph[it.module].add(resolve(it.name, texts))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield "circle: " + " <- ".join(error.args[1])


def slow_start(found: Iterable[Import], texts: Texts) -> Iterator[str]:
    """
    Yield each heavy library that starting the command imports, whatever the command.
    """
    early = [it for it in found if not it.late]
    reached, waiting = set[str](), ["reconciler.__main__"]
    while waiting:
        module = waiting.pop()
        reached.add(module)
        needs = {resolve(it.name, texts) for it in early if it.module == module}
        waiting += sorted((needs & texts.keys()) - reached)
    for it in early:
        if it.module in reached and it.name.partition(".")[0] in HEAVY:
            yield f"{it.module}:{it.line}: {it.name} at start-up; import it in the function that needs it"
