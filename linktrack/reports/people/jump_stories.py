"""What became of a jump of a follower count, in figures and in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from linktrack.audience.counts import History
from linktrack.reports.figures.rate import rounded
from linktrack.reports.figures.words import days_from, share
from linktrack.reports.people.jumps import Jump, count_jumps

WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class JumpStory:
    """A jump, and what became of it: the net change of the count within 1, 7 and 30 days.

    Each is by the last count within that time after `jump.since`; None where there is none, or the
    counts don't reach that far yet. Those who came hide as many who left.
    """

    jump: Jump
    net_1d: int | None
    net_7d: int | None
    net_30d: int | None

    @property
    def day(self) -> date:
        """The first day on which it may have happened."""
        return self.jump.since + timedelta(days=1)

    @property
    def as_told(self) -> Jump:
        """The jump with the one figure that every page has: its first week's, once that is known.

        Until then it is the change of its own days; also where they are more than a week, or all
        came back within the week.
        """
        if self._week is None or self._week * self.jump.net <= 0:
            return self.jump
        return replace(self.jump, net=self._week)

    @property
    def _length(self) -> int:
        """The days of the jump itself."""
        return (self.jump.until - self.jump.since).days

    @property
    def _week(self) -> int | None:
        """The net change within a week, where that is known and the jump was over by then."""
        return self.net_7d if self._length <= WEEK else None

    @property
    def sentence(self) -> str:
        """As in "On 21 July 2026 you lost 1,345 in a day; 5,244 in a week (23%); 478 …"."""
        return self._told("you", "")

    def told_of(self, handle: str) -> str:
        """As in "On 21 July 2026 @demo_you lost 1,345 followers in a day; …"."""
        return self._told(handle, " followers")

    def _told(self, who: str, of: str) -> str:
        verb = "lost" if self.jump.net < 0 else "gained"
        before, net = self.jump.before, self.jump.net
        first, week, month = self.net_1d, self._week, self.net_30d
        if first is None or (first < 0) != (net < 0):
            days = days_from(self.jump.since, self.jump.until + timedelta(days=1))
            parts = [f"{days}: {who} {verb} {_part(net, before, of=of)}"]
            first = net
        else:
            within, later = "in a week", week
            if week is None and net != first:  # what is known of it so far
                within, later = f"in {self._length} days", net
            told = f"{abs(first):,}{of} in a day"
            if later in (None, first):
                told = _part(first, before, "in a day", of)
            parts = [f"On {self.day.day} {self.day:%B %Y} {who} {verb} {told}"]
            if later is not None and later != first:
                parts.append(self._all_back("a week", later) or _part(later, before, within))
                first = later
        if month is not None and month != first:
            back = (month - first) * (1 if net < 0 else -1)
            if all_back := self._all_back("30 days", month):
                parts += [] if self._all_back("a week", first) else [all_back]
            elif back > 0:
                again = "were regained" if net < 0 else "left again"
                parts.append(f"{back:,} {again} within 30 days")
            else:
                parts.append(_part(month, before, "in 30 days"))
        return f"{'; '.join(parts)}."

    def _all_back(self, within: str, net: int) -> str:
        """Say that nothing of the jump was left after some time; "" if something was."""
        if net * self.jump.net > 0:
            return ""
        return f"all {'were regained' if self.jump.net < 0 else 'left again'} within {within}"


def _part(net: int, before: int, within: str = "", of: str = "") -> str:
    """As in "5,244 in a week (23%)"; of more than there were before, no share is given."""
    people = f"{abs(net):,}{of} {within}".strip()
    return f"{people} ({share(abs(net), before)})" if 0 < abs(net) <= before else people


def jump_stories(history: History, timezone: ZoneInfo) -> list[JumpStory]:
    """Return the jumps of a follower count, oldest first, with what became of each."""
    by_day = sorted({at.astimezone(timezone).date(): count for at, count in history}.items())
    return [_story(jump, by_day) for jump in count_jumps(history, timezone)]


def _story(jump: Jump, by_day: Sequence[tuple[date, int]]) -> JumpStory:
    last = by_day[-1][0]

    def net(days: int, slack: int) -> int | None:
        """Return the change within so many days; the counts must reach to `slack` before that."""
        end = jump.since + timedelta(days=days)
        within = [count for day, count in by_day if jump.since < day <= end]
        return within[-1] - jump.before if within and last >= end - timedelta(slack) else None

    return JumpStory(jump, net(1, 0), net(WEEK, 1), net(30, 3))


def largest_jump(stories: Sequence[JumpStory]) -> JumpStory | None:
    """Return the jump that changed the largest part of the followers; None without any."""
    return max(
        stories, key=lambda story: abs(story.jump.net) / max(1, story.jump.before), default=None
    )


class JumpJson(TypedDict):
    """A jump of the follower count, and its net change within 1, 7 and 30 days."""

    since: str
    until: str
    before: int
    net: int
    net_1d: int | None
    net_7d: int | None
    net_30d: int | None
    share: float | None
    sentence: str


def jump_json(story: JumpStory) -> JumpJson:
    """Return a jump as every door shows it; `share` is that of the followers before."""
    jump = story.jump
    return {
        "since": jump.since.isoformat(),
        "until": jump.until.isoformat(),
        "before": jump.before,
        "net": jump.net,
        "net_1d": story.net_1d,
        "net_7d": story.net_7d,
        "net_30d": story.net_30d,
        "share": rounded(jump.net / jump.before) if jump.before else None,
        "sentence": story.sentence,
    }
