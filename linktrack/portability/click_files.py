"""The old click logs that can be imported, by name."""

from collections.abc import Callable, Mapping
from datetime import datetime

from linktrack.portability.bitly_feed import BITLY_FEED
from linktrack.portability.click_import import ClickFormat
from linktrack.portability.goatcounter import GOATCOUNTER
from linktrack.portability.own_clicks import OWN_CLICKS
from linktrack.portability.shlink_visits import SHLINK_VISITS
from linktrack.portability.web_logs import COMBINED_LOG
from linktrack.portability.yourls_log import yourls_log


def click_formats(parse_time: Callable[[str], datetime]) -> Mapping[str, ClickFormat]:
    """Return all formats; `parse_time` reads times that were written without a zone."""
    formats = (
        BITLY_FEED,
        yourls_log(parse_time),
        SHLINK_VISITS,
        GOATCOUNTER,
        COMBINED_LOG,
        OWN_CLICKS,
    )
    return {form.name: form for form in formats}
