"""The links section: each link, and its QR code."""
