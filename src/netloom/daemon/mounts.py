"""Which face serves which path, on all doors alike.

Rule 1: a path belongs to the longest prefix that fits; what no prefix fits is the REST face's.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Mounts:
    """An application made of applications by path."""

    def __init__(self, default: ASGIApp, faces: Mapping[str, ASGIApp]) -> None:
        self._default = default
        self._faces = sorted(faces.items(), key=lambda item: -len(item[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        await self._face(scope.get("path", ""))(scope, receive, send)

    def _face(self, path: str) -> ASGIApp:
        for prefix, face in self._faces:
            if path == prefix or path.startswith(f"{prefix}/"):
                return face
        return self._default
