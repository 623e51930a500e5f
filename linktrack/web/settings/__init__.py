"""The settings section: accounts and connections, team, programs, filters, server."""
