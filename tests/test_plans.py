"""Links that don't always lead to one place, as they are looked up."""

from world import NOON, World

from linktrack.ids import SegmentId
from linktrack.links.redirects.limits import Limits
from linktrack.links.redirects.lookup import find_target
from linktrack.links.redirects.models import LinkLimit
from linktrack.links.redirects.plan import Plan


def test_a_link_is_looked_up_with_its_plan(world: World) -> None:
    """By its own code and by that of a version; nothing is looked for where there is none."""
    link = world.post(world.account(), "http://one.com/").links[0]
    world.session.add(LinkLimit(link_id=link.id, valid_from=NOON, expires_at=None))
    plan = Plan(Limits(valid_from=NOON.timestamp()))
    for has_plan, found in ((False, None), (True, plan)):
        link.has_plan = has_plan
        world.session.commit()
        for code in (link.code or "", world.shortener.version_code(link.id, SegmentId(7))):
            target = find_target(world.database.engine, world.shortener.codes, code)
            assert target is not None
            assert target.plan == found
