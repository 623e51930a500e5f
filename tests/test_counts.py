"""Follower counts: dated, never overwritten silently, imported all or not at all."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from world import NOON, World

from linktrack.audience.counts import (
    LARGEST,
    DatedCount,
    Recorded,
    latest_count,
    list_counts,
    record_count,
    record_counts,
)
from linktrack.audience.models import Account
from linktrack.cli import main
from linktrack.errors import Conflict, Invalid, LinktrackError
from linktrack.portability.followers.counts_csv import (
    ImportedCounts,
    ReadCounts,
    import_counts,
    parse_count,
    read_counts,
)

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2026, 5, 1, tzinfo=UTC)


def record(world: World, account: Account, count: int, at: datetime, **how: bool) -> Recorded:
    return record_count(world.session, account, count, at, "entered", now=NOON, **how)


def recorded(world: World, account: Account) -> dict[datetime, int]:
    world.session.expire_all()
    return {row.counted_at: row.count for row in list_counts(world.session, account.id)}


def bring_in(
    world: World, account: Account, path: Path, column: str | None = None, replace: bool = False
) -> ImportedCounts:
    return import_counts(
        world.session,
        account,
        path,
        column=column,
        replace=replace,
        timezone=world.settings.timezone,
        now=datetime(2030, 1, 1, tzinfo=UTC),
    )


def read(text: str, column: str | None = None, timezone: ZoneInfo = BERLIN) -> ReadCounts:
    return read_counts(text, handle="@JessesLinks", column=column, timezone=timezone, now=NOON)


def figures(text: str, column: str | None = None) -> list[int]:
    return [dated.count for dated in read(text, column).counts]


# Recording


def test_the_latest_count_is_the_one_counted_last(world: World) -> None:
    """Not the one recorded last; without a count there is none."""
    account = world.account()
    assert latest_count(world.session, account.id) is None
    record(world, account, 200, DAY)
    record(world, account, 100, DAY - timedelta(days=1))
    latest = latest_count(world.session, account.id)
    assert latest is not None
    assert (latest.count, latest.counted_at, latest.source) == (200, DAY, "entered")


def test_the_same_figure_at_the_same_moment_changes_nothing(world: World) -> None:
    """Whoever records twice has one count."""
    account = world.account()
    assert record(world, account, 200, DAY) == Recorded(1, 0, 0)
    assert record(world, account, 200, DAY) == Recorded(0, 1, 0)
    elsewhere = DAY.astimezone(BERLIN) + timedelta(microseconds=900)  # stored to milliseconds
    assert record(world, account, 200, elsewhere) == Recorded(0, 1, 0)
    assert recorded(world, account) == {DAY: 200}


def test_another_figure_at_the_same_moment_is_refused_until_it_is_wanted(world: World) -> None:
    """The refusal names both figures and the way to overwrite."""
    account = world.account()
    record(world, account, 1200, DAY)
    with pytest.raises(Conflict) as refusal:
        record(world, account, 1300, DAY)
    for part in ("1,200", "1,300", "--replace", "2026-05-01 00:00:00"):
        assert part in refusal.value.sentence
    assert recorded(world, account) == {DAY: 1200}
    assert record(world, account, 1300, DAY, replace=True) == Recorded(0, 0, 1)
    assert recorded(world, account) == {DAY: 1300}


@pytest.mark.parametrize("count", [-1, LARGEST + 1])
def test_impossible_counts_are_refused(sqlite_world: World, count: int) -> None:
    """Fewer than none, or more than there are people."""
    account = sqlite_world.account()
    with pytest.raises(Invalid, match="cannot be a number of followers"):
        record(sqlite_world, account, count, DAY)
    assert recorded(sqlite_world, account) == {}


def test_the_smallest_and_the_largest_count_are_taken(world: World) -> None:
    """Both ends of the range fit into every database."""
    account = world.account()
    record(world, account, 0, DAY)
    record(world, account, LARGEST, NOON)
    assert recorded(world, account) == {DAY: 0, NOON: LARGEST}


def test_nobody_counts_followers_in_the_future(sqlite_world: World) -> None:
    """A count may be dated now, and not a moment later."""
    account = sqlite_world.account()
    record(sqlite_world, account, 5, NOON)
    with pytest.raises(Invalid, match="in the future"):
        record(sqlite_world, account, 5, NOON + timedelta(milliseconds=1))


def test_two_figures_given_for_one_moment_are_refused_even_when_replacing(
    sqlite_world: World,
) -> None:
    """Nobody can tell which of the two is meant."""
    account = sqlite_world.account()
    both = [DatedCount(DAY, 5), DatedCount(DAY, 6)]
    with pytest.raises(Conflict, match="There are two counts"):
        record_counts(sqlite_world.session, account, both, "import", replace=True, now=NOON)
    assert recorded(sqlite_world, account) == {}


# Reading a file


@pytest.mark.parametrize(
    "text",
    [
        "date,followers\n2026-05-01,12\n",
        "\ufeffdate,followers\r\n\r\n2026-05-01,12\r\n\r\n",
        "Date;Followers;Posts\n2026-05-01;12;900\n",
        "timestamp\tfollowers_count\n2026-04-30 22:00:00 UTC\t12\n",
        "Day,Total Followers\n2026-05-01T00:00:00+02:00,12\n",
        "time,count\n2026-05-01 00:00,12\n",
        "counted_at,whatever\n20260501,12\n",
        "Date(YYYMMDD),other,@jesseslinks\n20260501,7,12\n",
        "note,Date,jesseslinks,followers\n,20260501,12,13\n",
        "date,'@jesseslinks\n2026-05-01,12\n",
        'date,followers\n"2026-05-01","12"',
    ],
)
def test_many_forms_of_a_file_say_the_same(text: str) -> None:
    """Twelve followers at the beginning of the first of May in Berlin."""
    assert list(read(text).counts) == [DatedCount(datetime(2026, 4, 30, 22, tzinfo=UTC), 12)]


def test_a_column_that_is_named_is_taken_before_all_others() -> None:
    """Whatever its name and its case."""
    text = "date,followers,Subscribers of 2026,JessesLinks\n2026-05-01,1,2,3\n"
    assert figures(text, "subscribers of 2026") == [2]
    assert figures(text) == [3]


def test_where_the_column_is_not_clear_all_are_listed() -> None:
    """The refusal names the columns and the option that chooses."""
    with pytest.raises(Invalid, match=r"date, alice, bob") as refusal:
        read("date,alice,bob\n2026-05-01,1,2\n")
    assert "--column" in refusal.value.sentence
    with pytest.raises(Invalid, match="date, alice, bob"):
        read("date,alice,bob\n2026-05-01,1,2\n", "carol")


@pytest.mark.parametrize("title", ["member_id", "Account", "who"])
def test_of_several_accounts_only_this_ones_rows_are_counted(title: str) -> None:
    """Where one column says whose each count is; the others are counted as left out."""
    text = (
        f"date,{title},follower_count\n2024-01-01,JessesLinks,100\n2024-01-02,bob,90000\n"
        "2024-01-03,@jesseslinks,101\n"
    )
    found = read(text)
    assert ([dated.count for dated in found.counts], found.others) == ([100, 101], 1)


def test_a_table_of_other_accounts_is_refused_by_the_name_of_its_column() -> None:
    """None of its figures is this account's."""
    text = "date,member_id,followers\n2024-01-01,alice,100\n2024-01-02,bob,90000\n"
    with pytest.raises(Invalid, match="The column 'member_id' has several accounts, alice, bob"):
        read(text)


def test_a_column_of_other_words_is_no_account() -> None:
    """Notes, weekdays or a network say nothing of whose the counts are."""
    text = "date,note,followers\n2024-01-01,launch,100\n2024-01-02,party,101\n"
    assert figures(text) == [100, 101]


def test_rows_without_a_count_are_skipped_and_counted() -> None:
    """An empty cell is not zero."""
    found = read("date,followers\n2026-05-01,\n2026-05-02,0\n2026-05-03\n")
    assert ([dated.count for dated in found.counts], found.empty) == ([0], 2)


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("0", 0),
        ("1234", 1234),
        ("1,234", 1234),
        ("1 234 567", 1_234_567),
        ("15.0", 15),
        ("1.234.567", 1_234_567),
        ("1'234", 1234),
        ("1\u202f234", 1234),
        ("12,345,678", 12_345_678),
    ],
)
def test_whole_numbers_are_read_as_people_write_them(written: str, count: int) -> None:
    """With and without groups of three."""
    assert parse_count(written) == count


@pytest.mark.parametrize(
    "written", ["", "1.234", "1,23", "12,34,567", "1e3", "-5", "0x1f", "٣", "n/a"]
)
def test_what_is_no_whole_number_or_ambiguous_is_refused(written: str) -> None:
    """1.234 may be a thousand or a fraction: nobody guesses."""
    with pytest.raises(Invalid):
        parse_count(written)


@given(st.integers(min_value=0, max_value=LARGEST))
def test_grouped_numbers_mean_what_they_mean(count: int) -> None:
    """Python's own grouping reads back."""
    assert parse_count(f"{count:,}") == count == parse_count(str(count))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2026-13-01,5", "isn't a date"),
        ("2026-05-02,many", "a number of followers"),
        ("2027-01-01,5", "in the future"),
        ("2026-05-02,99999999999", "cannot be a number"),
        ("2026-05-02,1,234", "quotation marks"),
        (",5", "isn't a date"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_imported(
    sqlite_world: World, tmp_path: Path, row: str, why: str
) -> None:
    """All or nothing, with the number of the line."""
    account = sqlite_world.account()
    path = tmp_path / "counts.csv"
    path.write_text(f"date,followers\n2026-05-01,4\n\n{row}\n2026-05-03,6\n")
    with pytest.raises(Invalid, match=why) as refusal:
        import_counts(sqlite_world.session, account, path, timezone=ZoneInfo("UTC"), now=NOON)
    assert refusal.value.sentence.startswith("Line 4")
    assert recorded(sqlite_world, account) == {}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n \n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not text"),
        (b"PK\x03\x04whatever", "save its table as CSV"),
        (b'{"date": 1}', "JSON"),
        (b"<html>", "web page"),
        (b"a\0b,c\n", "not text"),
        (b"2026-05-01,5\n2026-05-02,6\n", "must name the columns"),
        (b"hello world\nthis is prose\n", "one column"),
        (b"date,followers\n", "no counts"),
        (b"name,followers\nx,5\n", "No column of dates"),
        (b'date,followers\n"2026-05-01,5\n', "is not closed"),
        (b"account,network,counted_at,count\n@a,x,2026-05-01,5\n@b,x,2026-05-01,6\n", "several"),
    ],
)
def test_a_file_that_is_something_else_is_refused_in_one_sentence(
    sqlite_world: World, tmp_path: Path, content: bytes, why: str
) -> None:
    """Whoever chose the wrong file learns so."""
    path = tmp_path / "counts.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=why) as refusal:
        bring_in(sqlite_world, sqlite_world.account(), path)
    assert "\n" not in refusal.value.sentence


def test_a_missing_file_or_a_folder_is_refused(sqlite_world: World, tmp_path: Path) -> None:
    """One sentence, not a trace."""
    account = sqlite_world.account()
    for path in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(Invalid, match="cannot be read"):
            bring_in(sqlite_world, account, path)


@given(st.binary(max_size=200) | st.text(alphabet="date,followers;\t\n\"'12-0=", max_size=80))
def test_whatever_a_file_holds_the_answer_is_counts_or_a_sentence(content: bytes | str) -> None:
    """No content makes reading fail in another way."""
    text = content if isinstance(content, str) else content.decode("latin-1")
    if not text.strip():
        return
    try:
        found = read("date,followers\n" + text)
    except LinktrackError:
        return
    assert found.counts


def test_excel_s_unicode_text_is_read(sqlite_world: World, tmp_path: Path) -> None:
    """UTF-16 with its mark, parted by tabs."""
    path = tmp_path / "counts.txt"
    path.write_text("Date\tFollowers\n2026-05-01\t12\n", encoding="utf-16")
    assert bring_in(sqlite_world, sqlite_world.account(), path).added == 1


# Importing real files


def test_importing_again_changes_nothing(world: World, tmp_path: Path) -> None:
    """Added once, unchanged after; another figure is refused whole until replacing is asked for."""
    account = world.account()
    path = tmp_path / "counts.csv"
    path.write_text("date,followers\n2026-05-01,10\n2026-05-02,11\n2026-05-03,\n")
    assert bring_in(world, account, path) == ImportedCounts(2, 0, 0, 1)
    assert bring_in(world, account, path) == ImportedCounts(0, 2, 0, 1)
    path.write_text("date,followers\n2026-05-02,12\n2026-05-04,13\n")
    with pytest.raises(Conflict, match="--replace"):
        bring_in(world, account, path)
    assert sorted(recorded(world, account).values()) == [10, 11]
    assert bring_in(world, account, path, replace=True) == ImportedCounts(1, 0, 1, 0)
    assert sorted(recorded(world, account).values()) == [10, 12, 13]


def test_a_real_series_of_one_account_is_read_as_an_independent_reader_reads_it(
    world: World, shared_data: Path
) -> None:
    """Every date and every figure of the file, and no other."""
    path = shared_data / "social/follower_timeseries/Center-for-Global-Development_followers.csv"
    with path.open(newline="") as file:
        expected = {
            datetime.strptime(row["timestamp"], "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC): int(
                row["followers"]
            )
            for row in csv.DictReader(file)
            if row["followers"]
        }
    account = world.account()
    done = bring_in(world, account, path)
    assert len(expected) > 100
    assert recorded(world, account) == expected
    assert done.added == len(expected)


@pytest.mark.parametrize(("handle", "column"), [("@Aberdeencc", None), ("@somebody", "Aberdeencc")])
def test_a_real_table_of_many_accounts_gives_each_its_own_column(
    sqlite_world: World, shared_data: Path, handle: str, column: str | None
) -> None:
    """By the account's handle, or by the name of the column."""
    path = shared_data / "social/follower_timeseries/watty62_followers.csv"
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["Aberdeencc"]]
    expected = {
        datetime.strptime(row["Date(YYYMMDD)"], "%Y%m%d").replace(tzinfo=UTC): int(
            row["Aberdeencc"]
        )
        for row in rows
    }
    account = sqlite_world.account(handle)
    bring_in(sqlite_world, account, path, column)
    assert len(expected) > 50
    assert recorded(sqlite_world, account) == expected


# Commands


def test_the_counts_commands(sqlite_world: World, tmp_path: Path) -> None:
    """Record, refuse, import and list, as the owner does it."""
    sqlite_world.account()
    env = {
        "LINKTRACK_DATA": str(sqlite_world.settings.data),
        "LINKTRACK_DATABASE": sqlite_world.settings.database,
    }
    path = tmp_path / "counts.csv"
    path.write_text("date,followers\n2020-05-01,10\n")

    def run(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["counts", *arguments], env=env)
        return result.exit_code, result.stdout, result.stderr

    assert run("record", "@jesseslinks", "23000", "--at", "2020-04-01")[0] == 0
    status, out, err = run("record", "@jesseslinks", "23001", "--at", "2020-04-01")
    assert (status, out) == (1, "")
    assert "--replace" in err
    assert err.count("\n") == 1
    assert run("import", "@jesseslinks", str(path), "--json") == (
        0,
        '{"added": 1, "unchanged": 0, "replaced": 0, "empty": 0, "others": 0}\n',
        "",
    )
    status, out, _ = run("list", "@jesseslinks", "--json")
    assert status == 0
    assert json.loads(out) == [
        {"counted_at": "2020-04-01T00:00:00Z", "count": 23000, "source": "entered"},
        {"counted_at": "2020-05-01T00:00:00Z", "count": 10, "source": "import"},
    ]
