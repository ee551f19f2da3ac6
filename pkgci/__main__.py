"""The program: ``pkgci``, and ``python -m pkgci``."""

import signal

# What ^C brings while the command line is being loaded is the end, and no traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from pkgci.cli.main import main

if __name__ == "__main__":
    main()
