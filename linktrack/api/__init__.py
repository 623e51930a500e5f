"""JSON for other programs, version 1."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint


def blueprint() -> "Blueprint":
    """Return the API with all its routes; imported here, so that importing one needs not all."""
    from linktrack.api import audience_reports, reports, v1

    assert audience_reports.blueprint is reports.blueprint is v1.blueprint
    return v1.blueprint
