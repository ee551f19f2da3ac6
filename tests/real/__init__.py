"""``python -m tests.real``: packages that others made, taken the whole way by the steps themselves, twice."""
