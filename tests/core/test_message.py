"""
The message of a ledger commit holds counts, digests and ids, and nothing that acts.
"""

import pytest

from reconciler.core.canonical import digest
from reconciler.core.message import commit_message
from reconciler.errors import LedgerError


def test_title_body_and_trailers_are_paragraphs() -> None:
    """
    Trailers keep their order and stand alone in the last paragraph, where Git looks for them.
    """
    text = commit_message("Record run 4", ["3 changes landed", "1 left"], {"Run": "4", "Plan": "sha256:ab"})

    assert text == "Record run 4\n\n3 changes landed\n1 left\n\nRun: 4\nPlan: sha256:ab\n"
    assert commit_message("Begin", [], {}) == "Begin\n"


@pytest.mark.parametrize(
    "value",
    [
        "a\nApproved-by: x",
        "@ann",
        "Fixes #12",
        "[skip ci]",
        "::add-mask::\n",
        "<!-- -->",
        "é",
        "\u202e",
        "\x1b[31m",
        "",
        " ",
    ],
)
def test_a_value_that_is_more_than_an_id_becomes_its_digest(value: str) -> None:
    """
    What somebody else could have written is told by its digest, which says nothing and does nothing.
    """
    assert commit_message("Record", [], {"Approval": value}) == f"Record\n\nApproval: {digest(value)}\n"


@pytest.mark.parametrize(
    ("title", "body", "trailers"),
    [
        pytest.param("", [], {}, id="no title"),
        pytest.param(" ", [], {}, id="blank title"),
        pytest.param("Record\n", [], {}, id="line break in the title"),
        pytest.param("Record", ["one", "by @ann"], {}, id="mention in the body"),
        pytest.param("Record", [], {"Signed off": "x"}, id="key of two words"),
        pytest.param("Record", [], {"": "x"}, id="no key"),
    ],
)
def test_what_we_write_ourselves_must_be_plain(title: str, body: list[str], trailers: dict[str, str]) -> None:
    """
    Title, body and keys come from our own text; where they hold more, nothing is committed.
    """
    with pytest.raises(LedgerError, match="plain words only"):
        commit_message(title, body, trailers)
