"""Where codes lead: what the lane remembers of a link, and what it asks the database for."""
