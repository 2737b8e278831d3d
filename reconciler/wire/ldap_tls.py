"""
TLS for ldap3 by Python's own check of names, inside the handshake: the library's comes later, and is deprecated.
"""

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from ldap3 import Tls

if TYPE_CHECKING:
    from ldap3 import Connection


class VerifiedTls(Tls):  # type: ignore[misc]
    """
    Trust in the machine's authorities, or in those of one file; the server's certificate must bear its name.
    """

    def __init__(self, ca_file: Path | None) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)

    def wrap_socket(self, connection: "Connection", do_handshake: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's
        """
        Encrypt the connection's socket; without a handshake nobody would be verified, so there always is one.
        """
        del do_handshake
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=connection.server.host)
