"""What there is to know about a host: small facts, each a shell program and a pure reading of what it prints."""
