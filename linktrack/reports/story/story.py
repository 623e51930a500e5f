"""The story: its chapters in their order, and its JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.networks.words import all_of
from linktrack.reports.story.asking import Asked
from linktrack.reports.story.changes import is_comparable
from linktrack.reports.story.claims import Claims
from linktrack.reports.story.engaged import on_engagement
from linktrack.reports.story.facts import Facts, facts_of, first_day
from linktrack.reports.story.followers import is_cost_compared, on_followers, on_losses
from linktrack.reports.story.highlights import on_people, on_posts
from linktrack.reports.story.readers import is_too_early, on_readers
from linktrack.reports.story.telling import Chapter, Claim, Sentence, Value
from linktrack.reports.story.tried import experiments_of, on_experiments


@dataclass(frozen=True, slots=True)
class Story:
    """What became of some accounts from the day `first` to the day `last`.

    `facts` are what it was made from, for the pictures beside the sentences.
    """

    facts: Sequence[Facts]
    first: date
    last: date
    chapters: Sequence[Chapter]

    @property
    def accounts(self) -> list[Account]:
        """Whose story it is."""
        return [each.account for each in self.facts]

    @property
    def title(self) -> str:
        """As in "What became of @me, @you and @we since 14 September 2009"."""
        names = all_of(account.handle for account in self.accounts)
        return f"What became of {names} since {self.first.day} {self.first:%B %Y}"

    @property
    def is_simulated(self) -> bool:
        """Whether it is of a demonstration: nothing in it happened."""
        return any(account.simulated for account in self.accounts)

    @property
    def sentences(self) -> list[Sentence]:
        """All sentences in their order, as footnotes number them."""
        return [each for chapter in self.chapters for each in chapter.sentences]


def story(session: Session, asked: Asked) -> Story:
    """Return the story of some accounts; each costs the queries of a handful of reports."""
    first = first_day(session, asked)
    told = [facts_of(session, account, first, asked) for account in asked.told]
    known = [each for each in told if not is_too_early(each)]
    experiments = experiments_of(session, asked, first)
    claims = Claims(
        sum(map(is_comparable, known)) + sum(map(is_cost_compared, told)) + len(experiments)
    )
    chapters = [
        *on_followers(told, asked),
        *on_readers(told, asked.counting.window, claims),
        *on_engagement(told),
        *on_losses(told, claims),
        *on_experiments(session, experiments, asked, claims),
        *on_posts(told, asked.timezone),
        *on_people(session, told),
    ]
    return Story(told, first, asked.today, chapters)


class StoryFigureJson(TypedDict):
    """A figure of this API: a GET of `path` answers `value` at `field`, a JSON pointer (RFC 6901).

    `low` and `high` are the ends of its interval.
    """

    path: str
    field: str
    value: Value
    low: float | None
    high: float | None


class StorySentenceJson(TypedDict):
    """A sentence, and every figure in it.

    `claim`: "clear" if it says that there is a difference, "open" if it says that we can't tell.
    """

    text: str
    claim: Claim | None
    figures: list[StoryFigureJson]


def _sentence_json(sentence: Sentence) -> StorySentenceJson:
    return {
        "text": sentence.text,
        "claim": sentence.claim,
        "figures": [
            {
                "path": each.path,
                "field": each.field,
                "value": each.value,
                "low": each.low,
                "high": each.high,
            }
            for each in sentence.figures
        ],
    }


class StoryPassageJson(TypedDict):
    """A paragraph or list on one account, or on several (null)."""

    account: str | None
    sentences: list[StorySentenceJson]


class StoryChapterJson(TypedDict):
    """One topic; of one that nothing is known about there is no chapter."""

    name: str
    title: str
    passages: list[StoryPassageJson]


def _chapter_json(chapter: Chapter) -> StoryChapterJson:
    return {
        "name": chapter.name,
        "title": chapter.title,
        "passages": [
            {
                "account": None if each.account is None else each.account.handle,
                "sentences": [_sentence_json(sentence) for sentence in each.sentences],
            }
            for each in chapter.passages
        ],
    }


class StoryJson(TypedDict):
    """What became of some accounts between two days, both included."""

    title: str
    first: str
    last: str
    accounts: list[AccountNameJson]
    chapters: list[StoryChapterJson]


def story_json(found: Story) -> StoryJson:
    """Return the story as every door gives it."""
    return {
        "title": found.title,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "accounts": [account_json(account) for account in found.accounts],
        "chapters": [_chapter_json(chapter) for chapter in found.chapters],
    }
