"""A control group for what a step runs: what it may take is the kernel's to enforce, and it dies with the step.

``keeper`` is root's: it makes the group, by systemd, with the site's limits, and ends what is in it. ``client`` is the
step's: it starts programs in the group, and reads there what ended one. ``groups`` is where the kernel has what.
"""
