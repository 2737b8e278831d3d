"""
The state folder is read whole: sound, it is values; faulty, every fault of every file has its line.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.core.overrides import Override, Waiver
from reconciler.errors import InputError
from reconciler.files.state import load_state, read_state

CONFIG = """\
version: 1
sources:
  ibmcloud: {type: ibmcloud, account: 0123456, max_age: 36h}
targets:
  openpages:
    type: sql
    url: sqlite:///.reconciler/openpages.db
    sources: [ibmcloud]
    policy: openpages.yaml
ledger: {branch: null, durability: commit}
"""
POLICY = "extends: openpages\nusers: {fields: {locale: {authority: shared, default: de_DE}}}\n"
TWELVE = """\
- user: ann
  set: {locale: de_DE}
  grups: {add: [Auditors]}
- user: bob
  until: 2027-02-30
- user: carl
  take: [locale]
- user: dora
  block: perhaps
  reason: AUD-1
- user: eve
  user: eva
  include: true
- user: fay
  set: &same {locale: en_US}
- user: gus
  set: *same
- user: jo\u200be
  include: true
- group: Risk Officers
  decision: overwright
- user: ann
  set:
    locale: fr_FR
- user: kim
  groups: {add: [Traders
- user: lou
  copy_access_from:
"""


def folder(root: Path, files: Mapping[str, str]) -> Path:
    """
    Return `root` with these files, and a sound configuration and policy unless they say otherwise.
    """
    for name, text in {"reconciler.yaml": CONFIG, "policies/openpages.yaml": POLICY, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return root


def lines(root: Path, name: str) -> list[int]:
    """
    Return the lines of one file that have a fault.
    """
    return [fault.line for fault in read_state(root).faults if fault.path == (root / name).as_posix()]


def test_a_file_with_twelve_different_faults_names_twelve_lines(tmp_path: Path) -> None:
    """
    From hidden characters through broken YAML to two overrides that disagree: all at once, each with its line.
    """
    root = folder(tmp_path, {"overrides/twelve.yaml": TWELVE})

    with pytest.raises(InputError) as caught:
        load_state(root)

    assert [fault.line for fault in caught.value.faults] == [3, 5, 7, 9, 12, 15, 17, 18, 21, 24, 26, 28]
    assert all(fault.message and fault.hint for fault in caught.value.faults)
    assert f"{root.as_posix()}/overrides/twelve.yaml:5: until" in str(caught.value)


def test_a_configuration_with_many_faults_names_them_all(tmp_path: Path) -> None:
    """
    Schema, references and secrets are told together.
    """
    config = """\
version: 2
sources:
  ibmcloud:
    type: ibmcluod
    max_age: 36
targets:
  openpages:
    type: sqll
    url: postgresql://me:s3cret@db/openpages
    sources: [ibmclod]
    policy: openpage.yaml
    polcy: x
ledger:
  durability: push
  durability: comit
  branch: "\\u202e"
ledgr: {}
"""
    root = folder(tmp_path, {"reconciler.yaml": config})

    assert lines(root, "reconciler.yaml") == [1, 5, 9, 10, 11, 12, 15, 16, 17]
    assert "s3cret" not in str(read_state(root).faults)


def test_a_policy_with_many_faults_names_them_all(tmp_path: Path) -> None:
    """
    Of a rule that may be a word or a mapping the fault is told of the form that was meant.
    """
    policy = """\
extends: openpagse
users:
  population: al
  fields:
    locale: shred
    email: {authority: sauce}
    phone: {value: 1}
groups:
  lifecycle:
    missing: {moveto: x}
guards:
  limit: {count: -1, percent: 101}
max_request_life: 15
"""
    root = folder(tmp_path, {"policies/openpages.yaml": policy})

    assert sorted(set(lines(root, "policies/openpages.yaml"))) == [1, 3, 5, 6, 7, 10, 12, 13]


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """
    One run names every file that has a fault, in the order of their places.
    """
    files = {
        "reconciler.yaml": CONFIG + "x: 1\n",
        "policies/openpages.yaml": "y: 1\n",
        "policies/unused.yaml": "z: 1\n",
        "overrides/deep/down/a.yaml": "- user: x\n",
        "overrides/waivers.yaml": "- {target: openpage, guard: g, count: 1, until: 2027-01-31, reason: r}\n",
    }
    root = folder(tmp_path, files)

    assert sorted({Path(fault.path).relative_to(root).as_posix() for fault in read_state(root).faults}) == sorted(
        files
    )


def test_a_sound_folder_is_values(tmp_path: Path) -> None:
    """
    Configuration, policy by target, overrides and waivers come typed; text that looks like a number stays text.
    """
    overrides = """\
- user: 0123
  set: {locale: NO, locked: true, profiles: [B, A], description: null}
  groups: {add: [Auditors]}
  roles: {remove: [Editor]}
  until: 2027-01-31
  reason: 1182
- group: Risk Officers
  rename: Risk
"""
    waiver = "- {target: openpages, guard: users-deactivated, count: 42, until: 2027-01-31, reason: HR-311}\n"
    state = load_state(folder(tmp_path, {"overrides/b/a.yaml": overrides, "overrides/waivers.yaml": waiver}))
    here = f"{tmp_path.as_posix()}/overrides"

    assert state.root == tmp_path
    assert state.config.sources["ibmcloud"].account == "0123456"
    assert state.policies["openpages"].users.fields["locale"].default == "de_DE"
    assert state.overrides == (
        Override(
            origin=f"{here}/b/a.yaml:1",
            digest=state.overrides[0].digest,
            places=state.overrides[0].places,
            user="0123",
            set={"locale": "NO", "locked": True, "profiles": ("A", "B"), "description": None},
            groups_add=("Auditors",),
            roles_remove=("Editor",),
            until="2027-01-31",
            reason="1182",
        ),
        Override(
            origin=f"{here}/b/a.yaml:7",
            digest=state.overrides[1].digest,
            places={"group": f"{here}/b/a.yaml:7", "rename": f"{here}/b/a.yaml:8"},
            group="Risk Officers",
            rename="Risk",
        ),
    )
    assert state.waivers == (
        Waiver(
            origin=f"{here}/waivers.yaml:1",
            target="openpages",
            guard="users-deactivated",
            count=42,
            until="2027-01-31",
            reason="HR-311",
        ),
    )


def test_the_shortest_folder_that_works(tmp_path: Path) -> None:
    """
    A configuration that names a preset is enough; no other file need be there.
    """
    (tmp_path / "reconciler.yaml").write_text(CONFIG.replace("openpages.yaml", "openpages"), "utf-8")
    state = load_state(tmp_path)

    assert state.overrides == ()
    assert state.policies["openpages"].origin("users.rename").startswith("policy users.rename (preset openpages:")


def test_empty_override_files_say_nothing(tmp_path: Path) -> None:
    """
    A file of comments, notes beside it and hidden files are no fault.
    """
    files = {"overrides/a.yaml": "# none yet\n", "overrides/README.md": "x", "overrides/.gitkeep": ""}

    assert load_state(folder(tmp_path, files)).overrides == ()


def test_paths_are_those_the_user_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A relative state folder stays relative in faults and origins, so that a click opens the file.
    """
    folder(
        tmp_path / "state", {"overrides/a.yaml": "- user: x\n  include: true\n", "overrides/b.yaml": "- user: y\n"}
    )
    monkeypatch.chdir(tmp_path)
    reading = read_state(Path("state"))

    assert [str(fault).splitlines()[0] for fault in reading.faults] == [
        "state/overrides/b.yaml:1: the entry says nothing"
    ]
    assert reading.overrides[0].origin == "state/overrides/a.yaml:1"


DIGEST = f"sha256:{'0' * 64}"
RENAMED = f"{{group: x, decision: keep, reviewed: {DIGEST}, rename: y, reason: T-1}}"
WAIVER = "- {{target: openpages, guard: '{}', count: 1, until: 2027-01-31, reason: T-1}}\n"


@pytest.mark.parametrize(
    ("files", "word"),
    [
        pytest.param({"reconciler.yaml": ""}, "is empty", id="empty configuration"),
        pytest.param({"overrides/a.yml": "- user: x\n"}, "is not read", id="other ending"),
        pytest.param({"overrides/a.yaml~": "- user: x\n"}, "is not read", id="editor's backup"),
        pytest.param({"policies/deep/a.yaml": "x: 1\n"}, "is a folder", id="folder of policies"),
        pytest.param({"overrides/waivers.yaml": WAIVER.format("users-deactivatd")}, "no waiver", id="no guard"),
        pytest.param(
            {"overrides/waivers.yaml": WAIVER.format("leavers', from: '2199-01-01")}, "it never holds", id="no day"
        ),
        pytest.param(
            {"overrides/waivers.yaml": WAIVER.format("administrators-minimum")}, "no waiver", id="lock-out"
        ),
        pytest.param({"overrides/waivers.yaml": WAIVER.format("leavers:Staff")}, "no waiver", id="of no group"),
        pytest.param(
            {"overrides/a.yaml": f"- group: x\n  decision: keep\n  reviewed: {DIGEST}\n  reason: T-1\n"},
            "decision: keep stands outside overrides/groups/",
            id="decision anywhere",
        ),
        pytest.param(
            {"overrides/groups/a.yaml": "- {group: x, decision: keep, reviewed: {locale: y}, reason: T-1}\n"},
            "reviewed holds fields",
            id="decision of fields",
        ),
        pytest.param(
            {"overrides/groups/a.yaml": f"- {RENAMED}\n"},
            "are two answers",
            id="decision of two minds",
        ),
        pytest.param({"overrides/a\u202e.yaml": "- user: x\n"}, "is not read", id="hidden character in a name"),
    ],
)
def test_nothing_is_passed_over_in_silence(tmp_path: Path, files: dict[str, str], word: str) -> None:
    """
    What lies or stands where it would be read is read and acted on, or said not to be.
    """
    (fault,) = read_state(folder(tmp_path, files)).faults

    assert word in fault.message
    assert "\u202e" not in str(fault)


def test_a_missing_configuration_is_a_fault(tmp_path: Path) -> None:
    """
    A folder without one, and a folder that is not there, say so.
    """
    for root in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError) as caught:
            load_state(root)

        assert len(caught.value.faults) == 1


def test_links_lead_nowhere(tmp_path: Path) -> None:
    """
    Neither a linked file outside the tree nor a linked folder is read.
    """
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.yaml").write_text("- user: x\n  block: true\n  reason: r\n", "utf-8")
    root = folder(tmp_path / "state", {"overrides/b.yaml": ""})
    (root / "overrides" / "c.yaml").symlink_to(outside / "a.yaml")
    (root / "overrides" / "d").symlink_to(outside)
    reading = read_state(root)

    assert reading.overrides == ()
    assert [fault.message for fault in reading.faults] == ["leads out of the tree", "is a link to a folder"]


def test_same_content_in_another_file_has_the_same_digest(tmp_path: Path) -> None:
    """
    An override that acts once is known again when its file moves, its lists are sorted or it is commented.
    """
    files = {
        "overrides/a.yaml": "- user: x\n  take: [roles, locale]\n  reason: r\n",
        "overrides/b.yaml": "# moved\n- reason: 'r'\n  take:\n    - locale\n    - roles\n  user: x\n",
        "overrides/c.yaml": "- user: x\n  take: [roles]\n  reason: r\n",
    }
    digests = [override.digest for override in load_state(folder(tmp_path, files)).overrides]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("set: {locale: de_DE}", "set: {locale: fr_FR}", id="values"),
        pytest.param("set: {locale: x}", "set: {locale: null}", id="value and none"),
        pytest.param("set: {locked: true}", "set: {locked: 1}", id="truth and number"),
        pytest.param("give: [locale]", "take: [locale]", id="give and take"),
        pytest.param("restore: {locale: a}", "restore: {locale: b}", id="restored values"),
        pytest.param("restore: {locale: take}", "take: [locale]", id="restore and take"),
        pytest.param("groups: {add: [A]}", "groups: {remove: [A]}", id="group in and out"),
        pytest.param("groups: {add: [A]}", "groups: {remove: [a]}", id="group in and out, spelled otherwise"),
        pytest.param("roles: {add: [A]}", "roles: {remove: [A]}", id="role in and out"),
        pytest.param("copy_access_from: a", "copy_access_from: b", id="two to copy from"),
        pytest.param("adopt: true", "adopt: false", id="adopt or not"),
        pytest.param("include: true", "exclude: true", id="include and exclude"),
        pytest.param("block: true", "exclude: true", id="block and exclude"),
    ],
)
def test_two_overrides_that_disagree_are_a_fault_that_names_both_lines(
    tmp_path: Path, one: str, other: str
) -> None:
    """
    Of one field of one subject there is one truth, in whatever files it stands.
    """
    files = {
        "overrides/a.yaml": f"- user: x\n  {one}\n  reason: r\n",
        "overrides/b.yaml": f"# b\n- user: x\n  {other}\n  reason: r\n",
    }
    root = folder(tmp_path, files)
    (fault,) = read_state(root).faults

    assert (fault.path, fault.line) == (f"{root.as_posix()}/overrides/b.yaml", 3)
    assert f"{root.as_posix()}/overrides/a.yaml:2" in fault.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("- user: x\n  set: {profiles: [A, B]}", "- user: x\n  set: {profiles: [B, A]}", id="same set"),
        pytest.param("- user: x\n  set: {locale: a}", "- user: y\n  set: {locale: b}", id="two users"),
        pytest.param(
            "- user: x\n  set: {description: a}", "- group: x\n  set: {description: b}", id="user and group"
        ),
        pytest.param("- user: x\n  set: {locale: a}", "- user: x\n  take: [locale]", id="value and owner"),
        pytest.param("- user: x\n  groups: {add: [A]}", "- user: x\n  groups: {remove: [B]}", id="two groups"),
    ],
)
def test_two_overrides_that_agree_are_none(tmp_path: Path, one: str, other: str) -> None:
    """
    Several overrides may speak of one subject.
    """
    files = {"overrides/a.yaml": f"{one}\n  reason: r\n", "overrides/b.yaml": f"{other}\n  reason: r\n"}

    assert len(load_state(folder(tmp_path, files)).overrides) == 2


def test_places_name_each_key_and_each_element(tmp_path: Path) -> None:
    """
    A cause, and a fault found later, points at the very line.
    """
    text = "- user: x\n  groups:\n    add:\n      - A\n      - B\n  set:\n    locale: a\n  reason: r\n"
    (override,) = load_state(folder(tmp_path, {"overrides/a.yaml": text})).overrides
    places = {name: int(place.rpartition(":")[2]) for name, place in override.places.items()}

    assert places == {
        "user": 1,
        "groups": 2,
        "groups.add": 3,
        "groups.add.A": 4,
        "groups.add.B": 5,
        "set": 6,
        "set.locale": 7,
        "reason": 8,
    }


def test_two_thousand_overrides_are_all_read(tmp_path: Path) -> None:
    """
    However many overrides lie in however many files, each is there, in the order of the files and lines.
    """
    entry = "- user: u{0}\n  set: {{locale: de_DE, profiles: [A, B]}}\n  groups: {{add: [C]}}\n  reason: R-{0}\n"
    texts = [
        "".join(entry.format(number) for number in range(start, start + 100)) for start in range(0, 2_000, 100)
    ]
    root = folder(tmp_path, {f"overrides/{number:02}.yaml": text for number, text in enumerate(texts)})

    assert [one.user for one in load_state(root).overrides] == [f"u{number}" for number in range(2_000)]
