"""Tables come from migrations, and migrations agree with the models."""

from zoneinfo import ZoneInfo

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from clicking import FIREFOX, TABLES, counts, records_of, some_clicks
from sqlalchemy import text
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.clicks.facet_models import (
    account_agent_months,
    account_facet_days,
    account_facet_months,
    link_facets,
)
from linktrack.clicks.loading.backfill import count_added
from linktrack.clicks.models import account_hours, account_ways, first_clicks
from linktrack.clicks.records import ClickRecord
from linktrack.db import Base, alembic_config, to_ms


def test_the_migrations_make_exactly_the_tables_of_the_models(world: World) -> None:
    """Comparing the migrated database with the models finds no difference."""
    import linktrack.audience.models
    import linktrack.clicks.models
    import linktrack.engagement.models
    import linktrack.links.models
    import linktrack.owners.models
    import linktrack.publishing.models
    import linktrack.reports.diary.models
    import linktrack.webhooks.models  # noqa: F401

    with world.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_down_and_up_again_leads_back(world: World) -> None:
    """Upgrade → downgrade → upgrade works, and the tables are the models' again."""
    with world.database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    with world.database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
    with world.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_newest_revision_is_known_by_its_name(world: World) -> None:
    """What is read from file names, without Alembic, is what Alembic says."""
    from alembic.script import ScriptDirectory

    from linktrack.db import newest_revision

    with world.database.engine.connect() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
        assert newest_revision() == scripts.get_current_head()
        assert all(
            script.module.__name__.startswith(f"{script.revision}_")
            for script in scripts.walk_revisions()
        )


def test_migrating_twice_changes_nothing(world: World) -> None:
    """Every start of the service migrates; on a current database that does nothing."""
    world.database.migrate()
    world.database.migrate()


def test_a_posts_clicks_by_segment_come_together_in_one_row(world: World) -> None:
    """As they were counted; and on the way back each window has its row again."""
    links, _ = some_clicks(world)
    drawn = [
        (hours, n % 4, n % 3, None if n % 7 == 0 else n, FIREFOX, "", 0)
        for n, hours in enumerate((-3, 1, 2, 30, 40, 90, 200, 700, 900, 2_500, 3_000) * 12)
    ]
    world.click(records_of(drawn, links))
    right = counts(world)
    with world.database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0072")
        totals = connection.execute(
            text(
                'SELECT "window", sum(clicks), sum(unique_clicks), sum(without_visitor), count(*)'
                ' FROM post_windows GROUP BY "window" ORDER BY "window"'
            )
        ).all()
    with world.database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0073")
    assert counts(world) == right
    assert [tuple(row[:4]) for row in totals] == [
        (
            number,
            *(
                sum(row[1 + 4 * number + place] for row in right["post_totals"])
                for place in range(3)
            ),
        )
        for number in range(5)
    ]
    assert all(row[4] == 6 for row in totals), "two posts, three segments"


def test_counts_by_a_code_of_x_come_together_under_its_host(world: World) -> None:
    """In days, months, years and marks, as if they had been counted so all along."""
    link = world.post(world.account(), "https://example.org/").links[0].id
    referrers = ["//t.co/a", "//t.co/b", None, "//t.co/a", "//example.com", "//t.co/c"]
    world.click(
        [
            ClickRecord(to_ms(NOON) + n * 40_000_000, link, FIREFOX, referrer, n)
            for n, referrer in enumerate(referrers * 20)
        ]
    )
    right = counts(world)
    with world.database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0019")
        # As they were then; here every visitor has clicked once.
        for table, period in (("days", "day"), ("months", "month")):
            connection.execute(text(f"DELETE FROM account_referrer_{table}"))
            value = {
                "day": "719163 + CAST(FLOOR(clicked_at / 86400000) AS INTEGER)",
                "month": "12 * 2026 + 4 + CAST(clicked_at >= 1780272000000 AS INTEGER)"
                " + CAST(clicked_at >= 1782864000000 AS INTEGER)",
            }[period]
            connection.execute(
                text(
                    f"INSERT INTO account_referrer_{table} SELECT account_id, {value}, 0,"
                    " referrer_id, COUNT(*), COUNT(*) FROM clicks"
                    f" JOIN links ON links.id = link_id GROUP BY account_id, {value}, referrer_id"
                )
            )
        for table in ("visitor_posts", "visitor_links"):
            connection.execute(
                text(
                    f"UPDATE {table} SET referrer_id = (SELECT referrer_id FROM clicks"
                    f" WHERE clicks.visitor = {table}.visitor)"
                )
            )
    with world.database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
    found = counts(world)
    # What came later is counted when the service starts next, in the owner's zone.
    facets = {account_facet_days, account_facet_months, link_facets}
    later = {account_agent_months, account_hours, account_ways, first_clicks, *facets}
    names = [table.name for table in TABLES if table not in later]
    assert {name: found[name] for name in names} == {name: right[name] for name in names}
    assert [row[:7] for row in found["first_clicks"]] == [row[:7] for row in right["first_clicks"]]
    assert count_added(world.database.engine, Days(ZoneInfo("UTC"), "month"))
    assert counts(world) == right
    assert len(right["account_referrer_years"]) == 3
