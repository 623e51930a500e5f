"""Tables come from migrations, and migrations agree with the models."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from world import World

from linktrack.db import Base, alembic_config


def test_the_migrations_make_exactly_the_tables_of_the_models(world: World) -> None:
    """Comparing the migrated database with the models finds no difference."""
    import linktrack.audience.models
    import linktrack.clicks.models
    import linktrack.links.models
    import linktrack.owners.models
    import linktrack.publishing.models
    import linktrack.reports.models
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
