"""An account's settings, in groups: the account itself, follower counts, links, segments."""

from functools import partial
from hashlib import sha256
from typing import Final

from flask import Response, render_template, request, url_for

from linktrack.audience.accounts import (
    ROLES,
    bring_back,
    get_account,
    remove_account,
    rename_account,
    set_account_role,
)
from linktrack.audience.cards import OURS, set_card
from linktrack.audience.counts import is_stale, list_counts, record_count
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment, list_segments
from linktrack.audience.utm import NAMES as UTM_NAMES
from linktrack.audience.utm import Utm, set_utm_values, utm_values
from linktrack.audience.utm_fields import Facts
from linktrack.charts.qr import TYPES, Drawing, qr_code
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Conflict, Invalid
from linktrack.links.destinations import with_parameters
from linktrack.links.domains.domains import get_domain, set_domain_of
from linktrack.links.domains.faces import set_on_front_page
from linktrack.links.hosts.finding import domain_of_account, further_domains
from linktrack.links.looks.qr_looks import look_of, set_look
from linktrack.networks.registry import network_of
from linktrack.web.context import require_writer, today
from linktrack.web.forms import Sent, form
from linktrack.web.settings.accounts import ACCOUNT, ROLE_WORDS, SOURCE, blueprint

MOST_COUNTS: Final = 200
EXAMPLE: Final = "https://example.com/article"
GROUPS: Final = {
    "account": "Account",
    "followers": "Follower counts",
    "links": "Links",
    "segments": "Segments",
}
GROUP_OF: Final = {
    "accounts.count": "followers",
    "accounts.utm": "links",
    "accounts.card": "links",
    "accounts.look": "links",
    "accounts.choose_domain": "links",
    "accounts.segment": "segments",
}
"""The group that a form is in, where it is not that of the account itself."""


@blueprint.get(f"{ACCOUNT}/settings", defaults={"group": "account"})
@blueprint.get(f"{ACCOUNT}/settings/<any(followers,links,segments):group>")
def edit(account_id: int, group: str) -> str:
    """Show one group of an account's settings."""
    return _page(get_account(db_session(), account_id), group)


def _back(account_id: int) -> str:
    """Return the address of the group that the form at hand is in."""
    group = GROUP_OF.get(request.endpoint or "", "account")
    return url_for("accounts.edit", account_id=account_id, group=group)


def _again(error: Exception, account_id: int) -> str:
    group = GROUP_OF.get(request.endpoint or "", "account")
    return _page(get_account(db_session(), account_id), group, str(error))


account_form = partial(form, blueprint, back_to=_back, again=_again)


@account_form(
    f"{ACCOUNT}/handle",
    edits=lambda account_id: {"Handle": get_account(db_session(), account_id).handle},
)
def rename(sent: Sent, account_id: int) -> str:
    """Rename an account."""
    account = get_account(sent.session, account_id)
    rename_account(sent.session, account, sent.text("handle", "The handle"), sent.now)
    return f"The account is now called {account.handle}."


@account_form(
    f"{ACCOUNT}/role",
    edits=lambda account_id: {"Role": get_account(db_session(), account_id).role},
)
def change_role(sent: Sent, account_id: int) -> str:
    """Set what an account is for."""
    account = get_account(sent.session, account_id)
    role = sent.text("role", "The role") or None
    set_account_role(sent.session, account, role, sent.now)
    return f"{account.handle} now has {f'the role {role}' if role else 'no role'}."


@blueprint.get(f"{ACCOUNT}/remove")
def confirm_removal(account_id: int) -> str:
    """Explain what removing an account means, and ask for confirmation."""
    require_writer()
    account = get_account(db_session(), account_id)
    return render_template("accounts/remove.html", account=account)


@account_form(f"{ACCOUNT}/remove")
def remove(sent: Sent, account_id: int) -> str:
    """Remove an account from lists and reports."""
    account = get_account(sent.session, account_id)
    remove_account(sent.session, account, sent.now)
    return f"{account.handle} is removed. Its links keep working, and you can restore it later."


@account_form(f"{ACCOUNT}/restore")
def restore(sent: Sent, account_id: int) -> str:
    """Restore a removed account."""
    account = get_account(sent.session, account_id)
    bring_back(sent.session, account, sent.now)
    return f"{account.handle} is restored, with its posts, links and counts."


@account_form(f"{ACCOUNT}/counts")
def count(sent: Sent, account_id: int) -> str:
    """Record how many followers an account had, now or at the given time."""
    account = get_account(sent.session, account_id)
    followers = sent.whole("count", "The number of followers")
    if followers is None:
        raise Invalid("Enter how many followers there are.")
    at = sent.moment("counted_at", "The date") or sent.now
    replace = sent.says_yes("replace")
    try:
        record_count(sent.session, account, followers, at, SOURCE, replace=replace, now=sent.now)
    except Conflict as error:
        raise Conflict(
            "There is another count for that time: tick “Replace” to overwrite it."
        ) from error
    return f"{followers:,} followers recorded."


@account_form(f"{ACCOUNT}/segments")
def segment(sent: Sent, account_id: int) -> str:
    """Add a segment after the others."""
    account = get_account(sent.session, account_id)
    size = sent.whole("size", "The number of people")
    added = add_segment(sent.session, account, sent.text("name", "The name"), size, sent.now)
    return f"Segment {added.name} added."


def _utm(account_id: int) -> dict[str, object]:
    values = utm_values(db_session(), account_id)
    return {name: values.get(name) for name in UTM_NAMES}


@account_form(f"{ACCOUNT}/utm", edits=_utm)
def utm(sent: Sent, account_id: int) -> str:
    """Set the UTM values that wrapping adds to an account's links."""
    account = get_account(sent.session, account_id)
    set_utm_values(sent.session, account, {name: sent.text(name, name) for name in UTM_NAMES})
    return "New links get these values."


@account_form(
    f"{ACCOUNT}/card",
    edits=lambda account_id: {"Card": get_account(db_session(), account_id).card},
)
def card(sent: Sent, account_id: int) -> str:
    """Set whose preview card an account's links have."""
    account = get_account(sent.session, account_id)
    set_card(sent.session, account, sent.text("card", "The card"), sent.now)
    if account.card == OURS:
        return "From now on, link previews are linktrack's: every tap is counted."
    return "From now on, link previews are the page's own."


def _look(account_id: int) -> dict[str, object]:
    look = look_of(db_session(), account_id)
    logo = "" if look.logo is None else sha256(look.logo).hexdigest()[:16]
    return {"Colour": look.colour, "Background": look.background, "Logo": logo}


@account_form(f"{ACCOUNT}/look", edits=_look)
def look(sent: Sent, account_id: int) -> str:
    """Choose how the QR codes of an account's links look."""
    account = get_account(sent.session, account_id)
    set_look(
        sent.session,
        account,
        sent.now,
        colour=sent.text("colour", "The colour"),
        background=sent.text("background", "The background"),
        logo=b"" if sent.has("without") else sent.file("logo") or None,
    )
    return "QR codes of this account's links look like this from now on."


@blueprint.get(f"{ACCOUNT}/qr.svg")
def example_qr(account_id: int) -> Response:
    """Show how QR codes of an account's links look, by one that leads to the front page."""
    get_account(db_session(), account_id)
    look = look_of(db_session(), account_id)
    made = qr_code(
        installation().settings.base_url, "svg", Drawing(look.colour, look.background, look.logo)
    )
    return Response(made, mimetype=TYPES["svg"])


def _domain(account_id: int) -> dict[str, object]:
    account = get_account(db_session(), account_id)
    domain = domain_of_account(db_session(), account.id)
    return {"Domain": domain.id if domain else 0, "Front page": account.on_front_page}


@account_form(f"{ACCOUNT}/domain", edits=_domain)
def choose_domain(sent: Sent, account_id: int) -> str:
    """Set the domain of an account's new links, and whether its front page names it."""
    account = get_account(sent.session, account_id)
    number = sent.whole("domain", "The domain")
    domain = get_domain(sent.session, number, sent.now) if number else None
    set_domain_of(sent.session, account, domain, sent.now)
    set_on_front_page(sent.session, account, sent.says_yes("on_front_page"), sent.now)
    return "Saved. Links that were made before stay where they are."


def _page(account: Account, group: str, error: str | None = None) -> str:
    session = db_session()
    counts = list_counts(session, account.id)[::-1]
    utm = utm_values(session, account.id)
    sample = Facts(account.handle, account.network, today(), "a tag", "aB3dE")
    added = Utm(account.handle, account.network, utm).filled(
        day=sample.day, tag=sample.tag, slug=sample.slug
    )
    return render_template(
        "accounts/settings.html",
        account=account,
        group=group,
        groups=GROUPS,
        counts=counts[:MOST_COUNTS],
        older=max(0, len(counts) - MOST_COUNTS),
        stale=bool(counts) and is_stale(counts[0].counted_at, now()),
        segments=list_segments(session, account),
        domains=further_domains(session),
        domain=domain_of_account(session, account.id),
        can_connect=network_of(account.network).connecting is not None,
        utm_names=UTM_NAMES,
        utm=utm,
        utm_fields=sample.values(),
        utm_example=with_parameters(EXAMPLE, added),
        example=EXAMPLE,
        look=look_of(session, account.id),
        roles={role: ROLE_WORDS[role] for role in ROLES},
        error=error,
        at=request.endpoint,
        typed=request.form,
    )
