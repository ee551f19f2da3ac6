"""What is generated from the code: docs/reference, man pages, modules' metadata. `make manual` writes it."""
