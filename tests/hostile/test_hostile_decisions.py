"""
Overrides, waivers, policies and configuration that say other than a reviewer sees: each is refused, with its line.

A reviewer approves what a diff shows (reliability.md, hostile input); a file whose bytes could mean anything else
stops the run before the target or the ledger is touched.
"""

import os

import pytest

from tests.cli.conftest import ANN, BOB, Desk
from tests.hostile.attack import Plant, attacked, links, puts, swaps

FILE = "overrides/hostile.yaml"
WHO = f"- user: {ANN}\n"
DEEP = "[" * 50_000


def override(text: str | bytes) -> Plant:
    """
    Return the attack that commits this text as a file of overrides.
    """
    return puts(FILE, text)


# name: (the file's text, the line that is named, words of the refusal)
OVERRIDES: dict[str, tuple[str | bytes, int, str]] = {
    "line separator that hides a grant": (f"{WHO}  # note\u2028  roles: {{add: [Administrator]}}\n", 2, "U+2028"),
    "paragraph separator": (f"{WHO}  # note\u2029  block: true\n", 2, "U+2029"),
    "next line (C1)": (f"{WHO}  # note\x85  block: true\n", 2, "U+0085"),
    "lone carriage return": (f"{WHO}  # note\r  block: true\n", 2, "U+000D"),
    "form feed": (f"{WHO}  # note\x0c  block: true\n", 2, "U+000C"),
    "tab for indentation": (f"{WHO}\tblock: true\n", 2, "U+0009"),
    "NUL": (f"{WHO}  reason: a\0b\n", 2, "U+0000"),
    "escape sequence": (f"{WHO}  reason: \x1b[2K\n", 2, "U+001B"),
    "right-to-left override": (f"{WHO}  reason: \u202eexe.txt\n", 2, "U+202E"),
    "bidi isolate": (f"{WHO}  reason: \u2066x\u2069\n", 2, "U+2066"),
    "zero-width space in a key": (f"{WHO}  blo\u200bck: true\n", 2, "U+200B"),
    "soft hyphen": (f"{WHO}  reason: HR\u00ad-1\n", 2, "U+00AD"),
    "Hangul filler, which looks blank": (f"{WHO}  reason: \u3164\n", 2, "U+3164"),
    "variation selector": (f"{WHO}  reason: a\ufe0f\n", 2, "U+FE0F"),
    "tag characters": (f"{WHO}  reason: a\U000e0041\n", 2, "U+E0041"),
    "noncharacter": (f"{WHO}  reason: a\ufdd0\n", 2, "U+FDD0"),
    "second byte order mark": (b"\xef\xbb\xbf\xef\xbb\xbf" + WHO.encode() + b"  include: true\n", 1, "U+FEFF"),
    "hidden character as an escape": (f'{WHO}  reason: "\\u202e"\n', 2, "U+202E"),
    "text that is not NFC": (f"{WHO}  reason: Mu\u0308ller\n", 2, "NFC"),
    "text that is not NFC, as an escape": (f'{WHO}  reason: "u\\u0308"\n', 2, "NFC"),
    "Latin-1": (WHO.encode() + "  reason: Müller\n".encode("latin-1"), 2, "not UTF-8"),
    "UTF-8 surrogate": (WHO.encode() + b"  reason: \xed\xa0\x80\n", 2, "not UTF-8"),
    "overlong UTF-8": (WHO.encode() + b"  reason: \xc0\xaf\n", 2, "not UTF-8"),
    "UTF-16": (f"{WHO}  include: true\n".encode("utf-16"), 0, "UTF-16"),
    "UTF-32": (f"{WHO}  include: true\n".encode("utf-32-be"), 1, "U+0000"),
    "tag that makes an object": (f"{WHO}  reason: !!python/object/apply:os.system [id]\n", 2, "tag"),
    "anchor": (f"{WHO}  set: &a {{locale: de_DE}}\n", 2, "anchor"),
    "alias": (f"{WHO}  set: &a {{locale: de_DE}}\n- user: {BOB}\n  set: *a\n", 4, "alias"),
    "aliases that multiply": ("- &a [x, x]\n- &b [*a, *a]\n- &c [*b, *b]\n", 3, "alias"),
    "merge key": (f"{WHO}  <<: {{block: true}}\n", 2, "merge key"),
    "key that stands twice": (f"{WHO}  include: true\n  include: false\n", 3, "here and in line 2"),
    "key that stands twice, once escaped": (
        f'{WHO}  include: true\n  "\\u0069nclude": false\n',
        3,
        "here and in line 2",
    ),
    "key that is a list": (f"{WHO}  ? [block]\n  : true\n", 2, "not text"),
    "key that is empty": (f"{WHO}  '': true\n", 2, "empty key"),
    "null for a key": (f"{WHO}  ~: true\n", 2, "~"),
    "directive": (f"%YAML 1.1\n---\n{WHO}  include: true\n", 1, "directive"),
    "second document": (f"{WHO}  include: true\n---\n- user: {BOB}\n", 3, "second document"),
    "document that ends early": (f"{WHO}  include: true\n...\n  block: true\n", 4, "document"),
    "lists as deep as the process dies of": (f"- user: {DEEP}\n", 1, "deeper than 32"),
    "mappings as deep": ("- " + "{a: " * 50_000 + "\n", 1, "deeper than 32"),
    "keys in keys": ("- " + "? " * 50_000 + "\n", 1, "deeper than 32"),
    "no YAML": (f"{WHO}  reason: 'open\n", 2, "not YAML"),
    "merge conflict": (f"{WHO}<<<<<<< HEAD\n  block: true\n=======\n>>>>>>> b\n", 2, "merge-conflict"),
    "Git LFS pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", 0, "git lfs pull"),
    "HTML": ("<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", 1, ""),
    "five million bytes": ("#" * 5_000_001, 0, "5,000,000"),
    "unknown key": (f"{WHO}  blocked: true\n", 2, 'did you mean "block"'),
    "word for a truth value": (f"{WHO}  block: yes\n  reason: T-1\n", 2, "block"),
    "truth value in capitals": (f"{WHO}  block: TRUE\n  reason: T-1\n", 2, "block"),
    "truth value in quotes": (f'{WHO}  block: "true"\n  reason: T-1\n', 2, "block"),
    "date that no calendar has": (f"{WHO}  include: true\n  until: 2027-02-30\n", 3, "until"),
    "date and time": (f"{WHO}  include: true\n  until: 2027-02-03T00:00:00Z\n", 3, "until"),
    "mapping for the list": (f"user: {ANN}\nblock: true\n", 1, ""),
    "no value": (f"{WHO}  until:\n", 2, "no value"),
    "stranger": ("- user: nobody@example.com\n  include: true\n", 1, "unknown user"),
    "like-looking name (Cyrillic)": (
        "- user: \u0430nn.muster@example.com\n  include: true\n",
        1,
        "unknown user",
    ),
    "unknown group": (f"{WHO}  groups: {{add: [Nowhere]}}\n", 2, "Nowhere"),
    "field that the target alone decides": (f"{WHO}  set: {{password: x}}\n", 2, "password"),
    "grant without a reason": (f"{WHO}  roles: {{add: [Administrator]}}\n", 1, "reason"),
    "stranger as the model": (f"{WHO}  copy_access_from: nobody\n", 2, "unknown user"),
    "two that disagree": (
        f"{WHO}  set: {{locale: de_DE}}\n{WHO}  set: {{locale: fr_FR}}\n",
        4,
        "hostile.yaml:2",
    ),
    "pattern that takes for ever": (f"- user: {'a' * 5_000}!\n  include: true\n", 1, "unknown user"),
    "path for a name": ("- user: ../../etc/passwd\n  include: true\n", 1, "unknown user"),
}


@pytest.mark.parametrize(("text", "line", "word"), OVERRIDES.values(), ids=OVERRIDES.keys())
def test_hostile_override_is_refused(settled: Desk, text: str | bytes, *, line: int, word: str) -> None:
    """
    Each is refused with its file and line, by apply and by the check before a merge; nothing has moved.
    """
    place = f"state/{FILE}:{line}: " if line else f"state/{FILE}: "
    after = attacked(settled, override(text))

    assert (after.told.code, after.found.code, after.moved) == (1, 1, [])
    assert after.missing(place, word, "hint: ") == []


CONFIG, POLICY, WAIVERS = "reconciler.yaml", "policies/openpages.yaml", "overrides/waivers.yaml"
HEAD = "version: 1\n"

# name: (the attack, the place that is named, words of the refusal)
SETTINGS: dict[str, tuple[Plant, str, str]] = {
    "configuration with a hidden line end": (
        swaps(CONFIG, HEAD, f"{HEAD}# note\u2028ledger: x\n"),
        f"{CONFIG}:4: ",
        "U+2028",
    ),
    "configuration twice over": (swaps(CONFIG, HEAD, HEAD + HEAD), f"{CONFIG}:4: ", "here and in line 3"),
    "configuration of a newer version": (swaps(CONFIG, HEAD, "version: 2\n"), f"{CONFIG}:3: ", "version"),
    "configuration that is empty": (puts(CONFIG, ""), f"{CONFIG}: ", "is empty"),
    "configuration that is a list": (puts(CONFIG, "- version: 1\n"), f"{CONFIG}:1: ", ""),
    "password in the configuration": (
        swaps(CONFIG, "sqlite:///.reconciler/openpages.db", "postgresql://me:s3cret@db/openpages"),
        f"{CONFIG}:9: ",
        "${",
    ),
    "unknown key": (swaps(CONFIG, "ledger: {branch", "ledgr: {branch"), f"{CONFIG}:12: ", 'did you mean "ledger"'),
    "unknown kind of target": (swaps(CONFIG, "type: sql", "type: sqll"), f"{CONFIG}:8: ", "sql"),
    "policy out of the folder": (
        swaps(CONFIG, "policy: openpages.yaml", "policy: ../../secret.yaml"),
        f"{CONFIG}:11: ",
        "policy",
    ),
    "source whose name leads out": (
        swaps(CONFIG, "  ibmcloud: {", "  ../../ibmcloud: {"),
        f"{CONFIG}:5: ",
        'for example: "ibmcloud"',
    ),
    "target whose name leads out": (
        swaps(CONFIG, "  openpages:\n", "  ../../openpages:\n"),
        f"{CONFIG}:7: ",
        "",
    ),
    "configuration that is a link": (links(CONFIG, "/etc/hostname"), f"{CONFIG}: ", "leads out of the tree"),
    "policy that is a link": (links(POLICY, "/etc/hostname"), f"{POLICY}: ", "leads out of the tree"),
    "policy with an unknown authority": (
        swaps(POLICY, "version: 1\n", "version: 1\nusers: {fields: {locale: shred}}\n"),
        f"{POLICY}:4: ",
        "shared",
    ),
    "policy that extends itself": (swaps(POLICY, "extends: openpages", "extends: openpages.yaml"), POLICY, ""),
    "policy with an anchor": (swaps(POLICY, "[Risk]", "&r [Risk]"), f"{POLICY}:7: ", "anchor"),
    "link to a folder": (links("overrides/more", "/etc"), "overrides/more: ", "is a link to a folder"),
    "override that is a link": (
        links("overrides/more.yaml", "/etc/hostname"),
        "overrides/more.yaml: ",
        "leads out",
    ),
    "override that is a device": (
        links("overrides/more.yaml", "/dev/zero"),
        "overrides/more.yaml: ",
        "leads out of the tree",
    ),
    "name that is not read": (puts("overrides/more.yml", WHO), "overrides/more.yml: ", "does not end in .yaml"),
    "name that hides its end": (puts("overrides/a\u202elmay.yaml", WHO), "overrides/a?lmay.yaml: ", "is not read"),
    "waiver for another target": (
        puts(WAIVERS, "- {target: openpage, guard: users-deactivated, count: 9, until: 2027-01-31, reason: r}\n"),
        f"{WAIVERS}:1: ",
        'did you mean "openpages"',
    ),
    "waiver without an end": (
        puts(WAIVERS, "- {target: openpages, guard: users-deactivated, count: 9, reason: r}\n"),
        f"{WAIVERS}:1: ",
        "until",
    ),
    "waiver of everything": (
        puts(WAIVERS, "- {target: openpages, guard: '*', count: 9, until: 2027-01-31, reason: r}\n"),
        f"{WAIVERS}:1: ",
        "guard is",
    ),
    "waiver without a count": (
        puts(
            WAIVERS, "- {target: openpages, guard: users-deactivated, count: all, until: 2027-01-31, reason: r}\n"
        ),
        f"{WAIVERS}:1: ",
        "count",
    ),
    "waiver for ever so many": (
        puts(
            WAIVERS, "- {target: openpages, guard: users-deactivated, count: 1e9, until: 2027-01-31, reason: r}\n"
        ),
        f"{WAIVERS}:1: ",
        "count",
    ),
}


@pytest.mark.parametrize(("plant", "place", "word"), SETTINGS.values(), ids=SETTINGS.keys())
def test_hostile_setting_is_refused(settled: Desk, plant: Plant, *, place: str, word: str) -> None:
    """
    A configuration, policy, waiver or file name that is not what it seems is refused where it stands.
    """
    after = attacked(settled, plant)

    assert (after.told.code, after.found.code, after.moved) == (1, 1, [])
    assert after.missing(f"state/{place}", word) == []
    assert "s3cret" not in after.told.err + after.found.out


def test_override_that_is_a_pipe_is_refused_at_once(settled: Desk) -> None:
    """
    A pipe in the place of a file is named, and nobody waits for somebody to write into it.
    """
    os.mkfifo(settled.state / "overrides" / "pipe.yaml")
    told = settled.run("plan")

    assert told.code == 1
    assert "state/overrides/pipe.yaml: is not a regular file" in told.err
