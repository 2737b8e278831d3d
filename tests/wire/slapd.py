"""
An OpenLDAP server for tests, with an administrator of its own, a certificate, and any entries it shall begin with.
"""

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ldap3
from msgspec import Struct

from tests.wire.servers import account, folder, free_port, program, running

BASE = "dc=example,dc=org"
ADMIN = f"cn=admin,{BASE}"
TOOL = f"cn=reconciler,{BASE}"
READER = f"cn=reader,{BASE}"
SECRET = "secret"  # noqa: S105 - of a server that lives for a test
SCHEMAS = ("core", "cosine", "nis", "inetorgperson", "dyngroup")
CONFIG = """\
{includes}
modulepath {modules}
moduleload back_mdb
moduleload ppolicy
pidfile {home}/pid
TLSCertificateFile {home}/cert.pem
TLSCertificateKeyFile {home}/key.pem
database mdb
maxsize 1073741824
suffix "{base}"
rootdn "{admin}"
rootpw {secret}
directory {home}/data
dbnosync
index objectClass,entryUUID,entryCSN,member,uniqueMember,memberUid eq
index uid,cn,displayName eq,sub
limits dn.exact="{tool}" size=unlimited time=unlimited
limits dn.exact="{reader}" size=20 time=unlimited
access to * by dn.exact="{tool}" manage by * read
overlay ppolicy
"""
OVERLAYS = {"memberof": "memberof-dangling ignore\n", "refint": "refint_attributes member\n"}
"""What each is told."""
FIRST = f"""\
dn: {BASE}
objectClass: domain
dc: example

dn: {TOOL}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: reconciler
userPassword: {SECRET}

dn: {READER}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: reader
userPassword: {SECRET}

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups
"""


class Slapd(Struct, frozen=True):
    """
    A running server: its addresses, in the clear and encrypted, and the certificate it shows.
    """

    url: str
    ldaps: str
    certificate: Path

    @contextmanager
    def admin(self) -> Iterator[ldap3.Connection]:
        """
        Give the administrator's own connection.
        """
        connection = ldap3.Connection(
            ldap3.Server(self.url, get_info=ldap3.NONE), ADMIN, SECRET, auto_bind=True, raise_exceptions=True
        )
        try:
            yield connection
        finally:
            connection.unbind()

    def dump(self) -> bytes:
        """
        Return what `slapcat` prints of everything.
        """
        home = self.certificate.parent
        command = [str(home / "slapd"), "-T", "cat", "-f", str(home / "conf")]
        return subprocess.run(command, cwd="/", check=True, capture_output=True).stdout


@contextmanager
def slapd(ldif: Iterable[str] = (), *, overlays: Sequence[str] = ()) -> Iterator[Slapd]:
    """
    Give a running server with an empty tree for people and groups, with these entries, as LDIF, and overlays.

    The program is copied first: where AppArmor keeps the system's own from other folders, it does so by its path.
    """
    installed = program("slapd")
    user = account("openldap")
    with folder(user) as home:
        binary = Path(shutil.copy(installed, home / "slapd"))
        _prepare(home, user, overlays)
        (home / "first.ldif").write_text("\n".join([FIRST, *ldif]), "utf-8")
        load = [str(binary), "-T", "add", "-q", "-f", str(home / "conf"), "-l", str(home / "first.ldif")]
        loaded = subprocess.run(load, user=user, cwd="/", check=False, capture_output=True, text=True)
        assert loaded.returncode == 0, loaded.stderr
        port, secure = free_port(), free_port()
        addresses = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{secure}"
        command = [str(binary), "-f", str(home / "conf"), "-h", addresses, "-d", "0"]
        with running(command, port=port, user=user, log=home / "log"):
            yield Slapd(f"ldap://127.0.0.1:{port}", f"ldaps://127.0.0.1:{secure}", home / "cert.pem")


def _prepare(home: Path, user: str | None, overlays: Sequence[str]) -> None:
    """
    Write the configuration and a certificate for 127.0.0.1, as the account that will read them.
    """
    schemas = Path("/etc/ldap/schema")
    modules = next(path for path in (Path("/usr/lib/ldap"), Path("/usr/lib/openldap")) if path.exists())
    config = CONFIG.format(
        includes="\n".join(f"include {schemas / name}.schema" for name in SCHEMAS),
        modules=modules,
        home=home,
        base=BASE,
        admin=ADMIN,
        tool=TOOL,
        reader=READER,
        secret=SECRET,
    )
    for name in overlays:
        config = config.replace("\npidfile", f"\nmoduleload {name}\npidfile") + f"overlay {name}\n{OVERLAYS[name]}"
    (home / "conf").write_text(config, "utf-8")
    (home / "data").mkdir()
    if user is not None:
        shutil.chown(home / "data", user)
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(home / "key.pem"),
        "-out",
        str(home / "cert.pem"),
    ]
    subprocess.run([*new, *files], user=user, check=True, capture_output=True, cwd=home)
