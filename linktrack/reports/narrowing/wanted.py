"""What a report is narrowed to: values of several facets, a source and a segment, all at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Segment
from linktrack.clicks.facet_models import devices
from linktrack.clicks.keeping.which import Numbers, Which
from linktrack.clicks.models import sources
from linktrack.clicks.vocabulary import UNATTRIBUTED, pack_country, pack_language
from linktrack.reports.parts import UNKNOWN, WHOLE, Part
from linktrack.reports.sources.facet_days import FACET_NAMES, Facet, FacetName, facet_of

UNWRITTEN: Final = "-"
"""As doors write it: it isn't known, or wasn't sent."""

FILTERS: Final = ("source", "segment", *FACET_NAMES)

_OF_DEVICES: Final = {
    "device": devices.c.device,
    "browser": devices.c.browser,
    "system": devices.c.os,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The clicks that have all of these facets, and come from a part."""

    facets: tuple[Facet, ...] = ()
    part: Part = WHOLE

    @property
    def is_whole(self) -> bool:
        """Whether it is all clicks."""
        return not self.facets and self.part.is_whole

    @property
    def is_counted(self) -> bool:
        """Whether clicks by day are counted for it: by one facet, or by source and segment."""
        return not self.facets or self.is_one_facet

    @property
    def is_one_facet(self) -> bool:
        """Whether it is one facet alone."""
        return self.part.is_whole and len(self.facets) == 1

    @property
    def written(self) -> dict[str, str]:
        """Each filter by its name, as doors write it."""
        given = {"source": self.part.source, "segment": self.part.segment}
        named = {name: value or UNWRITTEN for name, value in given.items() if value is not None}
        return named | {facet.name: facet.key or UNWRITTEN for facet in self.facets}

    def which(self, session: Session) -> Which:
        """Return which clicks these are."""
        keys = {facet.name: facet.key for facet in self.facets}
        of_devices = {name: keys[name] for name in _OF_DEVICES if name in keys}
        country = pack_country(keys.get("country"))
        return Which(
            countries=[0 if country is None else country + 1] if "country" in keys else None,
            languages=[pack_language(keys["language"])] if "language" in keys else None,
            devices=_devices(session, of_devices) if of_devices else None,
            sources=_sources(session, self.part.source),
            segments=_segments(session, self.part.segment),
        )


EVERY: Final = Wanted()


def wanted_of(written: Mapping[str, str | None]) -> Wanted:
    """Return what is written here by the names of filters; "-" is where it isn't known.

    Raises `Invalid` for a value that none can have.
    """
    facets = (facet_of({name: written.get(name)}) for name in FACET_NAMES)
    source, segment = (
        UNKNOWN if value == UNWRITTEN else value or None
        for value in (written.get("source"), written.get("segment"))
    )
    return Wanted(tuple(facet for facet in facets if facet is not None), Part(source, segment))


def _devices(session: Session, keys: Mapping[FacetName, str | None]) -> Numbers:
    fits = and_(*(_OF_DEVICES[name] == (key or "") for name, key in keys.items()))
    found = list(session.scalars(select(devices.c.id).where(fits)))
    # Agents that tell nothing at all have no row of their own.
    return [0, *found] if all(key is None for key in keys.values()) else found


def _sources(session: Session, source: str | None) -> Numbers | None:
    if source is None:
        return None
    return list(session.scalars(select(sources.c.id).where(sources.c.name == source)))


def _segments(session: Session, segment: str | None) -> Numbers | None:
    if segment is None:
        return None
    if segment == UNKNOWN:
        return [UNATTRIBUTED]
    return list(session.scalars(select(Segment.id).where(Segment.name == segment)))
