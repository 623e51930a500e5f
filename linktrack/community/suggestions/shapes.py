"""Suggestions as the API and the command line show them."""

from typing import TypedDict

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.calendar.times import utc
from linktrack.community.models import SuggestionState, SuggestionWay
from linktrack.community.suggestions.inbox import Entry
from linktrack.community.suggestions.models import AnswerKind, AnswerState, AnswerWay


class AnswerJson(TypedDict):
    """An answer to whoever suggested something: thanks, or that it is published.

    While it is `begun` or `in_doubt` they may have it already; `problem` says why it isn't done.
    """

    kind: AnswerKind
    way: AnswerWay
    state: AnswerState
    text: str
    ended_at: str | None
    url: str | None
    problem: str | None


class SuggestionJson(TypedDict):
    """A suggestion. `handle` is proved where `is_proved`; else it is what somebody wrote.

    They follow the account since `follows_since`, by its lists. `post` is the draft made of it,
    `posted` are other posts of the account that lead to one of its addresses, and `same` other
    suggestions of the page. A mail address is never given out: `has_mail` says that there is one.
    """

    id: int
    account: AccountNameJson
    way: SuggestionWay
    state: SuggestionState
    said_at: str
    said_url: str | None
    handle: str | None
    is_proved: bool
    follows_since: str | None
    segment: str | None
    is_member: bool
    has_mail: bool
    wants_word: bool
    text: str
    addresses: list[str]
    post: int | None
    posted: list[int]
    same: list[int]
    decided_at: str | None
    told_at: str | None
    answers: list[AnswerJson]


def suggestion_json(entry: Entry) -> SuggestionJson:
    """Return a suggestion as every door gives it."""
    found, sender = entry.suggestion, entry.sender
    return {
        "id": found.id,
        "account": account_json(entry.account),
        "way": found.way,
        "state": found.state,
        "said_at": utc(found.said_at),
        "said_url": entry.said,
        "handle": sender.handle,
        "is_proved": sender.is_proved,
        "follows_since": utc(sender.since),
        "segment": sender.segment,
        "is_member": sender.is_member,
        "has_mail": found.sealed_mail is not None,
        "wants_word": found.wants_word,
        "text": found.text,
        "addresses": list(entry.addresses),
        "post": found.post_id,
        "posted": [post.id for post in entry.posted],
        "same": [each.id for each in entry.also],
        "decided_at": utc(found.decided_at),
        "told_at": utc(found.told_at),
        "answers": [
            {
                "kind": answer.kind,
                "way": answer.way,
                "state": answer.state,
                "text": answer.text,
                "ended_at": utc(answer.ended_at),
                "url": answer.url,
                "problem": answer.problem,
            }
            for answer in entry.answers.values()
        ],
    }
