"""Zuul's layout: made from the site, tested by Zuul itself, and put in place of the live one."""
