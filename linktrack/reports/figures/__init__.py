"""Figures: rates, intervals and the words that say them."""
