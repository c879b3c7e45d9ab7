"""Hugging Face's sign-in, as a Space offers it: who somebody is there becomes who they are here, and no more is asked.

The authorization code flow of OpenID Connect with PKCE (RFC 7636). A Space with ``hf_oauth: true`` has
``OAUTH_CLIENT_ID``, ``OAUTH_CLIENT_SECRET`` and ``OPENID_PROVIDER_URL`` in its environment; elsewhere an application
registered at Hugging Face has the first two. Who it is comes from the provider itself, over the server's own
connection, so that nothing that a browser brings has to be believed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from resnet_studio.errors import StudioError

PROVIDER = "https://huggingface.co"
SCOPE = "openid profile"
SECONDS = 20.0
MOST_BYTES = 100_000


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in that has begun: ``state`` comes back with its answer, ``verifier`` is sent to the provider alone."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """The hash of the verifier, which the provider gets first."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class HuggingFace:
    """The application as which this studio asks; ``author`` owns the Space, and manages the studio in it."""

    client: str
    secret: str = field(repr=False)
    provider: str = PROVIDER
    author: str = ""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> HuggingFace | None:
        """What the environment says; None where there is no such application."""
        client, secret = environment.get("OAUTH_CLIENT_ID", ""), environment.get("OAUTH_CLIENT_SECRET", "")
        if not client or not secret:
            return None
        provider = environment.get("OPENID_PROVIDER_URL") or PROVIDER
        return cls(client, secret, provider.rstrip("/"), environment.get("SPACE_AUTHOR_NAME", ""))

    def address(self, begun: PendingSignIn, back: str) -> str:
        """Where a browser goes to sign in; it is sent to the address ``back`` afterwards."""
        asked = {
            "client_id": self.client, "redirect_uri": back, "response_type": "code", "scope": SCOPE,
            "state": begun.state, "code_challenge": begun.challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self.provider}/oauth/authorize?{urllib.parse.urlencode(asked)}"

    def name_of(self, code: str, begun: PendingSignIn, back: str) -> str:
        """The name of whoever signed in there and got ``code``. Raises :class:`StudioError` where that is nobody."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "client_id": self.client,
            "code_verifier": begun.verifier,
        }  # fmt: skip
        basic = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        token = _asked(f"{self.provider}/oauth/token", {"authorization": f"Basic {basic}"}, form).get("access_token")
        if not isinstance(token, str):
            raise StudioError("error.people.hugging_face")
        known = _asked(f"{self.provider}/oauth/userinfo", {"authorization": f"Bearer {token}"})
        name = known.get("preferred_username")
        if not isinstance(name, str) or not name.strip():
            raise StudioError("error.people.hugging_face")
        return name.strip()


def _asked(address: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None) -> dict[str, Any]:
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        asked = urllib.request.Request(address, body, {**headers, "accept": "application/json"})
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer:
            found = json.loads(answer.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise StudioError("error.people.hugging_face") from error
    return found if isinstance(found, dict) else {}
