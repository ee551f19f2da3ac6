"""Signing: an account of its own holds the keys, and signs bytes that others hand it. It parses none of them."""
