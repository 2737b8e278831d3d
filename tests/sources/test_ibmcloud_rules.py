"""
Time rules of IBM Cloud v2 policies, evaluated at the moment of an export.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.sources.ibmcloud_rules import holds

FRIDAY = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

NOW = "{{environment.attributes.current_date_time}}"
TIME = "{{environment.attributes.current_time}}"
DATE = "{{environment.attributes.current_date}}"
DAY = "{{environment.attributes.day_of_week}}"

TRUE = {"key": DAY, "operator": "dayOfWeekEquals", "value": 5}
FALSE = {"key": DAY, "operator": "dayOfWeekEquals", "value": 6}
UNKNOWN = {"key": "{{resource.attributes.prefix}}", "operator": "stringMatch", "value": "a*"}


@pytest.mark.parametrize(
    ("key", "operator", "value", "answer"),
    [
        pytest.param(NOW, "dateTimeGreaterThanOrEquals", "2026-11-20T06:00:00+00:00", True, id="moment-at-start"),
        pytest.param(NOW, "dateTimeGreaterThan", "2026-11-20T06:00:00+00:00", False, id="moment-after"),
        pytest.param(NOW, "dateTimeLessThanOrEquals", "2026-11-20T06:00:00Z", True, id="moment-at-end"),
        pytest.param(NOW, "dateTimeLessThan", "2026-11-20T07:00:00+01:00", False, id="moment-same-elsewhere"),
        pytest.param(NOW, "dateTimeLessThan", "2026-11-20T06:00:01", True, id="moment-without-zone-is-utc"),
        pytest.param(TIME, "timeGreaterThanOrEquals", "07:00:00+01:00", True, id="time-at-offset"),
        pytest.param(TIME, "timeGreaterThan", "06:00:00+00:00", False, id="time-after"),
        pytest.param(TIME, "timeLessThanOrEquals", "05:59:59", False, id="time-without-zone-is-utc"),
        pytest.param(TIME, "timeLessThan", "01:00:00-05:30", True, id="time-before-at-negative-offset"),
        pytest.param(DATE, "dateLessThanOrEquals", "2026-11-20+00:00", True, id="date"),
        pytest.param(DATE, "dateGreaterThan", "2026-11-19-07:00", False, id="date-is-yesterday-there"),
        pytest.param(DAY, "dayOfWeekAnyOf", ["1+00:00", "5+00:00"], True, id="day-listed"),
        pytest.param(DAY, "dayOfWeekAnyOf", [1, 2, 3, 4], False, id="day-not-listed"),
        pytest.param(DAY, "dayOfWeekAnyOf", ["4-07:00"], True, id="day-is-thursday-there"),
        pytest.param(DAY, "dayOfWeekEquals", "5+00:00", True, id="day-alone"),
        pytest.param(TIME, "timeGreaterThan", ["05:00:00+00:00"], True, id="value-alone-in-a-list"),
        pytest.param(TIME, "timeEquals", "06:00:00+00:00", None, id="unknown-operator"),
        pytest.param(TIME, "dateTimeLessThan", "2027-01-01T00:00:00Z", None, id="operator-of-another-key"),
        pytest.param(NOW, "dateTimeLessThan", "tomorrow", None, id="value-is-no-time"),
        pytest.param(NOW, "dateTimeLessThan", 5, None, id="value-is-a-number"),
        pytest.param(NOW, "dateTimeLessThan", None, None, id="value-is-missing"),
        pytest.param(DAY, "dayOfWeekAnyOf", ["5+00:00", "8+00:00"], None, id="day-eight"),
        pytest.param(DAY, "dayOfWeekAnyOf", ["5*"], None, id="offset-is-none"),
        pytest.param(DAY, "dayOfWeekLessThan", 6, None, id="days-are-not-ordered"),
        pytest.param(DAY, "dayOfWeekAnyOf", [True], None, id="day-is-true"),
        pytest.param("{{environment.attributes.ip}}", "timeLessThan", "1", None, id="unknown-key"),
        pytest.param(NOW, ["dateTimeLessThan"], "2027-01-01T00:00:00Z", None, id="operator-is-a-list"),
    ],
)
def test_condition_holds_as_it_says(key: str, operator: Any, value: Any, answer: bool | None) -> None:  # noqa: FBT001 - a column of the table
    """
    A condition on date, time or day is evaluated at its own offset; any other cannot be decided.
    """
    assert holds({"key": key, "operator": operator, "value": value}, FRIDAY) is answer


@pytest.mark.parametrize(
    ("operator", "conditions", "answer"),
    [
        pytest.param("and", [TRUE, TRUE], True, id="and"),
        pytest.param("and", [TRUE, FALSE], False, id="and-false"),
        pytest.param("and", [TRUE, UNKNOWN], None, id="and-unknown"),
        pytest.param("and", [FALSE, UNKNOWN], False, id="and-false-whatever"),
        pytest.param("or", [FALSE, TRUE], True, id="or"),
        pytest.param("or", [FALSE, FALSE], False, id="or-false"),
        pytest.param("or", [FALSE, UNKNOWN], None, id="or-unknown"),
        pytest.param("or", [UNKNOWN, TRUE], True, id="or-true-whatever"),
        pytest.param("and", [{"operator": "or", "conditions": [FALSE, TRUE]}, TRUE], True, id="nested"),
        pytest.param("xor", [TRUE], None, id="unknown-operator"),
        pytest.param("and", [], None, id="no-conditions"),
        pytest.param("and", "all", None, id="conditions-are-text"),
        pytest.param("and", [TRUE, "x"], None, id="condition-is-text"),
    ],
)
def test_conditions_combine_with_three_values(operator: str, conditions: Any, answer: bool | None) -> None:  # noqa: FBT001 - a column of the table
    """
    What cannot be decided decides nothing, and hides nothing that is decided without it.
    """
    assert holds({"operator": operator, "conditions": conditions}, FRIDAY) is answer


def test_rule_without_bottom_cannot_be_decided() -> None:
    """
    Conditions nested beyond what IBM Cloud allows are not followed.
    """
    rule: dict[str, Any] = TRUE
    for _ in range(5000):
        rule = {"operator": "and", "conditions": [rule]}

    assert holds(rule, FRIDAY) is None


@pytest.mark.parametrize("rule", [{}, [], "always", 1, True], ids=repr)
def test_rule_of_another_shape_cannot_be_decided(rule: object) -> None:
    """
    A rule that is no condition is never taken for one that holds.
    """
    assert holds(rule, FRIDAY) is None
