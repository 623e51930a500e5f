"""The owner's pages, signing in, and what everybody may see."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint


def blueprints() -> "tuple[Blueprint, ...]":
    """Return all blueprints of the pages; imported here, so that importing one needs not all."""
    from linktrack.web import (
        accounts,
        audience,
        comparison,
        compose,
        links,
        navigation,
        overview,
        posts,
        public,
        sign_in,
        timing,
    )

    return (
        overview.blueprint,
        posts.blueprint,
        links.blueprint,
        accounts.blueprint,
        audience.blueprint,
        comparison.blueprint,
        timing.blueprint,
        compose.blueprint,
        navigation.blueprint,
        sign_in.blueprint,
        public.blueprint,
    )
