"""Functions that the layout's jobs may name as `parameter-function`. None yet."""
