"""The owner's pages, signing in, and what everybody may see."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint, Flask


def register_notices(app: "Flask") -> None:
    """Let every owner page say what waits for its owner, and what narrows it."""
    from linktrack.web import filters
    from linktrack.web.needs import notices

    filters.register(app)
    app.jinja_env.globals.update(notices=notices)


def blueprints() -> "tuple[Blueprint, ...]":
    """Return all blueprints of the pages; imported here, so that importing one needs not all."""
    from linktrack.web import (
        accounts,
        audience,
        audit,
        comparison,
        compose,
        connections,
        demo,
        digest,
        experiments,
        follow_back,
        followers,
        health,
        hello,
        left_out,
        links,
        live,
        navigation,
        needs,
        not_wrapped,
        notes,
        overview,
        own,
        own_clicks,
        own_links,
        owners,
        people,
        posts,
        privacy,
        probe,
        public,
        qr,
        queue,
        referrers,
        segments,
        settings,
        sharing,
        sign_in,
        timing,
        tokens,
        webhooks,
    )

    return (
        overview.blueprint,
        posts.blueprint,
        not_wrapped.blueprint,
        links.blueprint,
        accounts.blueprint,
        connections.blueprint,
        segments.blueprint,
        followers.blueprint,
        follow_back.blueprint,
        audience.blueprint,
        comparison.blueprint,
        timing.blueprint,
        referrers.blueprint,
        experiments.blueprint,
        notes.blueprint,
        people.blueprint,
        digest.blueprint,
        own_links.blueprint,
        compose.blueprint,
        demo.blueprint,
        live.blueprint,
        own.blueprint,
        owners.blueprint,
        qr.blueprint,
        queue.blueprint,
        settings.blueprint,
        sharing.blueprint,
        sharing.public,
        navigation.blueprint,
        tokens.blueprint,
        webhooks.blueprint,
        needs.blueprint,
        audit.blueprint,
        left_out.blueprint,
        own_clicks.blueprint,
        own_clicks.device,
        privacy.blueprint,
        sign_in.blueprint,
        health.blueprint,
        hello.blueprint,
        probe.blueprint,
        public.blueprint,
    )
