"""The audience section: who clicks, followers, segments."""
