"""The owner's pages, signing in, and what everybody may see."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint, Flask


def register_notices(app: "Flask") -> None:
    """Let every owner page say what waits for its owner."""
    from linktrack.web.needs import notices

    app.jinja_env.globals.update(notices=notices)


def blueprints() -> "tuple[Blueprint, ...]":
    """Return all blueprints of the pages; imported here, so that importing one needs not all."""
    from linktrack.web import (
        accounts,
        audit,
        compose,
        links,
        navigation,
        needs,
        overview,
        posts,
        probe,
        public,
        sign_in,
    )

    return (
        overview.blueprint,
        posts.blueprint,
        links.blueprint,
        accounts.blueprint,
        compose.blueprint,
        navigation.blueprint,
        needs.blueprint,
        audit.blueprint,
        sign_in.blueprint,
        probe.blueprint,
        public.blueprint,
    )
