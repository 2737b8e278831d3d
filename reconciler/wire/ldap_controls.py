"""
The control of LDAP by which an operation is made only where an assertion holds (RFC 4528).
"""

from typing import TypeAlias

ASSERTION = "1.3.6.1.1.12"

Control: TypeAlias = tuple[str, bool, bytes]
"""Its id, whether a server that does not know it must refuse, and its value in BER."""


def asserting(filter_: str) -> Control:
    """
    Return the control by which an operation is made only on an entry that the filter finds.
    """
    from ldap3.operation.search import compile_filter, parse_filter  # noqa: PLC0415 - an extra
    from pyasn1.codec.ber import encoder  # noqa: PLC0415 - an extra

    parsed = parse_filter(filter_, None, auto_escape=False, auto_encode=False, validator=None, check_names=False)
    return ASSERTION, True, encoder.encode(compile_filter(parsed.elements[0]))
