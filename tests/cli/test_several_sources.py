"""
A target that draws from two sources which describe the same people.
"""

from tests.cli.conftest import ANN, Desk

HR = "key,user_name,email,state,locale\nhr-1,amuster,{email},active,de_DE\nhr-2,new,new@example.com,active,\n"


def joins(desk: Desk, join: str) -> None:
    """
    Let the target draw from personnel records, too, and joins people so.
    """
    config = desk.state / "reconciler.yaml"
    text = config.read_text()
    text = text.replace("sources:\n", "sources:\n  hr: {type: csv, account: personnel}\n", 1)
    text = text.replace("sources: [ibmcloud]\n", f"sources: [ibmcloud, hr]\n    join: {join}\n")
    config.write_text(text)
    (desk.folder / "users.csv").write_text(HR.format(email=ANN.upper()))
    desk.run("export", "hr", "--from", str(desk.folder / "users.csv"), "--fetched-at", "2026-11-20T07:00:00Z")
    desk.commit()


def test_plan_shows_where_two_sources_disagree(desk: Desk) -> None:
    """
    Ann stands in both: the first source's name holds, the second's is told, and its locale counts.
    """
    joins(desk, "{by: email}")
    told = desk.run("plan", "--format", "json")
    ann = next(one for one in told.json["changes"] if (one["name"], one["action"]) == (ANN, "create"))
    texts = [notice["text"] for notice in told.json["notices"] if notice["code"] == "sources-disagree"]

    assert ann["after"]["locale"] == "de_DE"
    assert [text for text in texts if f"user_name is {ANN!r} as ibmcloud says; hr says 'amuster'" in text]
    assert "/exports/hr/users.jsonl" in str(ann["because"])


def test_order_for_one_field_is_checked(desk: Desk) -> None:
    """
    A source that the target does not draw from is refused with its line.
    """
    joins(desk, "{by: email, precedence: {locale: [hrr]}}")
    told = desk.run("plan")

    assert told.code == 1
    assert 'targets.openpages.join.precedence.locale[0] names "hrr": no source of this target' in told.err
    assert 'did you mean "hr"?' in told.err
