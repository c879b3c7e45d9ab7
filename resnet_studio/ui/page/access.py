"""Who may reach the server: the names it answers to, the proxies it trusts, the path it is served below.

A server that answers to any name can be read by any web site that leads a name of its own to the server's address (DNS
rebinding), and one that trusts ``X-Forwarded-Host`` from anybody has no origin check at all. So the server knows its
names, and trusts forwarding headers only from proxies that were named when it was started.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

from resnet_studio.errors import StudioError
from resnet_studio.ui.page.open_routes import is_known
from resnet_studio.ui.page.peers import is_proxy, same_user

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
UNSPECIFIED = frozenset({"0.0.0.0", "::"})
FORWARDING = ("forwarded", "via", "x-real-ip", "x-gradio-server", "x-original-host", "x-rewrite-url")
"""Headers that say that a request was passed on, besides all that begin with ``x-forwarded-``."""
_HOST = re.compile(r"(\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^\s\[\]:/\\@?#,]+))(:\d*)?")
SPACE_NAMES = ".hf.space"

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Access:
    """How a server may be reached.

    ``hosts`` are the machine's own names and addresses, ``allowed`` those that the user added: lower case, without a
    port; one with a leading dot stands for all names that end so. The address that a connection arrived at is always
    known. ``proxies`` are the networks whose forwarding headers are trusted. ``root_path`` is the path that a proxy
    serves the page below, such as ``/lab/studio``, or empty. ``loopback`` says that only this machine can connect;
    ``local_folders`` that everybody who reaches the page may name folders of this machine. ``phone_address`` is where
    other devices reach it over https; empty where they do not. ``operators`` are networks that may read the figures of
    the server, besides whoever is at this machine. ``api``: programs of this machine may ask models, under ``/v1``.
    """

    hosts: frozenset[str] = LOOPBACK_NAMES
    allowed: frozenset[str] = frozenset()
    proxies: tuple[Network, ...] = ()
    root_path: str = ""
    loopback: bool = True
    local_folders: bool = False
    phone_address: str = ""
    operators: tuple[Network, ...] = ()
    api: bool = False

    @classmethod
    def of_server(
        cls,
        host: str,
        *,
        allowed_hosts: Iterable[str] = (),
        trusted_proxies: Iterable[str] = (),
        root_path: str = "",
        local_folders: bool = False,
        operators: Iterable[str] = (),
        api: bool = False,
    ) -> Access:
        """How a server that listens on the address ``host`` may be reached; raises :class:`StudioError`.

        A Hugging Face Space is reached through the proxies of its host alone, under a name that ends in ``.hf.space``.
        """
        hosts = LOOPBACK_NAMES | {host.lower()}
        allowed = frozenset(each for name in allowed_hosts if (each := _host_name(name)))
        proxies = tuple(map(_network, trusted_proxies))
        loopback = is_loopback(host)
        if not loopback:
            hosts |= own_names()
        if os.environ.get("SPACE_ID"):
            hosts |= {os.environ.get("SPACE_HOST", SPACE_NAMES).lower()}
            proxies = proxies or (ip_network("0.0.0.0/0"), ip_network("::/0"))
        return cls(
            frozenset(hosts), allowed, proxies, _root_path(root_path), loopback, local_folders,
            operators=tuple(_network(each, "error.shell.operators") for each in operators), api=api,
        )  # fmt: skip

    def trusts(self, peer: str) -> bool:
        """Whether the forwarding headers of a request from the address ``peer`` are trusted."""
        return _in(peer, self.proxies)

    def knows(self, host: str, arrived_at: str = "") -> bool:
        """Whether ``host``, as a request names it, is this server; ``arrived_at`` is the connection's own address."""
        return _among(host, self.hosts | self.allowed) or (bool(arrived_at) and host.lower() == arrived_at.lower())

    def admits(self, scope: Scope) -> bool:
        """Whether the request ``scope``, as it arrived, names this server.

        The name that a browser connected by has to be known. What a trusted proxy adds to it is accepted unchecked,
        unless the allowed names were given: then it is one of these.
        """
        headers = Headers(scope=scope)
        if not self.knows(host_of(headers.get("host", "")), (scope.get("server") or ("", 0))[0]):
            return False
        forwarded = self.forwarded_host(scope)
        return not (forwarded and self.allowed) or self.knows(host_of(forwarded))

    def forwarded_host(self, scope: Scope) -> str:
        """The ``Host`` of the original request, where a trusted proxy passed it on; else empty.

        The last of several is what that proxy itself has seen; those before it came with the request.
        """
        if not self.trusts((scope.get("client") or ("", 0))[0]):
            return ""
        return Headers(scope=scope).get("x-forwarded-host", "").split(",")[-1].strip()

    @property
    def may_be_local(self) -> bool:
        """Whether a visitor can be on this very machine: nobody else connects, and nothing passes requests on."""
        return self.loopback and self.direct

    @property
    def direct(self) -> bool:
        """Whether nothing that was set up passes requests on."""
        return not (self.proxies or self.root_path or self.allowed)


def resolved(scope: Scope, access: Access) -> Scope:
    """``scope`` as the application shall see it.

    Behind a trusted proxy, host, scheme and client are those of the original request; in any case no
    forwarding header is left that somebody further in could believe, and the path begins below the root path.
    """
    headers = Headers(scope=scope)
    peer = (scope.get("client") or ("", 0))[0]
    changed = {**scope, "path": below(scope["path"], access.root_path), "root_path": ""}
    changed["raw_path"] = changed["path"].encode("utf-8", "surrogateescape")
    remaining = [(name, value) for name, value in scope["headers"] if not _forwards(name.decode("latin-1"))]
    changed["headers"] = remaining
    changed["studio_forwarded"] = len(remaining) < len(scope["headers"])
    if not access.trusts(peer):
        return changed
    host = access.forwarded_host(scope)
    scheme = headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower()
    if host:
        MutableHeaders(scope=changed)["host"] = host
    if scheme in {"http", "https"}:
        changed["scheme"] = scheme
    changed["client"] = (_original_client(headers, access) or peer, 0)
    return changed


def under(root_path: str, scope: Scope) -> Scope:
    """``scope``, whose path begins below ``root_path``, as ASGI has it: with that in front, and named.

    Gradio's application takes its root path away from whatever begins with it; a path that began with it once more
    would come out as one that nobody has looked at.
    """
    path = root_path + scope["path"]
    return {**scope, "path": path, "raw_path": path.encode("utf-8", "surrogateescape"), "root_path": root_path}


def is_local(scope: Scope, access: Access) -> bool:
    """Whether the sender of ``scope``, as :func:`resolved` left it, may open folders of this machine.

    It has to come straight from a program of the same user on the same machine, to the server's own port, and that
    program must be no proxy; ``--local-folders`` opens them to all.
    """
    return access.local_folders or (access.loopback and is_at_machine(scope, access))


def is_at_machine(scope: Scope, access: Access) -> bool:
    """Whether the sender of ``scope``, as :func:`resolved` left it, is a program of the same user on the same machine,
    as far as can be seen, and no proxy.
    """
    client = (scope.get("client") or ("",))[0]
    if not access.direct or scope.get("studio_forwarded") or not is_loopback(client):
        return False
    return _asks_for_our_port(scope) and same_user(scope) and not is_proxy(scope)


def is_operator(scope: Scope, access: Access, peer: str) -> bool:
    """Whether the sender of ``scope``, as :func:`resolved` left it, may read the figures of the server.

    That is whoever is at this very machine, and the addresses that were named. Other programs of this machine have to
    be named too, as Prometheus beside it: a proxy that says nothing of itself looks just like one. ``peer`` is the
    address that the connection came from; what an unknown proxy passes on is refused.
    """
    if is_at_machine(scope, access):
        return True
    passed_on = scope.get("studio_forwarded") and not access.trusts(peer)
    return not passed_on and _in((scope.get("client") or ("",))[0], access.operators)


def _in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in networks if network.version == found.version)


def _asks_for_our_port(scope: Scope) -> bool:
    """Whether ``Host`` names the port that the connection arrived at: behind a tunnel or a proxy it is another."""
    host, server = Headers(raw=list(scope.get("headers", ()))).get("host"), scope.get("server")
    if host is None or not server or server[1] is None:
        return True
    usual = "443" if scope.get("scheme") == "https" else "80"
    return (host.rpartition("]")[2].partition(":")[2] or usual) == str(server[1])


def below(path: str, root_path: str) -> str:
    """``path`` without the root path, which some proxies leave in front and others take away.

    It stays where only the whole ``path`` leads anywhere: below ``/studio``, a proxy that takes this away asks for
    ``/studio/studio.js`` and one that leaves it for ``/studio/studio/studio.js``.
    """
    if root_path and (path == root_path or path.startswith(f"{root_path}/")):
        inner = path[len(root_path) :] or "/"
        return path if is_known(path) and not is_known(inner) else inner
    return path


def is_loopback(host: str) -> bool:
    """Whether ``host`` is reached from this machine alone."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def host_of(value: str) -> str:
    """The name or address in a ``Host`` header, lower case; empty where there is none that can be read."""
    found = _HOST.fullmatch(value.lower())
    return (found["address"] or found["name"]) if found else ""


def own_names() -> frozenset[str]:
    """The machine's name, alone and in the local network; no name server is asked."""
    name = socket.gethostname().lower().rstrip(".")
    short = name.partition(".")[0]
    return frozenset({name, short, f"{short}.local"} - {"", ".local"})


def _forwards(name: str) -> bool:
    return name.lower() in FORWARDING or name.lower().startswith("x-forwarded-")


def _original_client(headers: Headers, access: Access) -> str:
    """The last address in ``X-Forwarded-For`` that is no proxy of ours: those before it may be made up."""
    for entry in reversed(headers.get("x-forwarded-for", "").split(",")):
        address = entry.strip()
        if address and not access.trusts(address):
            return address
    return ""


def _among(host: str, names: frozenset[str]) -> bool:
    name = host.lower().rstrip(".")
    return bool(name) and (name in names or name.endswith(tuple(each for each in names if each.startswith("."))))


def _host_name(given: str) -> str:
    """A name as the user gives it, without scheme, port and path."""
    text = given.strip().lower()
    if text.startswith(("*.", ".")):
        return f".{text.lstrip('*.')}"
    try:
        bare = urlsplit(
            text if "//" in text else f"//[{text}]" if text.count(":") > 1 and "[" not in text else f"//{text}"
        )
        name = bare.hostname or ""
    except ValueError:
        name = ""
    if text and (not name or any(sign in name for sign in "*/ ,")):
        raise StudioError("error.shell.allowed_host", name=given)
    return name


def _network(given: str, problem: str = "error.shell.trusted_proxy") -> Network:
    try:
        return ip_network(given.strip(), strict=False)
    except ValueError as error:
        raise StudioError(problem, address=given) from error


def _root_path(given: str) -> str:
    path = given.strip().rstrip("/")
    if path and (not path.startswith("/") or "//" in path or any(sign in path for sign in "?#%\\: ")):
        raise StudioError("error.shell.root_path", path=given)
    return path
