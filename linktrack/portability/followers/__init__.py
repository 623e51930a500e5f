"""Follower lists, follower counts and archives from files."""
