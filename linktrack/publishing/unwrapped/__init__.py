"""Unwrapped posts: those published without linktrack's links, and replacing them."""
