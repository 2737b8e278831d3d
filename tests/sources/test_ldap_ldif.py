"""
LDIF as people's tools print it, read strictly: folding, base64, results; and everything it cannot be.
"""

from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.sources.ldap_ldif import Ldif, parse, read

ANN = b"dn: uid=ann,dc=x\nuid: ann\n"


def parsed(content: bytes) -> Ldif:
    """
    Return what these bytes hold.
    """
    return parse(content, Path("all.ldif"), written=0.0)


def test_folded_and_encoded_lines_are_put_together() -> None:
    """
    A line goes on behind one space, with either line end, and base64 is decoded, also where it is folded.
    """
    [one] = parsed(
        b"version: 1\r\n\r\n# a comment\r\n  that goes on\r\ndn:: dWlkPcO8LGRj\r\n PXg=\r\ncn: Ann\r\n  Lee\r\n"
        b"description:\r\njpegPhoto:: /9j/\r\nSN;lang-de: Li\r\n"
    ).entries

    assert one.dn == "uid=ü,dc=x"
    assert (one.first("cn"), one.all("description"), one.first("sn")) == ("Ann Lee", ("",), "Li")
    assert one.attributes["jpegphoto"] == (b"\xff\xd8\xff",)
    assert one.all("jpegPhoto") == ()


def test_several_values_are_kept_in_order() -> None:
    """
    An attribute has all the values that its lines give.
    """
    [one] = parsed(ANN + b"mail: b@x\nmail: a@x\n").entries

    assert one.all("MAIL") == ("b@x", "a@x")


@pytest.mark.parametrize(
    ("ending", "total", "result"),
    [
        pytest.param(b"search: 2\nresult: 0 Success\n", None, (0, "Success"), id="plain"),
        pytest.param(b"# search result\n# result: 4 Too many\n", None, (4, "Too many"), id="cut"),
        pytest.param(b"search: 2\nresult: 0 Success\n\n# numEntries: 7\n", 7, (0, "Success"), id="total"),
        pytest.param(b"", None, None, id="silent"),
    ],
)
def test_end_of_a_search_is_read(ending: bytes, total: int | None, result: tuple[int, str] | None) -> None:
    """
    How the search ended, and how many entries it found, stand behind the entries or nowhere.
    """
    file = parsed(ANN + b"\n" + ending)

    assert (len(file.entries), file.total, file.result) == (1, total, result)


def test_dump_of_ldifde_is_entries() -> None:
    """
    Active Directory's own tool prints each entry as the change that would make it.
    """
    [one] = parsed(b"dn: CN=Ann,DC=x\r\nchangetype: add\r\ncn: Ann\r\n").entries

    assert (one.dn, one.attributes) == ("CN=Ann,DC=x", {"cn": (b"Ann",)})


@pytest.mark.parametrize(
    "printed",
    [
        pytest.param(b"# search reference\nref: ldap://b/dc=\n y\n", id="ldapsearch"),
        pytest.param(b"# refldap://b/dc=y\n", id="ldapsearch -LLL"),
        pytest.param(b"dn: dc=y\nobjectClass: referral\nref: ldap://b/dc=y\n", id="slapcat"),
    ],
)
def test_parts_that_other_servers_have_are_no_faults(printed: bytes) -> None:
    """
    A reference to another server is told, in each form that tools print, and the entries beside it are read.
    """
    file = parsed(ANN + b"\n" + printed)

    assert file.references == ("ldap://b/dc=y",)
    assert file.entries[0].dn == "uid=ann,dc=x"


@pytest.mark.parametrize(
    ("ending", "more"),
    [
        pytest.param(b"result: 0 Success\npagedresults: cookie=CAAA\n", True, id="one page"),
        pytest.param(b"# pagedresults: estimate=9 cookie=CAAA\n", True, id="one page, as comment"),
        pytest.param(
            b"# pagedresults: cookie=CAAA\ndn: uid=bob,dc=x\nuid: bob\n\n# pagedresults: cookie=\n", False, id="all"
        ),
    ],
)
def test_search_that_has_more_pages_says_so(ending: bytes, *, more: bool) -> None:
    """
    A page whose cookie leads to another is not the last, however well its own search ended.
    """
    assert parsed(ANN + b"\n" + ending).more is more


def test_mark_of_utf8_is_no_content() -> None:
    """
    A byte order mark, which Windows' editors write, is passed over.
    """
    assert len(parsed(b"\xef\xbb\xbf" + ANN).entries) == 1


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        pytest.param(ANN + b"\ndn: uid=bob", 0, "middle of a line", id="cut in a line"),
        pytest.param(ANN + b"photo:< file:///etc/passwd\n", 3, "another file", id="url"),
        pytest.param(ANN + b"nonsense\n", 3, "attribute: value", id="no attribute"),
        pytest.param(ANN + b"sn:: %%%\n", 3, "not base64", id="broken base64"),
        pytest.param(b"dn: uid=ann,dc=x\nchangetype: delete\n", 2, "a change", id="change"),
        pytest.param(b"uid: ann\n", 1, "without dn", id="no dn"),
        pytest.param(ANN.decode().encode("utf-16"), 0, "UTF-16", id="ldifde -u"),
        pytest.param(b"dn:: /w==\nuid: ann\n", 1, "not UTF-8", id="dn is no text"),
        pytest.param(b"<html>no</html>\n", 1, "attribute: value", id="html"),
    ],
)
def test_what_is_no_ldif_is_refused(content: bytes, line: int, word: str) -> None:
    """
    A file that is cut, is something else, or points elsewhere, is refused with its line.
    """
    with pytest.raises(InputError, match=word) as caught:
        parsed(content)

    assert caught.value.faults[0].line == line


def test_all_faults_are_told_at_once() -> None:
    """
    Whoever mends a file sees everything that is wrong with it.
    """
    with pytest.raises(InputError) as caught:
        parsed(b"uid: ann\n\ndn: x=y\nnonsense\n\nuid: bob\n")

    assert [fault.line for fault in caught.value.faults] == [1, 4, 6]


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    """
    A folder, or a file that is not there, is refused by name.
    """
    for path in (tmp_path, tmp_path / "none.ldif"):
        with pytest.raises(InputError, match=r"regular file|cannot be read"):
            read(path)


def test_file_too_large_is_refused(tmp_path: Path) -> None:
    """
    A file beyond the limit is refused before it is read.
    """
    path = tmp_path / "large.ldif"
    with path.open("wb") as file:
        file.truncate(512 * 1024 * 1024 + 1)

    with pytest.raises(InputError, match="the limit is"):
        read(path)
