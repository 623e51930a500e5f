"""The demo accounts: created and removed by a button."""

from functools import partial

from linktrack.context import installation
from linktrack.errors import Conflict, NotFound
from linktrack.owners.audit import note
from linktrack.portability.demo.making import make_demo
from linktrack.portability.demo.removing import remove_demo
from linktrack.web.context import owner_blueprint
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("demo", __name__)


demo_form = partial(form, blueprint, back_to="overview.show")


@demo_form("/demo")
def make(sent: Sent) -> str:
    """Create the demo accounts; it takes some seconds."""
    try:
        make_demo(installation().database, installation().shortener, sent.now)
    except Conflict as error:
        return error.sentence
    note(sent.session, "Made the demonstration.", sent.now)
    return "The demonstration is ready: four simulated accounts over two years."


@demo_form("/demo/remove")
def remove(sent: Sent) -> str:
    """Remove the demo accounts and all their data."""
    try:
        remove_demo(installation().database)
    except NotFound as error:
        return error.sentence
    note(sent.session, "Removed the demonstration.", sent.now)
    return "The demonstration was removed."
