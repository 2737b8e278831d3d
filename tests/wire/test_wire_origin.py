"""
Where requests may go.
"""

import pytest

from reconciler.errors import UsageError, WireError
from reconciler.wire.origin import address, parted, root_of

ROOT = "https://scim.example.com/tenant/v2"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("people/1", f"{ROOT}/people/1", id="below the root"),
        pytest.param("people/a%2Fb", f"{ROOT}/people/a%2Fb", id="escaped"),
        pytest.param("people/./a", f"{ROOT}/people/a", id="dot"),
        pytest.param("../people", "https://scim.example.com/tenant/people", id="up"),
        pytest.param("?startIndex=3", f"{ROOT}/?startIndex=3", id="query alone"),
        pytest.param("/other/Users", "https://scim.example.com/other/Users", id="path of the host"),
        pytest.param("https://SCIM.example.com:443/x", "https://SCIM.example.com:443/x", id="port said"),
    ],
)
def test_link_of_the_same_origin_is_followed(path: str, expected: str) -> None:
    """
    A path, or a link that the server gives of its own origin, becomes a whole address.
    """
    assert address(ROOT, path) == expected


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example.com/Users", id="host"),
        pytest.param("http://scim.example.com/tenant/v2/Users", id="scheme"),
        pytest.param("https://scim.example.com:8443/Users", id="port"),
        pytest.param("//evil.example.com/Users", id="no scheme"),
        pytest.param("https://scim.example.com@evil.example.com/", id="user name"),
        pytest.param("https://scim.example.com:99999/", id="no port"),
        pytest.param("file:///etc/passwd", id="file"),
    ],
)
def test_link_to_another_origin_is_not_followed(link: str) -> None:
    """
    No request, and so no credential, goes where the server alone points to.
    """
    with pytest.raises(WireError):
        address(ROOT, link)


@pytest.mark.parametrize("url", ["https://h.example.com/v2/", "http://127.0.0.1:8080", "http://[::1]:1/x"])
def test_root_is_an_address_that_secrets_may_go_to(url: str) -> None:
    """
    TLS, or this machine itself; a slash at the end does not count.
    """
    assert root_of(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://scim.example.com/v2", id="not encrypted"),
        pytest.param("ftp://scim.example.com", id="another scheme"),
        pytest.param("scim.example.com/v2", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://h:x/", id="no port"),
        pytest.param("https://[::1", id="half a host"),
        pytest.param("https://ann:s3cret@scim.example.com", id="password"),
        pytest.param("https://scim.example.com/v2?token=s3cret", id="query"),
    ],
)
def test_root_that_would_give_secrets_away_is_refused(url: str) -> None:
    """
    An address that is not encrypted, not one at all, or has a secret in it is a mistake of the configuration.
    """
    with pytest.raises(UsageError) as refused:
        root_of(url)

    assert "s3cret" not in refused.value.message


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h.example.com/v2/Users?filter=a%20eq%20%22/%22", "/v2/Users?filter=a%20eq%20%22/%22"),
        ("https://h.example.com", "/"),
        ("https://h.example.com?page=2", "/?page=2"),
        ("https://h.example.com/a#b", "/a"),
    ],
)
def test_address_is_an_origin_and_what_is_asked_for_there(url: str, expected: str) -> None:
    """
    The server is told path and query, never the fragment (RFC 9110 section 7.1).
    """
    assert parted(url) == ("https://h.example.com", expected)
