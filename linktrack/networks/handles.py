"""Which network a handle or a profile's address is of, by what it looks like. Pure."""

from linktrack.errors import Invalid
from linktrack.networks.registry import network_of, networks


def read_handle(written: str, network: str | None = None) -> tuple[str, str]:
    """Return the network and the handle of what somebody wrote: a handle or a profile's address.

    A named `network` is taken as it is; else the first network whose handles look like this, in the
    order of forms. A name with a space is nobody's handle on a network. Raises `Invalid`.
    """
    written = written.strip()
    for each in networks() if network is None else (network_of(network),):
        handle = each.handle_at(written) or each.handles.normalise(written)
        if each.handles.pattern.fullmatch(handle):
            return each.name, handle
    raise Invalid(f"{written[:60]!r} cannot be a handle: write it as @name.")
