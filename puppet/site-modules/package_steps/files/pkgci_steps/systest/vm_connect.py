"""A program for ssh (ProxyUseFdpass): connects to a socket of this host, and hands the connection over.

vm_connect.py SOCKET
"""

from __future__ import annotations

import array
import socket
import sys


def main() -> None:
    """Connects, or fails with a traceback for ssh to show: whoever reads that looks for why a machine did not start."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(sys.argv[1])
    ssh = socket.socket(fileno=1)
    handed = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [connection.fileno()]))
    ssh.sendmsg([b"\0"], [handed])


if __name__ == "__main__":
    main()
