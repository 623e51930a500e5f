"""What proves who signs in, beside passwords and links, and mails about signing in."""
