"""The networks: what they say of accounts, followers and posts, read and never judged."""
