"""The ids of accounts, posts, links, segments and followers, as types that cannot be swapped."""

from typing import NewType

AccountId = NewType("AccountId", int)
PostId = NewType("PostId", int)
LinkId = NewType("LinkId", int)
SegmentId = NewType("SegmentId", int)
"""0 is no segment: nobody can tell who clicked (`clicks.vocabulary.UNATTRIBUTED`)."""

FollowerId = NewType("FollowerId", int)
