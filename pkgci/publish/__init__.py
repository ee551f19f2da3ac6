"""What is published, and taking it back: the publisher's repositories, looked after from the operator's machine."""
