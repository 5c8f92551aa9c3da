"""An issuer of signed tokens on this machine, such as a forge is for its jobs: for tests of trusts."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class SigningIssuer:
    """Serves its configuration and keys on a port of its own; its keys can be rotated."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        """The paths that were asked for."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._keys: list[Any] = []
        self.rotate()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def rotate(self) -> None:
        """Sign with a new key from now on, and forget the others."""
        from joserfc.jwk import ECKey

        self._keys = [ECKey.generate_key("P-256", {"kid": f"key-{time.monotonic_ns()}"})]

    def sign(self, audience: str | list[str] = "meguru", *, lasts: float = 300, **claims: Any) -> str:
        """Return a signed token for somebody; claims given go before those that it has anyway."""
        from joserfc import jwt

        now = int(claims.pop("now", time.time()))
        said = {"iss": self.url, "sub": "job", "aud": audience, "iat": now, "exp": int(now + lasts)} | claims
        key = self._keys[0]
        return jwt.encode({"alg": "ES256", "kid": key.kid}, said, key, algorithms=["ES256"])

    def answer(self, path: str) -> dict[str, Any] | None:
        """Return what it says at a path."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self._keys]}
        return None


def _handler(issuer: SigningIssuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = issuer.answer(self.path)
            body = json.dumps(found or {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
