"""Parts of the page Profile: passkeys and one-time codes."""
