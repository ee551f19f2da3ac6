"""What is generated from the code, and what people have written about it."""
