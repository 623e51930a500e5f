"""The organisation's provider on the page Profile: no longer signing in through it."""

from linktrack.owners.signing_in.provided import disconnect
from linktrack.web.forms import Sent
from linktrack.web.settings.profile import own_form, self_here


@own_form("/profile/provider/disconnect")
def disconnect_provider(sent: Sent) -> str:
    """Sign in through the provider no longer; other ways stay."""
    disconnect(sent.session, self_here(), sent.now)
    return "The provider signs you in no longer."
