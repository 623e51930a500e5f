"""Server settings: those that owners choose, in forms, and those of the environment to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Final
from zoneinfo import available_timezones

from flask import render_template, request

from linktrack.clicks.nodes.seen import Node
from linktrack.clicks.nodes.telling import remove_node as forget_node
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, LinktrackError, NotFound, Unavailable, Unconfirmed
from linktrack.links.own_addresses import former_addresses
from linktrack.mail import send
from linktrack.owners.stored_settings import (
    STORABLE,
    SettingLine,
    Source,
    change_settings,
    read_stored,
    setting_lines,
)
from linktrack.setting_texts import Setting
from linktrack.settings import MAIL_NAMES
from linktrack.upkeep.health.nodes import nodes_now
from linktrack.web.context import owner_blueprint
from linktrack.web.forms import MENDABLE, Sent, form
from linktrack.web.settings.mail_fields import server_address, server_fields
from linktrack.web.settings.server_groups import (
    CHOICES,
    GROUPS,
    HINTS,
    KINDS,
    SMTP_URL,
    Group,
    Kind,
)

blueprint = owner_blueprint("settings", __name__)


@dataclass(frozen=True, slots=True)
class Field:
    """A setting as a form shows it; `text` is what is typed or chosen in it."""

    name: str
    label: str
    hint: str
    kind: Kind
    text: str
    shown: str
    source: Source
    choices: Mapping[str, str]


AREAS: Final = (
    *("Africa", "America", "Antarctica", "Asia", "Atlantic"),
    *("Australia", "Europe", "Indian", "Pacific"),
)
"""Where the names of time zones begin that people choose; the others are aliases."""


@blueprint.get("/settings")
def show() -> str:
    """Show every setting, those that may be stored in forms."""
    return _page()


server_form = partial(
    form,
    blueprint,
    back_to="settings.show",
    again=lambda error, group="mail": _page(group, error),
    mends=(*MENDABLE, Unavailable),
)


@server_form("/settings/<group>", edits=lambda group: _edited(group))
def change(sent: Sent, group: str) -> str:
    """Store the settings of one group."""
    texts = {name: _sent_text(sent, name) for name in _group(group).names}
    environment = installation().environment
    changes = {n: text for n, text in texts.items() if n not in environment.in_environment}
    confirmed = sent.says_yes("confirmed")
    done = change_settings(sent.session, environment, changes, sent.now, confirmed=confirmed)
    return "Saved. Everything follows within seconds." if done else "Nothing was changed."


@server_form("/settings/mail/test")
def try_mail(_sent: Sent) -> str:
    """Send a mail that says that mail works."""
    server = installation().settings.mail
    if server is None:
        raise Invalid("Save a mail server first.")
    base_url = installation().settings.base_url
    send(server, "linktrack can send email", f"Email from {base_url} works.\n")
    return f"Sent a test to {', '.join(server.recipients)}."


@form(blueprint, "/settings/nodes/<node_id>/remove", back_to="settings.show")
def remove_node(sent: Sent, node_id: str) -> str:
    """Remove a node that is gone for good."""
    try:
        gone = forget_node(sent.session, installation().settings.journals, node_id, sent.now)
    except NotFound:
        return "That node was removed already."
    return f"The node {gone.name} is removed."


def _group(name: str) -> Group:
    if name not in GROUPS:
        raise NotFound("There are no such settings.")
    return GROUPS[name]


def _sent_text(sent: Sent, name: str) -> str:
    """Return the text of a setting from its fields; its default, chosen, is stored as nothing."""
    setting = STORABLE[name]
    if name == SMTP_URL:
        return server_address(sent)
    if KINDS.get(name) == "several":
        text = ", ".join(sent.all_of(name))
    else:
        text = sent.text(name, setting.label or name)
    return "" if _has_plain_default(setting) and text == setting.default else text


def _has_plain_default(setting: Setting) -> bool:
    """Whether the default is a value as it is typed, and no description."""
    return setting.unset is None and setting.name not in MAIL_NAMES


def _edited(group: str) -> dict[str, object]:
    stored = read_stored(installation().database.engine)
    return {STORABLE[name].label or name: stored.get(name, "") for name in _group(group).names}


def _field(line: SettingLine, stored: Mapping[str, str]) -> Field:
    setting = line.setting
    text = stored.get(setting.name, "")
    if not text and _has_plain_default(setting):
        text = setting.default
    return Field(
        name=setting.name,
        label=setting.label or setting.name,
        hint=HINTS.get(setting.name, ""),
        kind=KINDS.get(setting.name, "choice" if setting.name in CHOICES else "text"),
        text=text,
        shown=line.value or setting.default,
        source=line.source,
        choices=CHOICES.get(setting.name, {}),
    )


def _page(failed: str | None = None, error: LinktrackError | None = None) -> str:
    installation().keep_up()
    settings = installation().settings
    stored = read_stored(installation().database.engine)
    lines = {line.setting.name: line for line in setting_lines(settings, stored)}
    nodes = nodes_now(db_session(), settings.journals)
    return render_template(
        "settings/show.html",
        groups=[
            (name, group, [_field(lines[setting], stored) for setting in group.names])
            for name, group in GROUPS.items()
        ],
        fixed=[line for name, line in lines.items() if name not in STORABLE],
        server=server_fields(stored.get(SMTP_URL, "")),
        mail=settings.mail,
        zones=_zones(),
        nodes=nodes,
        removable=[node.id for node in nodes if _is_removable(node)],
        now=now(),
        former=former_addresses(db_session(), settings.base_url),
        failed=failed,
        error=None if error is None else error.sentence,
        unconfirmed=isinstance(error, Unconfirmed),
        typed=request.form if failed else {},
    )


def _is_removable(node: Node) -> bool:
    return not node.is_here and node.state(now()) != "running"


@cache
def _zones() -> list[str]:
    """Return the names of time zones that people choose among: by area and city."""
    names = (name for name in available_timezones() if name.partition("/")[0] in AREAS)
    return ["UTC", *sorted(names)]
