"""Asking to join: a form, a proof of who it is, and no more is found out without the proof."""

from collections.abc import Mapping
from threading import BoundedSemaphore
from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import find_account, get_account
from linktrack.audience.models import Account
from linktrack.community.asking.codes import code_of, found_by_code
from linktrack.community.asking.mails import find_mail, queue_mail
from linktrack.community.asking.requests import (
    LONGEST,
    Wish,
    ask_to_join,
    confirm,
    confirm_address,
    find_unconfirmed,
)
from linktrack.community.asking.ways import proofs
from linktrack.community.communities import find_community, is_open, name_of
from linktrack.community.contacts import read_mail
from linktrack.community.models import JoinRequest
from linktrack.context import close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, LinktrackError, NotFound, TooMany, Unavailable
from linktrack.mail import LONGEST_ADDRESS
from linktrack.networks.errors import Pause
from linktrack.networks.identity import Identity
from linktrack.networks.records import PublicTexts
from linktrack.networks.registry import network_of
from linktrack.web.fields import text
from linktrack.web.public import identity
from linktrack.web.public.strangers import (
    TRAP,
    asks_not_to_be_tracked,
    count_stranger,
    is_trapped,
    refuse_other_sites,
)

blueprint = Blueprint("join", __name__, url_prefix="/join")

PURPOSE: Final = "join"
ENDS: Final = ("waiting", "member", "declined", "mail", "address", "deleted")

_READING: Final = BoundedSemaphore(2)
"""How many of a worker's threads may wait for networks at once: pages need some, too."""


@blueprint.get("/<account>")
def show(account: str) -> Response:
    """Show the form, or that nobody can ask now."""
    return _page(find_account(db_session(), account))


@blueprint.post("/<account>")
def ask(account: str) -> Response:
    """Store what was sent, and lead to the proof."""
    refuse_other_sites()
    if is_trapped():
        return _ended(account, "mail")
    try:
        count_stranger("join")
        return _asked(account)
    except LinktrackError as error:
        if isinstance(error, NotFound):
            raise
        close_db_session()
        return _page(find_account(db_session(writes=False), account), error)


@blueprint.get("/<account>/code/<secret>")
def show_code(account: str, secret: str) -> Response:
    """Show the code of a request, and where to put it."""
    found = find_account(db_session(), account)
    return _code_page(found, find_unconfirmed(db_session(), found, secret, now()), secret)


@blueprint.post("/<account>/code/<secret>")
def check_code(account: str, secret: str) -> Response:
    """Read what everybody can read of them; if the code is there, it is them."""
    refuse_other_sites()
    session = db_session(writes=False)
    found = find_account(session, account)
    asking = find_unconfirmed(session, found, secret, now())
    count_stranger("join")
    try:
        said = _public_texts(found, asking.handle or "")
        proved = found_by_code(found.network, secret, said)
    except LinktrackError as error:
        close_db_session()
        session = db_session(writes=False)
        found = find_account(session, account)
        asking = find_unconfirmed(session, found, secret, now())
        return _code_page(found, asking, secret, error)
    return _proved(account, secret, proved)


@blueprint.get("/<account>/mail/<token>")
def show_mail(account: str, token: str) -> Response:
    """Show what a mail's link confirms: programs open links in mails, and nothing comes of it."""
    session = db_session()
    found = find_account(session, account)
    _, asking = find_mail(session, installation().keys.markers(), found, token, now())
    return make_response(
        render_template(
            "join/mail.html",
            account=found,
            asking=asking,
            address=url_for("join.take_mail", account=account, token=token),
            forget=url_for("join.refuse_mail", account=account, token=token),
            asks_not_to_be_tracked=asks_not_to_be_tracked(),
        )
    )


@blueprint.post("/<account>/mail/<token>")
def take_mail(account: str, token: str) -> Response:
    """Confirm the address."""
    refuse_other_sites()
    session = db_session()
    found = find_account(session, account)
    mail, asking = find_mail(session, installation().keys.markers(), found, token, now())
    outcome = "address"
    if asking.state == "unconfirmed" and asking.proof == "mail":
        session.delete(mail)
        outcome = confirm(session, asking, None, now(), agrees_links=not asks_not_to_be_tracked())
    elif asking.state == "unconfirmed":
        raise NotFound("Prove who you are first: go back to the page where you asked.")
    else:
        confirm_address(session, mail)
    session.commit()
    return _ended(account, outcome)


@blueprint.post("/<account>/mail/<token>/not-me")
def refuse_mail(account: str, token: str) -> Response:
    """Delete an address that somebody else has given, and what they asked with it."""
    refuse_other_sites()
    session = db_session()
    found = find_account(session, account)
    mail, asking = find_mail(session, installation().keys.markers(), found, token, now())
    session.delete(mail)
    session.flush()
    if asking.state == "unconfirmed":
        session.delete(asking)
    session.commit()
    return _ended(account, "deleted")


@blueprint.get("/<account>/done/<end>")
def done(account: str, end: str) -> str:
    """Say what comes next; the page is the same for everybody, and knows nobody."""
    if end not in ENDS:
        raise NotFound("There is no such page.")
    found = find_account(db_session(), account)
    return render_template(
        "join/done.html", account=found, end=end, again=url_for("join.show", account=account)
    )


def _asked(account: str) -> Response:
    session = db_session()
    found = find_account(session, account)
    form = request.form
    possible = proofs(found.network, installation().settings)
    proof = next((way for way in possible if way == form.get("way", possible[0])), None)
    if proof is None:
        raise Invalid("Choose how you prove who you are.")
    wish = Wish(
        proof=proof,
        introduction=text(form, "introduction", "Your introduction"),
        handle=text(form, "handle", "Your handle"),
        mail=text(form, "mail", "Your email address"),
        agrees_links=form.get("links") == "yes" and not asks_not_to_be_tracked(),
        agrees_mail=form.get("mails") == "yes" and "mail" in possible,
    )
    if len(wish.mail) > LONGEST_ADDRESS:
        raise Invalid("That is too long to be an email address.")
    if proof == "network" and not wish.handle:
        raise Invalid("Enter your handle.")
    begun = ask_to_join(session, found, wish, installation().keys.sealing(), now())
    if proof == "mail":
        queue_mail(session, begun.request, now())
    session.commit()
    if proof == "network":
        return _leave_for(found, wish.handle, begun.secret)
    if proof == "code":
        return redirect(url_for("join.show_code", account=account, secret=begun.secret), 303)
    return _ended(account, "mail")


def _leave_for(account: Account, typed: str, secret: str) -> Response:
    """Lead to where they sign in; where that isn't possible, nothing of the request stays."""
    try:
        return identity.start_sign_in(PURPOSE, account, typed, note=f"{secret} {typed}")
    except LinktrackError:
        close_db_session()
        session = db_session(writes=True)
        session.delete(find_unconfirmed(session, account, secret, now()))
        session.commit()
        raise


def _signed_in(account: Account, who: Identity, note: str) -> Response:
    return _proved(name_of(db_session(), account), note.partition(" ")[0], who)


def _refused(account: Account, sentence: str, note: str) -> Response:
    """Show the form again, with what they typed; what they agree to, they say anew."""
    session = db_session()
    found = get_account(session, account.id)
    secret, _, handle = note.partition(" ")
    asking = find_unconfirmed(session, found, secret, now())
    typed = {"introduction": asking.introduction, "handle": handle}
    if asking.sealed_mail is not None:
        typed["mail"] = read_mail(installation().keys.sealing(), asking.sealed_mail)
    ways = proofs(found.network, installation().settings)
    other = " or choose another way" if len(ways) > 1 else ""
    todo = f"To ask to join, press “Ask to join” again{other}."
    return _page(found, Invalid(f"{sentence} {todo}"), typed)


identity.ends(PURPOSE, _signed_in, _refused)


def _proved(account: str, secret: str, who: Identity) -> Response:
    close_db_session()
    session, at = db_session(writes=True), now()
    found = find_account(session, account)
    asking = find_unconfirmed(session, found, secret, at)
    if asking.agrees_mail:
        queue_mail(session, asking, at)
    outcome = confirm(session, asking, who, at, agrees_links=not asks_not_to_be_tracked())
    session.commit()
    return _ended(account, outcome)


def _ended(account: str, end: str) -> Response:
    return redirect(url_for("join.done", account=account, end=end), 303)


def _page(
    account: Account,
    error: LinktrackError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    session = db_session()
    community = find_community(session, account)
    possible = proofs(account.network, installation().settings)
    page = render_template(
        "join/show.html",
        account=account,
        community=community,
        is_open=is_open(session, account),
        ways=possible,
        hint=identity.sign_in_hint(account.network),
        why_not=identity.why_not(account.network),
        typed=request.form if typed is None else typed,
        longest=LONGEST,
        longest_address=LONGEST_ADDRESS,
        trap=TRAP,
        asks_not_to_be_tracked=asks_not_to_be_tracked(),
        address=url_for("join.ask", account=name_of(db_session(), account)),
        error=None if error is None else error.sentence,
    )
    answer = make_response(page)
    if error is not None:
        answer.status_code = 429 if isinstance(error, TooMany) else 422
    answer.headers["Vary"] = "Sec-GPC, DNT"
    return answer


def _code_page(
    account: Account, asking: JoinRequest, secret: str, error: LinktrackError | None = None
) -> Response:
    page = render_template(
        "join/code.html",
        account=account,
        asking=asking,
        code=code_of(secret),
        address=url_for("join.check_code", account=name_of(db_session(), account), secret=secret),
        error=None if error is None else error.sentence,
    )
    answer = make_response(page)
    if error is not None:
        answer.status_code = 422
    return answer


def _public_texts(account: Account, handle: str) -> PublicTexts:
    """Read what everybody may read of somebody, while no database waits for it."""
    read, settings = network_of(account.network).public_texts, installation().settings
    if read is None:
        raise Invalid(f"On {network_of(account.network).label} nothing can be read publicly.")
    close_db_session()
    if not _READING.acquire(blocking=False):
        raise TooMany("Several people are asking right now: try again in a few seconds.")
    try:
        return read(handle, settings)
    except Pause as pause:
        raise Unavailable(f"The network {pause}.") from pause
    finally:
        _READING.release()
