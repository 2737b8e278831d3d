"""
What CONTRIBUTING.md asks of every file and no linter checks.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = sorted([*(ROOT / "reconciler").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
PRODUCT = [path for path in CODE if path.is_relative_to(ROOT / "reconciler")]
TEXT = {".cfg", ".json", ".jsonl", ".md", ".py", ".sh", ".toml", ".yaml", ".yml", ""}

WALL = 300
EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "util", "utils"}
PROMISES = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
BANNERS = re.compile(r"^\s*# ?[-=#*~]{3,}")
PRESETS = re.compile(r"openpages|ldap-import|atlassian|\bbaw\b", re.IGNORECASE)
MACHINES = re.compile(r"(?<![\w.])/(?:work|root|Users)/|(?<![\w.])/home/\w+/|\b[A-Z]:\\Users")


def test_no_module_passes_the_wall() -> None:
    """
    A module of more than 300 lines is two modules; its tests stay in one, however many they are.
    """
    long = {where(path): len(path.read_text("utf-8").splitlines()) for path in PRODUCT}

    assert {name: lines for name, lines in long.items() if lines > WALL} == {}


def test_no_name_is_empty() -> None:
    """
    A module is named for what it does, never for being of some use.
    """
    words = {where(path): set(re.split(r"[/_.]", where(path).lower())) for path in CODE}

    assert [name for name, parts in words.items() if parts & EMPTY_NAMES] == []


def test_product_promises_nothing_for_later() -> None:
    """
    What is not done stands in an issue, not in the product's text.
    """
    assert list(lines_with(PROMISES, PRODUCT)) == []


def test_no_comment_is_a_banner() -> None:
    """
    A file that needs banners to be found one's way in is more than one file.
    """
    assert list(lines_with(BANNERS, CODE)) == []


def test_engine_names_no_system() -> None:
    """
    What makes one system special stands in its preset, not in the core nor in the engine.
    """
    engine = [path for path in PRODUCT if re.match(r"reconciler/(core/|engine|apply)", where(path))]

    assert engine
    assert list(lines_with(PRESETS, engine)) == []


def test_no_text_knows_a_machine() -> None:
    """
    No file names a folder that exists on one person's machine only.
    """
    assert list(lines_with(MACHINES, texts())) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        pytest.param(PROMISES, "# TODO: later", id="promise"),
        pytest.param(BANNERS, "# ---- rows ----", id="banner"),
        pytest.param(PRESETS, 'if policy == "OpenPages":', id="preset"),
        pytest.param(MACHINES, 'path = "/ho' + 'me/ann/state"', id="machine"),
    ],
)
def test_pattern_finds_what_it_is_for(tmp_path: Path, pattern: re.Pattern[str], line: str) -> None:
    """
    Each pattern above finds a line that breaks its law.
    """
    (tmp_path / "module.py").write_text(f"first\n{line}\n")

    assert len(list(lines_with(pattern, [tmp_path / "module.py"]))) == 1


def test_docstrings_have_their_quotes_on_lines_of_their_own() -> None:
    """
    Every docstring begins and ends with a line that holds nothing but its quotes.
    """
    assert [place for place, text in docstrings() if not re.fullmatch(r"\n.*\S\n *", text, re.DOTALL)] == []


def test_every_test_says_its_law_in_one_sentence() -> None:
    """
    A test's docstring is one sentence: the law that the test holds.
    """
    assert [place for place, node in cases() if not one_sentence(ast.get_docstring(node) or "")] == []


def test_every_test_sets_its_assertion_apart() -> None:
    """
    A blank line parts what a test does from what it asserts.
    """
    assert [place for place, node in cases() if crowded(node)] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("x = f()\n  assert x", True, id="close"),
        pytest.param("x = f()\n\n  assert x\n  assert f", False, id="apart"),
        pytest.param("x = f()\n\n  y = x.a\n  assert y", False, id="paragraph"),
        pytest.param("assert f()", False, id="alone"),
    ],
)
def test_crowded_test_is_recognised(body: str, expected: object) -> None:
    """
    A test whose assertion clings to its act is told from one that parts them.
    """
    (test,) = ast.parse(f'def test_f():\n  """\n  Law.\n  """\n  {body}').body

    assert isinstance(test, ast.FunctionDef)
    assert crowded(test) is expected


def lines_with(pattern: re.Pattern[str], paths: Iterable[Path]) -> Iterator[str]:
    """
    Yield `path:line: text` for each line that `pattern` finds.
    """
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if pattern.search(line):
                yield f"{where(path)}:{number}: {line.strip()}"


def texts() -> Iterator[Path]:
    """
    Yield every text file that people wrote: those at the root, and those in the folders of the layout.
    """
    folders = [ROOT / name for name in (".ci", ".github", "reconciler", "schemas", "state", "tests")]
    for path in sorted([*ROOT.iterdir(), *(path for folder in folders for path in folder.rglob("*"))]):
        if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts and path.name[:4] != ".cov":
            yield path


def docstrings() -> Iterator[tuple[str, str]]:
    """
    Yield place and text, as written, of every docstring of modules, classes and functions.
    """
    for path in CODE:
        for node in definitions(path):
            text = ast.get_docstring(node, clean=False)
            if text is not None:
                yield f"{where(path)}:{getattr(node, 'lineno', 1)}", text


def cases() -> Iterator[tuple[str, ast.FunctionDef]]:
    """
    Yield place and syntax of every test function.
    """
    for path in sorted({*CODE} - {*PRODUCT}):
        for node in definitions(path):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{where(path)}:{node.lineno} {node.name}", node


@cache
def definitions(path: Path) -> tuple[ast.Module | ast.ClassDef | ast.FunctionDef, ...]:
    """
    Return the syntax of a module, and of every class and function in it.
    """
    return tuple(defined(ast.parse(path.read_text("utf-8"), str(path))))


def defined(node: ast.AST) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef]:
    """
    Yield a node, if it is a module, class or function, and all of these among the statements below it.
    """
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
        yield node
    for below in ast.iter_child_nodes(node):
        if isinstance(below, ast.stmt | ast.excepthandler | ast.match_case):
            yield from defined(below)


def one_sentence(text: str) -> bool:
    """
    Return whether `text` is one sentence; a full stop inside a name such as `a.b` ends none.
    """
    return len(re.findall(r"[.!?](?=\s|$)", text)) == 1 and text[-1:] in {".", "!", "?"}


def crowded(test: ast.FunctionDef) -> bool:
    """
    Return whether no blank line stands between the start of a test and its first assertion.
    """
    first = next((place for place, node in enumerate(test.body) if isinstance(node, ast.Assert)), 0)
    pairs = pairwise(test.body[1 : first + 1])
    return first > 1 and all(after.lineno == (before.end_lineno or 0) + 1 for before, after in pairs)


def where(path: Path) -> str:
    """
    Return a path as the reader types it, from the root of the checkout.
    """
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
