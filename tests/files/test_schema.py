"""
The schemas are sound, agree with the values they describe, and their refusals are told in words.
"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec import inspect

from reconciler.core.export import GroupRow, Manifest, UserRow
from reconciler.core.ledger import Head, LedgerRow, RunChange, RunClaim, RunHeader
from reconciler.core.model import Plan
from reconciler.core.overrides import Override, Waiver
from reconciler.core.policy import FieldRule, MoveTo, Policy
from reconciler.files.config import Config
from reconciler.files.scan import scan
from reconciler.files.schema import Checked, check, explain, schema, shipped
from reconciler.files.yamlio import parse

NAMES = sorted(file.name.removesuffix(".schema.json") for file in shipped("schemas").glob("*.schema.json"))
each = pytest.mark.parametrize("name", NAMES)


def checked(text: str, name: str = "overrides") -> Checked:
    """
    Return a YAML text held against a schema.
    """
    return check(parse(scan(text.encode(), "a.yaml")), name)


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """
    Yield every schema within a schema, itself first.
    """
    if isinstance(part, dict):
        yield part
        for keyword in ("items", "additionalProperties", "then", "else", "if"):
            yield from parts(part.get(keyword))
        for keyword in ("properties", "$defs"):
            for inner in part.get(keyword, {}).values():
                yield from parts(inner)
        for keyword in ("oneOf", "anyOf", "allOf", "prefixItems"):
            for inner in part.get(keyword, ()):
                yield from parts(inner)


def test_every_format_has_a_schema() -> None:
    """
    Everything under the state folder, and the plan, is described.
    """
    assert NAMES == [
        "group",
        "ledger-head",
        "ledger-row",
        "manifest",
        "overrides",
        "plan",
        "policy",
        "reconciler",
        "run",
        "user",
        "waivers",
    ]


@each
def test_schema_is_one(name: str) -> None:
    """
    Each keeps to the draft it names.
    """
    Draft202012Validator.check_schema(schema(name))

    assert schema(name)["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@each
def test_schema_explains_itself_to_an_editor(name: str) -> None:
    """
    It has title, description and examples, every property a description, and no object takes unknown keys.
    """
    whole = schema(name)
    properties = {key: inner for part in parts(whole) for key, inner in part.get("properties", {}).items()}
    objects = [part for part in parts(whole) if "properties" in part and part.get("type") == "object"]
    conditions = [part["if"] for part in parts(whole) if "if" in part]

    assert whole["title"]
    assert whole["description"]
    assert whole["examples"]
    assert [
        key for key, inner in properties.items() if not inner.get("description") and "required" not in inner
    ] == []
    assert [
        part for part in objects if part.get("additionalProperties") is not False and part not in conditions
    ] == []


@each
def test_every_example_is_accepted(name: str) -> None:
    """
    What an editor offers is what the schema allows, in the whole and in each part.
    """
    whole = schema(name)
    refused = [
        example
        for part in parts(whole)
        for example in part.get("examples", ())
        if not Draft202012Validator({**part, "$defs": whole.get("$defs", {})}).is_valid(example)
    ]

    assert refused == []


Pairs = Iterator[tuple[str, Any, dict[str, Any]]]


def resolved(part: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """
    Return a schema, or what it refers to.
    """
    return resolved(whole["$defs"][part["$ref"].removeprefix("#/$defs/")], whole) if "$ref" in part else part


def structs(kind: inspect.Type) -> list[inspect.StructType]:
    """
    Return the structs that a value of a type may be or hold.
    """
    if isinstance(kind, inspect.StructType):
        return [kind]
    inner = [getattr(kind, name) for name in ("item_type", "value_type") if hasattr(kind, name)]
    return [found for one in (*inner, *getattr(kind, "types", ())) for found in structs(one)]


def objects(part: dict[str, Any], whole: dict[str, Any]) -> list[dict[str, Any]]:
    """
    Return the schemas of objects that a schema allows or holds.
    """
    found = resolved(part, whole)
    if "properties" in found:
        return [found]
    inner = [
        found[keyword] for keyword in ("items", "additionalProperties") if isinstance(found.get(keyword), dict)
    ]
    return [one for branch in (*inner, *found.get("oneOf", ())) for one in objects(branch, whole)]


def pairs(kind: inspect.StructType, part: dict[str, Any], whole: dict[str, Any], place: str) -> Pairs:
    """
    Yield each struct within a struct with the schema of its object.
    """
    yield place, kind, part
    for field in kind.fields:
        inner = part["properties"].get(field.encode_name)
        if inner:
            for one, other in zip(structs(field.type), objects(inner, whole), strict=False):
                yield from pairs(one, other, whole, f"{place}.{field.name}")


def described(struct: type, name: str, definition: str = "") -> list[tuple[str, Any, dict[str, Any]]]:
    """
    Return every struct below `struct` with its schema.
    """
    whole = schema(name)
    part = whole["$defs"][definition] if definition else whole
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    return list(pairs(kind, objects(part, whole)[0], whole, struct.__name__))


DESCRIBED = [
    *described(Config, "reconciler"),
    *described(Policy, "policy"),
    *described(Waiver, "waivers"),
    *described(Manifest, "manifest"),
    *described(UserRow, "user"),
    *described(GroupRow, "group"),
    *described(Head, "ledger-head"),
    *described(LedgerRow, "ledger-row"),
    *described(RunHeader, "run", "run"),
    *described(RunChange, "run", "change"),
    *described(RunClaim, "run", "claim"),
    *described(Plan, "plan"),
]
# What is in the file and not in the value, or the other way round, on purpose.
FILE_ONLY = {"Policy": {"version", "extends"}}
VALUE_ONLY = {"Policy": {"digest", "origins"}, "Waiver": {"origin"}}
FILLED_IN = {"Policy": {"users", "groups"}}
each_struct = pytest.mark.parametrize(("place", "kind", "part"), DESCRIBED, ids=[place for place, *_ in DESCRIBED])


def test_the_structs_within_structs_are_compared_too() -> None:
    """
    The walk reaches the deepest of them, so that the next two tests mean something.
    """
    kinds = {kind.cls.__name__ for _, kind, _ in DESCRIBED}

    assert {"Author", "FieldRule", "MoveTo", "Limit", "Collection", "Intent", "Fence", "Hold", "Last"} <= kinds
    assert {"Administrator", "ClaimNews", "Held", "Change", "Counts", "CreateIntent", "Absent", "Names"} <= kinds


@each_struct
def test_schema_and_value_have_the_same_fields(place: str, kind: inspect.StructType, part: dict[str, Any]) -> None:
    """
    A field that one of them gains, the other must gain; and what one requires, the other does.
    """
    tag = {"type"} if kind.tag is not None else set()
    fields = {field.encode_name for field in kind.fields} - VALUE_ONLY.get(place, set())
    required = {field.encode_name for field in kind.fields if field.required} - FILLED_IN.get(place, set())

    assert set(part["properties"]) - FILE_ONLY.get(place, set()) == fields | tag
    assert set(part.get("required", ())) == (required | tag) - VALUE_ONLY.get(place, set())


@each_struct
def test_schema_and_value_have_the_same_choices(place: str, kind: inspect.StructType, part: dict[str, Any]) -> None:
    """
    Wherever a field takes one of several words, both know the same words.
    """
    for field in kind.fields:
        wanted = {word for word in words(field.type) if isinstance(word, str)}
        found = part["properties"].get(field.encode_name, {})
        enum = {
            word for one in (found, found.get("items", {}), *found.get("oneOf", ())) for word in one.get("enum", ())
        }

        assert not wanted or enum - {None} == wanted, f"{place}.{field.name}"


def words(kind: inspect.Type) -> Iterator[Any]:
    """
    Yield the words that a type allows.
    """
    if isinstance(kind, inspect.LiteralType):
        yield from kind.values
    for inner in (getattr(kind, "item_type", None), *getattr(kind, "types", ())):
        if inner is not None:
            yield from words(inner)


def test_overrides_have_the_fields_of_their_schema() -> None:
    """
    An override is flat; the file nests `groups` and `roles`.
    """
    definitions = schema("overrides")["$defs"]
    keys = set(definitions["user"]["properties"]) | set(definitions["group"]["properties"])
    nested = {f"{key}_{part}" for key in ("groups", "roles") for part in ("add", "remove")}

    assert set(Override.__struct_fields__) == keys - {"groups", "roles"} | nested | {"origin", "digest", "places"}


def test_every_struct_of_a_policy_fits_a_rule_and_a_destination() -> None:
    """
    The two places where a word may stand for a mapping hold the right mapping.
    """
    kinds = {place: kind.cls for place, kind, _ in DESCRIBED}

    assert kinds["Policy.users.fields"] is FieldRule
    assert kinds["Policy.groups.lifecycle.missing"] is MoveTo


def test_what_is_shipped_is_found_in_a_checkout() -> None:
    """
    The schemas lie at the repository's root; what is nowhere is named where the wheel would have it.
    """
    assert (shipped("schemas") / "plan.schema.json").is_file()
    assert shipped("nothing").parts[-2:] == ("shipped", "nothing")


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("- user: a\n  adoot: true\n", 2, 'unknown key "adoot" in the entry', 'did you mean "adopt"?'),
        ("- group: a\n  decision: merg\n", 2, 'decision is "merg", not overwrite or keep', 'did you mean "merge"?'),
        ("- user: a\n  block: yes\n", 2, 'block is "yes", not true or false', "Kept inactive"),
        ("- user: a\n  take: [x]\n", 2, 'take lacks "reason" beside it', "add: reason"),
        ("- user: a\n  roles: {add: [x]}\n", 1, 'the entry lacks "reason"', "add: reason"),
        ("- reason: x\n  include: true\n", 1, 'the entry lacks "user"', "add: user"),
        ("- user: a\n", 1, "the entry says nothing", "What people decided"),
        ("- a\n", 1, 'the entry is "a", not a mapping', ""),
        ("user: a\n", 1, "the file is a mapping, not a list", ""),
        ("- user: a\n  until: 2026-02-29\n", 2, 'until is "2026-02-29": there is no such date', "2027-01-31"),
        ("- user: a\n  until: 20270131\n", 2, 'until is "20270131": there is no such date', "2027-01-31"),
        ("- user: a\n  groups:\n    add:\n    - x\n    - x\n", 5, 'groups.add names "x" twice', "keep one"),
        ("- user: a\n  set: {x: 1.5, y: [1, {}]}\n", 2, "set.y[1] is a mapping, not text", ""),
        ("- group: a\n  reviewed: sha256:1\n", 2, 'reviewed is "sha256:1": it is not written', "sha256:0123"),
        ('- user: ""\n  include: true\n', 1, "user is empty", "ann@example.com"),
        ("- user: a\n  groups: {add: []}\n", 2, "groups.add is empty", "Auditors"),
    ],
)
def test_refusal_says_what_where_and_what_to_do(text: str, line: int, message: str, hint: str) -> None:
    """
    Each is one fault, at the line of its key, with the value and the way out.
    """
    (fault,) = checked(text).faults

    assert fault.line == line
    assert message in fault.message
    assert hint in fault.hint


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        pytest.param("sorce", 'users.fields.x is "sorce", not source', id="one word"),
        pytest.param("{authority: sorce}", 'users.fields.x.authority is "sorce", not source', id="written out"),
        pytest.param("{value: 1}", 'users.fields.x lacks "authority"', id="lacks a key"),
        pytest.param("{authority: source, valeu: 1}", 'unknown key "valeu" in users.fields.x', id="unknown key"),
    ],
)
def test_of_several_forms_the_one_that_was_meant_is_explained(rule: str, message: str) -> None:
    """
    A rule may be a word or a mapping; the fault is told of the form that was written.
    """
    (fault,) = checked(f"users: {{fields: {{x: {rule}}}}}\n", "policy").faults

    assert message in fault.message


def test_line_of_a_run_is_explained_by_its_type() -> None:
    """
    Of the three kinds of lines, the fault is told of the kind that the line says it is.
    """
    line = {"type": "claim", "kind": "user", "key": "1", "name": "n", "field": "f", "owner": "me", "was": None}

    messages = [finding.message for finding in explain({**line, "value": None, "row": 1, "text": ""}, "run")]

    assert messages == ['owner is "me", not git or admin or null']


def test_value_that_may_be_secret_is_not_shown() -> None:
    """
    An address may hold a password, so no message repeats it.
    """
    faults = checked("targets: {x: {url: [postgresql://u:s3cret@h/db]}}\n", "reconciler").faults

    assert "targets.x.url is (not shown), not text" in [fault.message for fault in faults]
    assert "s3cret" not in str(faults)


def test_line_feed_does_not_slip_past_the_end_of_a_pattern() -> None:
    """
    `$` ends the text, as JSON Schema says; a duration with a line feed could not be read later.
    """
    assert checked('max_request_life: "15m"\n', "policy").faults == ()
    assert len(checked('max_request_life: "15m\\n"\n', "policy").faults) == 1


def test_types_are_those_the_schema_wants() -> None:
    """
    A plain scalar becomes a truth value, number or null where one is wanted; with quotes it is always text.
    """
    values = "{a: true, b: 'true', c: 12, d: '12', e: null, f: 007, g: NO, h: 1e3}"
    text = f"- user: 0123\n  reason: 1182\n  set: {values}\n"

    assert checked(text).value == [
        {
            "user": "0123",
            "set": {"a": True, "b": "true", "c": 12, "d": "12", "e": None, "f": "007", "g": "NO", "h": "1e3"},
            "reason": "1182",
        }
    ]


def test_what_the_parser_refused_is_not_refused_again() -> None:
    """
    An alias stands for no value, a merge key for no key; what else is wrong on the line is still told.
    """
    faults = checked("- {user: *x, <<: {a: 1}, blok: true}\n").faults

    assert sorted(fault.message for fault in faults) == [
        "holds a merge key (<<)",
        "holds an alias (*x)",
        'unknown key "blok" in the entry',
    ]


@pytest.mark.parametrize("name", ["user", "group"])
def test_row_that_the_decoder_reads_the_schema_accepts(name: str) -> None:
    """
    Schema and typed decoder are two guards at one gate; here, of the rows a decoder refuses for a missing key.
    """
    row = schema(name)["examples"][0]
    struct: type[Any] = UserRow if name == "user" else GroupRow

    for key in row:
        rest = {other: value for other, value in row.items() if other != key}
        try:
            msgspec.convert(rest, struct)
            decoded = True
        except msgspec.ValidationError:
            decoded = False

        assert (explain(rest, name) == ()) == decoded, key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from(["user", "locale"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "set", "roles"]), inner),
    max_leaves=8,
)


@given(JSON)
def test_every_refused_value_is_explained(value: Any) -> None:
    """
    No value is refused without a word, whatever it is.
    """
    refused = [name for name in NAMES if not Draft202012Validator(schema(name)).is_valid(value)]

    assert [name for name in refused if not explain(value, name)] == []


def test_importing_the_package_loads_no_schema_library() -> None:
    """
    It takes 180 ms, and is imported by the first check, not before.
    """
    script = "import sys, reconciler.files.state; sys.exit('jsonschema' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=False)

    assert done.returncode == 0
