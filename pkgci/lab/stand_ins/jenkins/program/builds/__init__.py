"""Running builds: who gets which executor, what the shell gets as environment, and how it ends."""
