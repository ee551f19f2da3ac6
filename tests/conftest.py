"""What all tests need."""

import signal

# Where the tests are started in the background, a shell has them ignore ^C, and every process they start with them.
signal.signal(signal.SIGINT, signal.default_int_handler)
