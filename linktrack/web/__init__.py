"""The owner's pages, signing in, and what everybody may see."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint


def blueprints() -> "tuple[Blueprint, ...]":
    """Return all blueprints of the pages; imported here, so that importing one needs not all."""
    from linktrack.web import (
        accounts,
        compose,
        digest,
        experiments,
        links,
        navigation,
        overview,
        own_links,
        people,
        posts,
        public,
        referrers,
        sign_in,
    )

    return (
        overview.blueprint,
        posts.blueprint,
        links.blueprint,
        accounts.blueprint,
        referrers.blueprint,
        experiments.blueprint,
        people.blueprint,
        digest.blueprint,
        own_links.blueprint,
        compose.blueprint,
        navigation.blueprint,
        sign_in.blueprint,
        public.blueprint,
    )
