"""
A repository whose target is a real OpenLDAP.
"""

import pytest

from tests.systems.office import NOW, Office
from tests.wire.ldap_admin import GROUPS, PEOPLE
from tests.wire.slapd import SECRET, TOOL, Slapd

_CONFIG = """\
version: 1
sources:
  directory: {{type: rows, account: directory}}
targets:
  corp:
    type: ldap
    url: {url}
    sources: [directory]
    policy: corp.yaml
    settings:
      bind_dn: {tool}
      password: ${{PASSWORD}}
      users: {{base: "{people}"}}
      groups: {{base: "{groups}"}}
"""


def opened(office: Office, server: Slapd, monkeypatch: pytest.MonkeyPatch, *, policy: str) -> Office:
    """
    Return the office with the directory as its target, and its password in the environment.
    """
    monkeypatch.chdir(office.folder)
    monkeypatch.setenv("RECONCILER_NOW", NOW)
    monkeypatch.setenv("PASSWORD", SECRET)
    office.begins(policy="corp.yaml")
    config = _CONFIG.format(url=server.url, tool=TOOL, people=PEOPLE, groups=GROUPS)
    office.writes("state/reconciler.yaml", config)
    office.writes("state/policies/corp.yaml", policy)
    return office
