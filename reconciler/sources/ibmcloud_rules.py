"""
Whether the `rule` of an IBM Cloud v2 policy holds at a given moment.

A rule is one condition, or `and`/`or` over conditions. Conditions on the date, the time and the day of the week are
evaluated; of any other, nobody can say from an export whether it holds, so the answer has three values.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone

_DEEP = 8
_DATE = 10

_COMPARISONS: dict[str, frozenset[int]] = {
    "LessThan": frozenset({-1}),
    "LessThanOrEquals": frozenset({-1, 0}),
    "GreaterThan": frozenset({1}),
    "GreaterThanOrEquals": frozenset({0, 1}),
}
"""For which signs of (here - limit) a comparison holds."""


def holds(rule: object, at: datetime, *, depth: int = 0) -> bool | None:
    """
    Return whether the rule holds at `at` (with its time zone); None where that cannot be told.

    `and` with a condition that is false is false, `or` with one that is true is true, whatever the others are.
    """
    if not isinstance(rule, dict) or depth > _DEEP:
        return None
    parts = rule.get("conditions")
    if parts is None:
        return _condition(rule, at)
    if not isinstance(parts, list) or not parts or rule.get("operator") not in {"and", "or"}:
        return None
    decisive: bool = rule["operator"] == "or"
    answers = [holds(part, at, depth=depth + 1) for part in parts]
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _condition(condition: dict[str, object], at: datetime) -> bool | None:
    """
    Return whether one condition holds; None where its key, operator or value is not one we know.
    """
    key, operator = condition.get("key"), condition.get("operator")
    for attribute, prefix, compare in _ATTRIBUTES:
        if key == attribute and isinstance(operator, str) and operator.startswith(prefix):
            try:
                return compare(operator.removeprefix(prefix), condition.get("value"), at)
            except (ValueError, TypeError, OverflowError):
                return None
    return None


def _moment(comparison: str, value: object, at: datetime) -> bool | None:
    given = datetime.fromisoformat(_single(value))
    limit = given if given.tzinfo else given.replace(tzinfo=UTC)
    return _compare(comparison, (at > limit) - (at < limit))


def _date(comparison: str, value: object, at: datetime) -> bool | None:
    """
    Compare the calendar day at the value's own offset: `2026-11-20+01:00`.
    """
    text = _single(value)
    limit = date.fromisoformat(text[:_DATE])
    here = at.astimezone(_zone(text[_DATE:])).date()
    return _compare(comparison, (here > limit) - (here < limit))


def _time(comparison: str, value: object, at: datetime) -> bool | None:
    """
    Compare the time of day at the value's own offset: `09:00:00+01:00`.
    """
    given = time.fromisoformat(_single(value))
    limit = given.replace(tzinfo=None)
    here = at.astimezone(given.tzinfo or UTC).time()
    return _compare(comparison, (here > limit) - (here < limit))


def _day(comparison: str, value: object, at: datetime) -> bool | None:
    """
    Compare the day of the week, 1 (Monday) to 7 (Sunday), at each value's own offset: `1+00:00`, or plain 1.
    """
    if comparison not in {"Equals", "AnyOf"}:
        return None
    days = [str(day) for day in value] if isinstance(value, list) else [str(value)]
    if any(day[:1] not in set("1234567") for day in days):
        return None
    return any(at.astimezone(_zone(day[1:])).isoweekday() == int(day[0]) for day in days)


def _compare(comparison: str, sign: int) -> bool | None:
    signs = _COMPARISONS.get(comparison)
    return None if signs is None else sign in signs


def _single(value: object) -> str:
    """
    Return the text of a value, which may come alone in a list.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _zone(offset: str) -> timezone:
    """
    Return the time zone of `+01:00`, `Z` or nothing (UTC).
    """
    if offset in {"", "Z"}:
        return UTC
    sign = {"+": 1, "-": -1}.get(offset[0])
    if sign is None:
        raise ValueError(offset)
    span = time.fromisoformat(offset[1:])
    return timezone(sign * timedelta(hours=span.hour, minutes=span.minute))


_ATTRIBUTES: tuple[tuple[str, str, Callable[[str, object, datetime], bool | None]], ...] = (
    ("{{environment.attributes.current_date_time}}", "dateTime", _moment),
    ("{{environment.attributes.current_date}}", "date", _date),
    ("{{environment.attributes.current_time}}", "time", _time),
    ("{{environment.attributes.day_of_week}}", "dayOfWeek", _day),
)
