"""Every table, once: migrations, the installation and tests import them from here."""

import linktrack.audience.identity.models
import linktrack.audience.models
import linktrack.change_numbers
import linktrack.clicks.conversions.models
import linktrack.clicks.facet_models
import linktrack.clicks.keeping.clickhouse.models
import linktrack.clicks.keeping.sql.models
import linktrack.clicks.models
import linktrack.clicks.nodes.models
import linktrack.clicks.unknown.models
import linktrack.community.models
import linktrack.community.suggestions.models
import linktrack.engagement.models
import linktrack.engagement.tally_models
import linktrack.links.cards.models
import linktrack.links.hosts.models
import linktrack.links.looks.models
import linktrack.links.many.models
import linktrack.links.models
import linktrack.links.redirects.models
import linktrack.links.redirects.rules.models
import linktrack.owners.models
import linktrack.owners.signing_in.models
import linktrack.owners.stored_settings
import linktrack.publishing.models
import linktrack.reports.alerts.models
import linktrack.reports.diary.models
import linktrack.webhooks.models  # noqa: F401 - importing registers the tables
from linktrack.db import Base

METADATA = Base.metadata
"""The tables as SQLAlchemy and Alembic know them."""
