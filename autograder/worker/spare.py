"""A worker that was started, not forked: it connects to the grader, proves itself and serves one submission."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading

import msgspec

from autograder.protocol.wire import Channel
from autograder.protocol.zygote import Started
from autograder.worker.printing import redirect
from autograder.worker.serving import Server
from autograder.worker.zygote import serve


def serve_alone(port: int) -> None:
    """Connect to the grader at 127.0.0.1:PORT, say the token read from standard input, and answer until it hangs up."""
    token, scratch = (sys.stdin.buffer.readline().strip() for _ in range(2))
    threading.Thread(target=_end_with_the_grader, args=(sys.stdin.fileno(),), daemon=True).start()
    os.chdir(scratch.decode())
    os.environ["TMPDIR"] = os.environ["HOME"] = scratch.decode()
    tempfile.tempdir = None
    channel = Channel(socket.create_connection(("127.0.0.1", port)))
    channel.send(token)
    output = redirect()
    channel.send(msgspec.msgpack.encode(Started([])))
    serve(channel, Server.of_submission(output))
    os._exit(0)


def _end_with_the_grader(descriptor: int) -> None:
    """Standard input ends when the grader closes it or is gone, even while student code loops for ever."""
    while os.read(descriptor, 1024):
        pass
    os._exit(1)
