"""The owner's pages, signing in, and what everybody may see."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint


def blueprints() -> "tuple[Blueprint, ...]":
    """Return all blueprints of the pages; imported here, so that importing one needs not all."""
    from linktrack.web import (
        accounts,
        compose,
        followers,
        hello,
        links,
        navigation,
        overview,
        posts,
        public,
        segments,
        sign_in,
    )

    return (
        overview.blueprint,
        posts.blueprint,
        links.blueprint,
        accounts.blueprint,
        segments.blueprint,
        followers.blueprint,
        compose.blueprint,
        navigation.blueprint,
        sign_in.blueprint,
        hello.blueprint,
        public.blueprint,
    )
