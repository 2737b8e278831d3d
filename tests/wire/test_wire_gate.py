"""
How many requests run at once.
"""

from threading import Barrier, Thread

from reconciler.wire.gate import Gate


def test_gate_is_halved_by_a_refusal_and_widens_again() -> None:
    """
    Each refusal halves what may run at once, down to one; what goes well widens it, up to what was allowed.
    """
    gate = Gate(8)
    limits = []
    for _ in range(5):
        gate.refused()
        limits.append(gate.limit)
    for _ in range(100):
        gate.served()

    assert limits == [4, 2, 1, 1, 1]
    assert gate.limit == 8


def test_no_more_are_inside_than_may_be() -> None:
    """
    Who finds no place waits until one is given back, and is counted once.
    """
    gate, ready = Gate(2), Barrier(6)
    inside: list[int] = []
    seen: list[int] = []

    def enter() -> None:
        ready.wait()
        with gate.place():
            inside.append(1)
            seen.append(len(inside))
            inside.pop()

    threads = [Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(seen) <= 2
    assert gate.entered == len(seen) == 6
