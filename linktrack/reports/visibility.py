"""Which accounts a session sees: a viewer who is limited to some finds nothing of the others."""

from collections.abc import Iterable

from sqlalchemy import event, or_
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from linktrack.audience.models import Account, Segment
from linktrack.links.models import Link, Post, UnwrappedPost
from linktrack.owners.models import SharedReport, Token
from linktrack.reports.models import DayNote, Experiment


def show_only(session: Session, account_ids: Iterable[int]) -> None:
    """Make everything this session reads of accounts, and of what belongs to one, be of these.

    It holds for every query that names them, by number too: what is elsewhere is not there. Tokens
    of all accounts are elsewhere, notes for all accounts are everybody's.
    """
    shown = list(account_ids)
    options = (
        with_loader_criteria(Account, Account.id.in_(shown)),
        with_loader_criteria(Segment, Segment.account_id.in_(shown)),
        with_loader_criteria(Post, Post.account_id.in_(shown)),
        with_loader_criteria(Link, Link.account_id.in_(shown)),
        with_loader_criteria(Token, Token.account_id.in_(shown)),
        with_loader_criteria(SharedReport, SharedReport.account_id.in_(shown)),
        with_loader_criteria(
            DayNote, or_(DayNote.account_id.is_(None), DayNote.account_id.in_(shown))
        ),
        with_loader_criteria(
            Experiment,
            Experiment.account_id.in_(shown)
            & or_(Experiment.other_id.is_(None), Experiment.other_id.in_(shown)),
        ),
        with_loader_criteria(UnwrappedPost, UnwrappedPost.account_id.in_(shown)),
    )

    @event.listens_for(session, "do_orm_execute")
    def narrow(state: ORMExecuteState) -> None:
        if state.is_select:
            state.statement = state.statement.options(*options)
