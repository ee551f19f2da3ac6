"""What stands in for Gerrit and Jenkins in a lab: the programs, and what their machine needs to have them."""
