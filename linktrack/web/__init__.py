"""The owner's pages, signing in, and what everybody may see."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint, Flask


def register_notices(app: "Flask") -> None:
    """Let every owner page say what waits for its owner, and what narrows it."""
    from linktrack.web import filters
    from linktrack.web.overview.needs import notices

    filters.register(app)
    app.jinja_env.globals.update(notices=notices)


def blueprints() -> "tuple[Blueprint, ...]":
    """Return all blueprints of the pages; imported here, so that importing one needs not all."""
    from linktrack.web import live, navigation
    from linktrack.web.audience import follow_back, followers, segments, who_clicks
    from linktrack.web.insights import (
        comparison,
        experiments,
        notes,
        own_links,
        people,
        referrers,
        timing,
    )
    from linktrack.web.links import links, qr
    from linktrack.web.overview import digest, needs, overview
    from linktrack.web.posts import compose, not_wrapped, posts, queue
    from linktrack.web.public import face, health, hello, privacy, probe, sign_in
    from linktrack.web.settings import (
        accounts,
        audit,
        connections,
        demo,
        left_out,
        own_clicks,
        owners,
        profile,
        server,
        sharing,
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
        who_clicks.blueprint,
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
        profile.blueprint,
        owners.blueprint,
        qr.blueprint,
        queue.blueprint,
        server.blueprint,
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
        face.blueprint,
    )
