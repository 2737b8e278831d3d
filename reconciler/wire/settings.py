"""
What a state folder says of an HTTP server: how to be let in, how long to wait, how much at once.

Part of an adapter's own settings; secrets come as `${NAME}` and are expanded before they get here.
"""

from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from reconciler.ports_adapter import Secret

IBM_CLOUD_TOKENS = "https://iam.cloud.ibm.com/identity/token"

Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=3600)]
"""A wait that ends."""


class Bearer(Struct, frozen=True, kw_only=True, tag_field="type", tag="bearer", forbid_unknown_fields=True):
    """
    A token that the server's administrator made (RFC 6750).
    """

    token: Secret


class Basic(Struct, frozen=True, kw_only=True, tag_field="type", tag="basic", forbid_unknown_fields=True):
    """
    A name and a password (RFC 7617).
    """

    user: str
    password: Secret


class ClientCredentials(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="oauth2", forbid_unknown_fields=True
):
    """
    A client that asks for a token of its own (OAuth 2.0, RFC 6749 section 4.4).
    """

    token_url: str
    client_id: str
    client_secret: Secret
    scope: str = ""


class IbmCloudKey(Struct, frozen=True, kw_only=True, tag_field="type", tag="ibmcloud", forbid_unknown_fields=True):
    """
    An IBM Cloud API key, for which IAM gives a token (https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey).
    """

    api_key: Secret
    token_url: str = IBM_CLOUD_TOKENS


Auth: TypeAlias = Bearer | Basic | ClientCredentials | IbmCloudKey


class Retries(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How often a request is made, and for how many seconds in all; pauses double from `first` to `longest` seconds.
    """

    attempts: Annotated[int, Meta(ge=1, le=20)] = 5
    seconds: Seconds = 120.0
    first: Seconds = 0.5
    longest: Seconds = 30.0


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How to speak to one server.

    `timeout` is how many seconds an answer may take, `width` how many requests run at once. `ca_file` holds the
    certificates to trust instead of the machine's; that certificates are verified cannot be switched off.
    """

    auth: Auth | None = None
    timeout: Seconds = 30.0
    width: Annotated[int, Meta(ge=1, le=64)] = 8
    ca_file: str | None = None
    retries: Retries = Retries()


Http = TypeVar("Http", bound=HttpSettings)


def beside(settings: Http, home: Path) -> Http:
    """
    Return the settings with a relative `ca_file` starting at `home`, wherever a command is called from.
    """
    return replace(settings, ca_file=str(home / settings.ca_file)) if settings.ca_file else settings
