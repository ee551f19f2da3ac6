"""The slaves, reached over SSH: whether they are there, what runs on them, and what is fetched from them."""
