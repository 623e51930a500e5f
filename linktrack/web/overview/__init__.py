"""The overview section: all accounts at a glance, and what needs the owner."""
