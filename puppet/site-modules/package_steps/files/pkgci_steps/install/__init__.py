"""Installs what was published for a change in fresh roots, as its users will: apt, dnf, and what they leave behind."""
