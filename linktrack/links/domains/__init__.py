"""Further domains: adding, changing and removing them, and what their pages say."""
