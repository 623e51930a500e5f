"""One-time codes: set up with an app, with recovery codes that are shown once; and turned off."""

from collections.abc import Sequence

from flask import redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from linktrack.context import client_network, db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid, LinktrackError
from linktrack.owners.passwords import begin_attempt, end_attempt
from linktrack.owners.signing_in.codes import (
    app_address,
    begin_codes,
    finish_codes,
    renew_recovery_codes,
    secret_to_set_up,
    takes_code,
    turn_off_codes,
)
from linktrack.web.context import signed_in
from linktrack.web.forms import Done, Sent, Shown, form
from linktrack.web.settings.profile import blueprint, own_form, require_present, self_here


@own_form("/profile/codes/begin")
def begin(sent: Sent) -> Done:
    """Make a secret for an app; the password is asked for, if there is one."""
    require_present(request.form.get("present", ""), sent.now)
    begin_codes(sent.session, self_here(), installation().keys.sealing(), sent.now)
    return Done("Scan the code with your app.", url_for("own.set_up_codes"))


@blueprint.get("/profile/codes")
def set_up_codes() -> Response | str:
    """Show the secret that is being set up, as a QR code and in letters."""
    return _set_up()


def _set_up(error: LinktrackError | None = None) -> Response | str:
    import segno

    opened, owner = installation(), self_here()
    secret = secret_to_set_up(db_session(), owner, opened.keys.sealing(), now())
    if secret is None:
        return redirect(url_for("own.show"), 303)
    made = segno.make_qr(app_address(secret, owner.name, opened.settings.base_host))
    drawn = made.svg_inline(scale=5, border=4, light="#fff", title="QR code for your app")
    return render_template(
        "own/codes.html",
        picture=Markup(drawn),  # noqa: S704 - drawn by segno: modules, and a title of ours
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        error=None if error is None else error.sentence,
    )


@form(blueprint, "/profile/codes", back_to="own.show", again=lambda error: _set_up(error))
def finish(sent: Sent) -> Shown:
    """Turn codes on with the app's first code, and show the recovery codes."""
    key, typed = installation().keys.sealing(), sent.text("code", "The code")
    return _shown_once(finish_codes(sent.session, self_here(), typed, key, sent.now))


@own_form("/profile/codes/recovery")
def renew(sent: Sent) -> Shown:
    """Make new recovery codes, which are shown once; a code is asked for."""
    _require_code(sent)
    return _shown_once(renew_recovery_codes(sent.session, self_here(), sent.now))


@own_form("/profile/codes/off")
def turn_off(sent: Sent) -> str:
    """Turn codes off; one is asked for, so that nobody at an open browser does it."""
    _require_code(sent)
    turn_off_codes(sent.session, self_here(), sent.now)
    return "One-time codes are off."


def _shown_once(codes: Sequence[str]) -> Shown:
    host = installation().settings.base_host
    return Shown(lambda: render_template("own/recovery.html", codes=codes, host=host))


def _require_code(sent: Sent) -> None:
    """Raise `Invalid` unless a right code was sent; guesses are counted as passwords are."""
    opened, me = installation(), signed_in()
    typed = request.form.get("code", "")
    with opened.database.session(writes=True) as session:
        attempt = begin_attempt(session, me.name, client_network(), sent.now)
        key = opened.keys.sealing()
        is_right = attempt.is_tried and takes_code(session, me, typed, key, sent.now)
        try:
            end_attempt(session, attempt, sent.now, is_right=is_right)
        except Forbidden as error:
            raise Invalid(
                "That code is wrong or was used already, or there were too many wrong attempts. "
                "Wait for your app's next code, or use a recovery code."
            ) from error
        finally:
            session.commit()
