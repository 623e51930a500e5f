"""The old click logs that can be imported, by name."""

from collections.abc import Callable, Mapping
from datetime import datetime

from linktrack.portability.clicks.bitly_feed import BITLY_FEED
from linktrack.portability.clicks.goatcounter import GOATCOUNTER
from linktrack.portability.clicks.old_clicks import ClickFormat
from linktrack.portability.clicks.own_clicks import OWN_CLICKS
from linktrack.portability.clicks.shlink_visits import SHLINK_VISITS
from linktrack.portability.clicks.web_logs import COMBINED_LOG
from linktrack.portability.clicks.yourls_log import yourls_log


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
