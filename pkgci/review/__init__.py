"""The code review: what the CI needs of a Gerrit, planned against the live one, applied over its REST API, verified."""
