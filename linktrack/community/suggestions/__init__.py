"""Suggestions: taking them in, the owner's inbox, and answering whoever sent one."""
