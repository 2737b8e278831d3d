"""
The table: each cost beside its floor, and beside what a smaller organisation cost.
"""

from collections.abc import Mapping

from tests.bench.measure import Cost

_HEAD = f"{'':14} {'CPU s':>8} {'x floor':>8} {'peak MiB':>9} {'objects/s':>10} {'growth':>7}"
_GRAIN = 0.01
"""Seconds: the grain of the clock that counts CPU."""


def table(costs: Mapping[str, Cost], *, title: str, objects: int, smaller: Mapping[str, Cost] | None = None) -> str:
    """
    Return the costs of work on so many `objects`, each with its ratio to the first of them, the floor.

    Growth is how many times the CPU is that of the `smaller` organisation.
    """
    floor, before = next(iter(costs.values())), smaller or {}
    lines = [_line(name, cost, floor, objects) + _growth(cost, before.get(name)) for name, cost in costs.items()]
    return "".join(f"{line.rstrip()}\n" for line in (title, _HEAD, *lines))


def _line(name: str, cost: Cost, floor: Cost, objects: int) -> str:
    rate = objects / max(cost.cpu, _GRAIN)
    return f"{name:14} {cost.cpu:8.2f} {_ratio(cost, floor):8.2f} {cost.mib:9.0f} {rate:10,.0f}"


def _growth(cost: Cost, before: Cost | None) -> str:
    return f" {_ratio(cost, before):7.1f}" if before else ""


def _ratio(cost: Cost, other: Cost) -> float:
    return cost.cpu / max(other.cpu, _GRAIN)
