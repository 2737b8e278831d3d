"""
One busy life, and a digest of every byte it leaves: run as a program, it prints it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.core.canonical import digest, encode
from tests.worlds.life import PEOPLE, Life, Start


def fingerprint() -> str:
    """
    Return the digest of the last plan, and of every commit of the ledger, of a life in which much happens.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), Start(openpages=True, strangers=(("Ann", ()), ("max", ("User",)))))
        for name in PEOPLE:
            life.hires(name, ("staff", "risk", "boss"), ("Viewer", "User"))
        life.approves()
        life.drops_group("risk")
        life.fires("ann", "bob")
        for name in PEOPLE:
            life.speaks_otherwise(name)
            life.decides(name, roles_add=("Editor", "Operator"), groups_add=("id-club", "id-boss"))
        life.dies(12, journal=False)
        life.approves(every=2)
        life.grants("staff", ("Administrator", "Viewer"))
        files = [
            sorted((path, body.decode()) for path, body in commit.items()) for commit, _ in life.world.store.commits
        ]
        return digest(encode(life.world.plan()).decode(), files)


if __name__ == "__main__":
    print(fingerprint())  # noqa: T201  this is what the program is for
