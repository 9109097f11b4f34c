"""HTTP as httptools parses it, with a limit of heads, and with mistakes answered in JSON."""

from __future__ import annotations

import json

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD = 2**16  # bytes of the line and the headers of a request, or of the trailers of its body


class HttpProtocol(HttpToolsProtocol):
    """The protocol of a connection."""

    _outside = 0  # bytes since those of a body, or since the last request

    def data_received(self, data: bytes) -> None:
        self._outside += len(data)
        super().data_received(data)
        if self._outside > HEAD and not self.transport.is_closing():  # httptools would keep whatever comes
            self.send_400_response(f"the head of the request has more than {HEAD:,} bytes")

    def on_body(self, body: bytes) -> None:
        self._outside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._outside = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, and close the connection."""
        content = json.dumps({"error": msg.rstrip(".")}).encode()
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(
            content
        )
        self.transport.write(STATUS_LINE[400] + head + content)
        self.transport.close()
