"""The owner pages, sign-in, and the public pages."""

from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint, Flask


def register_notices(app: "Flask") -> None:
    """Give every owner page its notices and filters, and all pages the mark of simulated data."""
    from linktrack.web import simulated
    from linktrack.web.filters import chips
    from linktrack.web.forms import made_from
    from linktrack.web.overview.needs import address, not_rebuilt, notices

    chips.register(app)
    simulated.register(app)
    app.jinja_env.filters.update(address=address)
    app.jinja_env.globals.update(made_from=made_from, notices=notices, not_rebuilt=not_rebuilt)


def blueprints() -> "tuple[Blueprint, ...]":
    """Return the blueprints of all modules in this package, each once.

    They are imported in this call, so that importing one page doesn't import all of them.
    """
    from flask import Blueprint

    # A section that cannot be imported would be passed over: importing it again says why.
    everything = walk_packages(__path__, f"{__name__}.", onerror=import_module)
    names = sorted(each.name for each in everything)
    modules = [import_module(name) for name in names]
    found = (value for module in modules for value in vars(module).values())
    return tuple(dict.fromkeys(each for each in found if isinstance(each, Blueprint)))
