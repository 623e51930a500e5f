"""Types for the ids of accounts, posts, links, segments and followers: swapping two fails mypy."""

from typing import NewType

AccountId = NewType("AccountId", int)
PostId = NewType("PostId", int)
LinkId = NewType("LinkId", int)
SegmentId = NewType("SegmentId", int)
"""0 is no segment: nobody can tell who clicked (`clicks.vocabulary.UNATTRIBUTED`)."""

FollowerId = NewType("FollowerId", int)
