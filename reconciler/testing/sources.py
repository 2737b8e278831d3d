"""
What every source must do, whatever it is: inherit from `SourceContract` and say what `adapter` and `paths` are.

    class TestWorkday(SourceContract):
        @pytest.fixture
        def adapter(self): return reconciler_workday.ADAPTER

        @pytest.fixture
        def paths(self): return [Path("tests/printed")]

The files should be of a whole organisation: some people, one of them in a group. `settings` and `account` may be
given, too. A source without files gives `reading` instead: what its live reading of a server of yours comes to.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from reconciler.core.export import GroupRow, UserRow
from reconciler.errors import ReconcilerError
from reconciler.files.exports import read_export
from reconciler.files.new_export import write_export
from reconciler.ports import Reading
from reconciler.ports_adapter import Asking, SourceAdapter

AT = "2026-11-20T06:00:00Z"


class SourceContract:
    """
    The tests; a subclass gives the fixtures `adapter` and `paths`, or `reading`.
    """

    @pytest.fixture
    def adapter(self) -> SourceAdapter[Any]:
        """
        Return what is plugged in.
        """
        pytest.fail("the contract needs a fixture `adapter`")

    @pytest.fixture
    def paths(self) -> Sequence[Path]:
        """
        Return the files, or folders of them, of a whole organisation.
        """
        pytest.skip("this source reads no files")

    @pytest.fixture
    def account(self) -> str:
        """
        Return the account that the files are of.
        """
        return "example"

    @pytest.fixture
    def settings(self, adapter: SourceAdapter[Any]) -> Any:  # noqa: ANN401  each adapter has its own
        """
        Return the adapter's settings; by default those that nobody changed.
        """
        return adapter.settings()

    @pytest.fixture
    def asking(self, settings: Any, account: str, tmp_path: Path) -> Asking[Any]:  # noqa: ANN401 - see above
        """
        Return what the adapter is told.
        """
        moment = datetime.fromisoformat(AT).astimezone(UTC)
        return Asking(
            name="source", settings=settings, home=tmp_path, now=lambda: moment, account=account, fetched_at=AT
        )

    @pytest.fixture
    def reading(self, adapter: SourceAdapter[Any], paths: Sequence[Path], asking: Asking[Any]) -> Reading:
        """
        Return what the source says.
        """
        assert adapter.files, "an adapter without `files` gives the fixture `reading`"
        return adapter.files(paths, asking)

    def test_organisation_has_people_and_memberships(self, reading: Reading) -> None:
        """
        Without them the other tests would say nothing.
        """
        assert reading.users
        assert any(user.groups for user in reading.users)

    def test_rows_come_by_key_and_once(self, reading: Reading) -> None:
        """
        Same content, same bytes: rows are sorted by key, and no key stands there twice.
        """
        users, groups = [user.key for user in reading.users], [group.key for group in reading.groups]

        assert users == sorted(set(users))
        assert groups == sorted(set(groups))

    def test_sets_are_sorted_and_distinct(self, reading: Reading) -> None:
        """
        Groups and roles of a row are sets, and written as sorted lists.
        """
        sets = [given for user in reading.users for given in (user.groups, user.roles)]
        sets += [group.roles for group in reading.groups]

        assert all(given == tuple(sorted(set(given))) for given in sets)

    def test_everybody_is_in_groups_that_are_there(self, reading: Reading) -> None:
        """
        A membership names the key of a group of the same reading.
        """
        known = {group.key for group in reading.groups}

        assert {key for user in reading.users for key in user.groups} <= known

    def test_rows_are_as_their_schema_says(self, reading: Reading) -> None:
        """
        Types and states are those of a row; keys and names are not empty.
        """
        users = msgspec.convert(msgspec.to_builtins(reading.users), tuple[UserRow, ...])
        groups = msgspec.convert(msgspec.to_builtins(reading.groups), tuple[GroupRow, ...])

        assert (users, groups) == (reading.users, reading.groups)
        assert all(user.key and user.user_name for user in users)
        assert all(group.key and group.name for group in groups)

    def test_whole_is_what_has_no_faults(self, reading: Reading) -> None:
        """
        Whatever keeps a reading from being the whole is named, and nothing else makes it incomplete.
        """
        assert reading.complete == (not reading.faults)
        assert reading.complete, "the example organisation is whole"

    def test_reading_makes_an_export_that_is_believed(self, reading: Reading, tmp_path: Path) -> None:
        """
        What is written of it reads the same, with a digest and counts that hold.
        """
        write_export(
            tmp_path / "export",
            source="source",
            account=reading.account,
            fetched_at=reading.fetched_at,
            complete=reading.complete,
            faults=reading.faults,
            read=reading.read,
            users=reading.users,
            groups=reading.groups,
        )
        found = read_export(tmp_path / "export")

        assert tuple(placed.row for placed in found.users) == reading.users
        assert tuple(placed.row for placed in found.groups) == reading.groups

    def test_reading_twice_is_reading_once(
        self, adapter: SourceAdapter[Any], paths: Sequence[Path], asking: Asking[Any], reading: Reading
    ) -> None:
        """
        The same files at the same time say the same, in whatever order they are named.
        """
        assert adapter.files
        assert adapter.files(tuple(reversed(paths)), asking) == reading

    def test_time_is_the_one_that_was_named(self, paths: Sequence[Path], reading: Reading) -> None:
        """
        Whoever says when files were printed is believed.
        """
        assert paths
        assert reading.fetched_at == AT

    def test_nothing_to_read_is_refused(
        self, adapter: SourceAdapter[Any], asking: Asking[Any], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """
        An empty folder is an error in words, and never an empty organisation: that would remove everybody.
        """
        if adapter.files is None:
            pytest.skip("this source reads no files")
        with pytest.raises(ReconcilerError):
            adapter.files([tmp_path_factory.mktemp("empty")], asking)

    def test_file_that_is_not_there_is_refused(self, adapter: SourceAdapter[Any], asking: Asking[Any]) -> None:
        """
        In words, with no traceback.
        """
        if adapter.files is None:
            pytest.skip("this source reads no files")
        with pytest.raises(ReconcilerError):
            adapter.files([Path("nowhere.json")], replace(asking, fetched_at=None))
