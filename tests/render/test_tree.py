"""
Tests of reconciler/render/tree.py: DeepDiff's tree of what is there and what will be.
"""

import json
from typing import Any

from reconciler.core.model import Fields, Plan
from reconciler.render.tree import documents, render_deepdiff
from tests.render.render_plans import busy, change, creates, plan


def differences(one: Plan) -> Any:
    """
    Return DeepDiff's report, read back from the rendering.
    """
    return json.loads(render_deepdiff(one))["differences"]


def test_a_field_shows_both_values_under_its_path() -> None:
    """
    A changed field stands under kind, name with key, and field, with the old value and the new.
    """
    one = plan(change("update", "ann", name="ann", before={"locale": "a"}, after={"locale": "b"}))

    assert differences(one) == {
        "values_changed": {"root['user']['ann (ann)']['locale']": {"new_value": "b", "old_value": "a"}}
    }


def test_what_is_created_was_absent_and_what_is_deleted_will_be() -> None:
    """
    A create is an added entity, a delete a removed one.
    """
    one = plan(
        change("create", "new", name="n", after={"locale": "a"}),
        change("delete", "old", name="o", kind="group", before={"name": "o"}),
    )

    assert differences(one) == {
        "dictionary_item_added": {"root['user']['n (new)']": {"locale": "a"}},
        "dictionary_item_removed": {"root['group']['o (old)']": {"name": "o"}},
    }


def test_sets_show_each_element() -> None:
    """
    What joins and what goes stands there one by one; groups bear name and key.
    """
    one = plan(change("update", "a", name="a", before={"groups": ("g-risk", "x")}, after={"groups": ("x", "y")}))

    assert differences(one) == {
        "dictionary_item_added": {"root['user']['a (a)']['groups']['y']": True},
        "dictionary_item_removed": {"root['user']['a (a)']['groups']['Cloud IAM - Risk Officers (g-risk)']": True},
    }


def test_several_changes_of_a_set_add_up() -> None:
    """
    Changes that each name only the elements they are about leave one difference per element.
    """
    one = plan(
        change("update", "a", name="a", before={"groups": ()}, after={"groups": ("x",)}),
        change("update", "a", name="a", before={"groups": ("y",)}, after={"groups": ()}),
        change("update", "a", name="a", before={"groups": ("z",)}, after={"groups": ()}),
    )
    before, after = documents(one)

    assert before["user"]["a (a)"] == {"groups": {"y": True, "z": True}}
    assert after["user"]["a (a)"] == {"groups": {"x": True}}


def test_a_field_changed_twice_shows_its_ends() -> None:
    """
    The document before holds what the first change finds, the one after what the last one leaves.
    """
    one = plan(
        change("update", "a", name="a", before={"roles": ("v",), "n": None}, after={"roles": ("e", "v"), "n": 1}),
        change("update", "a", name="a", before={"roles": ("e", "v"), "n": 1}, after={"roles": ("e",), "n": 2}),
    )
    before, after = documents(one)

    assert before["user"]["a (a)"] == {"n": None, "roles": {"v": True}}
    assert after["user"]["a (a)"] == {"n": 2, "roles": {"e": True}}


def test_names_that_deepdiff_takes_for_private_are_shown() -> None:
    """
    A name that starts with two underscores is a name.
    """
    one = plan(change("update", "k", name="__ann", before={"__x": 1}, after={"__x": 2}))

    assert "root['user']['__ann (k)']['__x']" in differences(one)["values_changed"]


def test_a_name_cannot_pass_for_a_path() -> None:
    """
    A name that spells out a path of DeepDiff's stays one name.
    """
    one = plan(change("update", "k", name="ann']['roles", before={"x": 1}, after={"x": 2}))

    assert list(differences(one)["values_changed"]) == ["root['user'][\"ann'<U+005D>['roles (k)\"]['x']"]


def test_no_entity_hides_another() -> None:
    """
    Entities of one name and key, or whose name spells out another's key, each have their entry.
    """
    one = plan(
        change("update", "k", name="a", link="1", before={"x": 1}, after={"x": 2}),
        change("update", "k", name="a", link="2", before={"x": 1}, after={"x": 2}),
        change("update", "j) (k", name="a", before={"x": 1}, after={"x": 2}),
        change("update", "k", name="a (j)", before={"x": 1}, after={"x": 2}),
    )

    assert len(differences(one)["values_changed"]) == 4


def test_long_and_hostile_values_are_cut_and_escaped() -> None:
    """
    A megabyte shows its start, length and digest; a bidi control shows its code point.
    """
    after: Fields = {"a": "n" * 1_048_576, "b": "x\u202ey", "c": ("b", "a")}
    text = render_deepdiff(plan(change("create", "k", after=after)))

    assert "… (1,048,576 characters, sha256:" in text
    assert "x<U+202E>y" in text
    assert len(text) < 2_000


def test_it_is_json_with_the_digests_of_the_plan() -> None:
    """
    The tree stands beside both digests, and is there in full for a large plan.
    """
    document = json.loads(render_deepdiff(busy()))

    assert document["plan"] == busy().digest
    assert document["file"].startswith("sha256:")
    assert len(differences(creates(200))["dictionary_item_added"]) == 200
