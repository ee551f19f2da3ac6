"""The command line: one module per command, thin. Parse, call, show."""
