"""
What the service counts, in the text format of Prometheus: numbers, and never a name.
"""

from collections import Counter
from threading import Lock

from msgspec import Struct, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_HELP = {
    "reconciler_requests_total": ("counter", "Requests answered, by status."),
    "reconciler_triggers_total": ("counter", "Triggers that have ended, by kind and outcome."),
    "reconciler_runs_total": ("counter", "Runs made, by what they were about."),
    "reconciler_changes_total": ("counter", "Changes of those runs, by what became of them."),
    "reconciler_triggers_waiting": ("gauge", "Triggers that wait for their run."),
    "reconciler_last_run_timestamp_seconds": ("gauge", "When the last run ended, in seconds since 1970."),
    "reconciler_last_run_seconds": ("gauge", "How long the last run took."),
}


class Metrics(Struct):
    """
    Numbers by name and labels; threads may count at the same time.
    """

    numbers: Counter[tuple[str, tuple[tuple[str, str], ...]]] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def add(self, name: str, number: float = 1, /, **labels: str) -> None:
        """
        Count so many more.
        """
        with self.lock:
            self.numbers[f"reconciler_{name}", tuple(sorted(labels.items()))] += number  # type: ignore[assignment]

    def set(self, name: str, number: float) -> None:
        """
        Note a number that goes up and down.
        """
        with self.lock:
            self.numbers[f"reconciler_{name}", ()] = number  # type: ignore[assignment]

    def text(self) -> str:
        """
        Return all numbers, sorted, each with what it means.
        """
        with self.lock:
            numbers = dict(self.numbers)
        lines: list[str] = []
        for name, (kind, meaning) in _HELP.items():
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            mine = sorted((labels, number) for (one, labels), number in numbers.items() if one == name)
            lines += [f"{name}{_labelled(labels)} {number}" for labels, number in mine]
        return "\n".join(lines) + "\n"


def _labelled(labels: tuple[tuple[str, str], ...]) -> str:
    told = ",".join(f'{name}="{value}"' for name, value in labels)
    return f"{{{told}}}" if told else ""
