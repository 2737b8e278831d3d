"""
A fence in the ledger's repository, for targets that have no place for one: a ref that names a blob (ownership.md).

Git moves a ref only from what it was, so of two runs in one repository one takes it. Nobody fetches it, and a fresh
clone has none: across machines the push of the intents is the lock (`durability: push`).
"""

import hashlib

from msgspec import DecodeError, Struct, json

from reconciler.core.ledger import Fence
from reconciler.errors import StoreError
from reconciler.store import EmptyStore, GitStore
from reconciler.store_git import Git


class GitFence(Struct, frozen=True):
    """
    The fence of one target; without a repository (`git` None) there is none, and it cannot be moved.
    """

    git: Git | None
    ref: str

    @classmethod
    def beside(cls, store: GitStore | EmptyStore) -> "GitFence":
        """
        Return the fence that belongs to the ledger in a store.
        """
        if isinstance(store, EmptyStore):
            return cls(None, "")
        return cls(store.git, f"refs/reconciler/fence/{hashlib.sha256(store.root.encode()).hexdigest()[:16]}")

    def seen(self) -> tuple[str, Fence | None]:
        """
        Return the name of the blob, empty where there is none, and what it says; raises StoreError for no fence.
        """
        name = self.git.line("rev-parse", "--verify", "--quiet", self.ref) if self.git else ""
        if self.git is None or not name:
            return "", None
        try:
            return name, json.decode(self.git.run("cat-file", "blob", name), type=Fence)
        except (DecodeError, UnicodeDecodeError) as error:
            hint = f"when no run goes on: git update-ref -d {self.ref}"
            raise StoreError(f"{self.ref} says nothing of a run: {error}", hint=hint) from error

    def swap(self, name: str, new: Fence) -> bool:
        """
        Let the ref name a blob that says `new`, if it still names `name`; return whether it did.
        """
        if self.git is None:
            return False
        blob = self.git.run("hash-object", "-w", "--stdin", feed=json.encode(new)).decode().strip()
        return self.git.ask("update-ref", self.ref, blob, name).status == 0
