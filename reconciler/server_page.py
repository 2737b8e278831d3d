"""
What can be asked of the service, as a page for people: no script, and nothing that is fetched from elsewhere.
"""

from html import escape

from reconciler.server_api import ABOUT, OPERATIONS, Operation, answers

_STYLE = "body{font:16px sans-serif;margin:2em} td,th{padding:.3em 1em;text-align:left;vertical-align:top}"


def page() -> str:
    """
    Return the page; the same for programs is at /openapi.json.
    """
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Reconciler</title><style>{_STYLE}</style>"
        f"<h1>Reconciler</h1><p>{escape(ABOUT)} For programs: <a href=/openapi.json>openapi.json</a>."
        "<p>Whoever asks bears the secret (<code>Authorization: Bearer SECRET</code>)."
        f"<table><tr><th><th>path<th><th>body<th>answers{''.join(map(_row, OPERATIONS))}</table>"
    )


def _row(one: Operation) -> str:
    paths = "<br>".join(map(escape, one.paths))
    body = ", ".join(one.body.__struct_encode_fields__) if one.body else ""
    told = "<br>".join(f"{code}: {escape(text)}" for code, (text, _) in sorted(answers(one).items()))
    return (
        f"<tr><td>{one.method}<td><code>{paths}</code><td>{escape(one.summary)}<td><code>{escape(body)}</code>"
        f"<td>{told}"
    )
