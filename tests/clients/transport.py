"""The frames of medsrv: one class that sends and receives bytes, and knows nothing of what they mean.

Lengths are unsigned 32-bit integers, big-endian. A request is a name and its data, each behind its length;
the name selects nothing and may be empty. A reply is its data behind its length.
"""

import socket
import struct


class Transport:
    """One connection. Replies come in the order of the requests; a notification has none."""

    def __init__(self, host: str, port: int, timeout_s: float = 30.0):
        self.socket = socket.create_connection((host, port), timeout_s)

    def send(self, data: str) -> None:
        payload = data.encode()
        self.socket.sendall(struct.pack(">I", 0) + struct.pack(">I", len(payload)) + payload)

    def receive(self) -> str:
        (length,) = struct.unpack(">I", self._exactly(4))
        return self._exactly(length).decode()

    def ask(self, data: str) -> str:
        self.send(data)
        return self.receive()

    def _exactly(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            piece = self.socket.recv(count - len(received))
            if not piece:
                raise ConnectionError("the server has closed the connection")
            received += piece
        return bytes(received)

    def close(self) -> None:
        self.socket.close()
