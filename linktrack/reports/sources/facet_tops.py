"""Where and on what links were clicked most, in a few lines for a page about something else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from linktrack.reports.sources.facet_names import country_named, device_named
from linktrack.reports.sources.facet_queries import COUNTRY, DEVICE, told_by
from linktrack.reports.sources.facets import Asked, FacetLine, counts_of, lines_of

MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Tops:
    """The first countries and kinds of devices by clicks; all clicks."""

    clicks: int
    countries: Sequence[FacetLine]
    devices: Sequence[FacetLine]


def facet_tops(session: Session, asked: Asked) -> Tops:
    """Return where and on what most clicks were made, most first."""
    countries = counts_of(session, asked, COUNTRY)
    told = told_by(session, counts_of(session, asked, DEVICE))
    return Tops(
        sum(counts.clicks for counts in countries.values()),
        lines_of((country_named(value), counts) for value, counts in countries.items())[:MOST],
        lines_of((device_named(of.device), counts) for of, counts in told)[:MOST],
    )
