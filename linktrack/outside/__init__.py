"""The one way to ask a stranger's server: found once, judged, held to that, limited."""
