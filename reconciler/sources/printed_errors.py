"""
What clouds answer instead of a list, and their own words on why: `curl` and command lines put it into the file.

| who              | what it answers                                                           | documented |
|------------------|---------------------------------------------------------------------------|------------|
| Okta             | `{errorCode, errorSummary, errorLink, errorId, errorCauses}`              | [1]        |
| Microsoft Graph  | `{error: {code, message, innerError}}`                                    | [2]        |
| Google           | `{error: {code, message, status, errors: [{message, domain, reason}]}}`   | [3]        |
| their logins     | `{error, error_description}`                                              | [4]        |
| AWS              | `{__type, Message}`                                                       | [5]        |
| IBM Cloud        | `{errors: [{code, message, more_info}], trace, status_code}`              | [6]        |

[1] https://developer.okta.com/docs/reference/error-codes/
[2] https://learn.microsoft.com/en-us/graph/errors
[3] https://google.aip.dev/193; of the Directory API, with its reasons:
    https://developers.google.com/admin-sdk/reseller/v1/support/directory_api_common_errors
[4] RFC 6749 section 5.2
[5] https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/CommonErrors.html
[6] https://cloud.ibm.com/apidocs/iam-access-groups#error-handling
"""

from collections.abc import Iterator

from reconciler.sources.printed_records import Record
from reconciler.sources.rawjson import Number, shown

_MARKS = frozenset({"error", "errors", "Error", "errorCode", "errorSummary", "__type"})
_WORDS = (
    *("errorCode", "__type", "code", "Code", "error", "status", "reason"),
    *("errorSummary", "error_description", "message", "Message"),
)
_CAUSES = ("errorCauses", "errors")
_MOST_CAUSES, _LONGEST = 3, 400


def error_answer(document: Record, *, of: str = "") -> str | None:
    """
    Return what an error answer is, in the vendor's own words, fit for a message; None where it is none.
    """
    if not _MARKS & document.keys():
        return None
    words = ": ".join(dict.fromkeys(_words(document)))
    told = f": {shown(words, width=_LONGEST)}" if words else ""
    return f"is an error answer{of}, no page{told}"


def _words(said: Record) -> Iterator[str]:
    """
    Yield the code and the message, then those of what lies within, each as it stands there.
    """
    for name in _WORDS:
        value = said.get(name)
        if isinstance(value, Number):
            yield value.text
        elif isinstance(value, str | int) and str(value).strip():
            yield str(value).strip()
    for name in ("error", "Error"):
        inner = said.get(name)
        if isinstance(inner, dict):
            yield from _words(inner)
    for name in _CAUSES:
        causes = said.get(name)
        for cause in causes[:_MOST_CAUSES] if isinstance(causes, list) else ():
            yield from _words(cause) if isinstance(cause, dict) else (str(cause),)
