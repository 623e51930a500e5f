"""Engagement: likes, reposts, replies, quotes, bookmarks and views of an account's own posts."""
