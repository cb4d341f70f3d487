"""Writes small MMDB files, for the demo and for tests: MaxMind DB file format 2.0, 24-bit records.

https://maxmind.github.io/MaxMind-DB/ is the description. Networks must not overlap, and equal records are stored once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = bytes(16)  # between tree and data
_STRING, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 5, 6, 7, 9, 11
_Node = list[Any]  # two records: None = empty, a node, or the octets of a value


class Sized(int):
    """A number that is stored with a type of its own: `kind` is _UINT16 or _UINT64."""

    kind: int

    def __new__(cls, value: int, kind: int) -> Sized:
        made = super().__new__(cls, value)
        made.kind = kind
        return made


def mmdb(networks: Mapping[str, Mapping[str, Any]], *, database_type: str, built: datetime) -> bytes:
    """The file: `networks` in CIDR form to their records (texts, whole numbers below 2**32, lists and mappings of
    those). Raises ValueError for networks that overlap."""
    root: _Node = [None, None]
    for cidr, record in networks.items():
        _insert(root, _bits(cidr), _encode(record))
    nodes: list[_Node] = []
    _collect(root, nodes)
    numbers = {id(node): number for number, node in enumerate(nodes)}
    offsets: dict[bytes, int] = {}
    data = b""
    tree = bytearray()
    for node in nodes:
        for side in node:
            if side is None:
                value = len(nodes)
            elif isinstance(side, bytes):
                if side not in offsets:
                    offsets[side] = len(data)
                    data += side
                value = len(nodes) + len(_SEPARATOR) + offsets[side]
            else:
                value = numbers[id(side)]
            tree += value.to_bytes(3, "big")
    about = {
        "binary_format_major_version": Sized(2, _UINT16),
        "binary_format_minor_version": Sized(0, _UINT16),
        "build_epoch": Sized(int(built.timestamp()), _UINT64),
        "database_type": database_type,
        "description": {"en": "Invented data"},
        "ip_version": Sized(6, _UINT16),
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": Sized(24, _UINT16),
    }
    return bytes(tree) + _SEPARATOR + data + _MARKER + _encode(about)


def write_demo_files(asn_path: Path, city_path: Path, built: datetime) -> None:
    """Who hosts the addresses of the fictional market (192.0.2.0/24) and where. Numbers are those of RFC 5398, except
    one of Microsoft's, whose country is noise."""
    hosts = (
        ("192.0.2.0/26", 64496, "Örnek Barındırma A.Ş.", "TR"),
        ("192.0.2.64/26", 64497, "Boğaz Veri Merkezi Ltd. Şti.", "TR"),
        ("192.0.2.128/27", 64498, "Beispiel Hosting GmbH", "DE"),
        ("192.0.2.160/27", 64499, "Example Servers B.V.", "NL"),
        ("192.0.2.192/26", 8075, "MICROSOFT-CORP-MSN-AS-BLOCK", "US"),
    )
    networks = {
        cidr: {"autonomous_system_number": asn, "autonomous_system_organization": name} for cidr, asn, name, _ in hosts
    }
    places = {cidr: {"country": {"iso_code": country}} for cidr, _, _, country in hosts}
    for path, content, kind in ((asn_path, networks, "Sandbox-ASN"), (city_path, places, "Sandbox-City")):
        aside = path.with_suffix(".new")
        aside.write_bytes(mmdb(content, database_type=kind, built=built))
        aside.replace(path)


def _bits(cidr: str) -> str:
    """The prefix as bits of an IPv6 tree, in which IPv4 lies below ::/96."""
    network = ip_network(cidr)
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
    return bits if network.version == 6 else "0" * 96 + bits


def _insert(root: _Node, bits: str, value: bytes) -> None:
    node = root
    for bit in bits[:-1]:
        if node[int(bit)] is None:
            node[int(bit)] = [None, None]
        node = node[int(bit)]
        if isinstance(node, bytes):
            raise ValueError("Networks overlap")
    if node[int(bits[-1])] is not None:
        raise ValueError("Networks overlap")
    node[int(bits[-1])] = value


def _collect(node: _Node, nodes: list[_Node]) -> None:
    nodes.append(node)
    for side in node:
        if isinstance(side, list):
            _collect(side, nodes)


def _encode(value: Any) -> bytes:
    if isinstance(value, str):
        octets = value.encode()
        return _control(_STRING, len(octets)) + octets
    if isinstance(value, int):
        octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return _control(value.kind if isinstance(value, Sized) else _UINT32, len(octets)) + octets
    if isinstance(value, Mapping):
        pairs = b"".join(_encode(name) + _encode(item) for name, item in value.items())
        return _control(_MAP, len(value)) + pairs
    return _control(_ARRAY, len(value)) + b"".join(map(_encode, value))


def _control(kind: int, size: int) -> bytes:
    """Type and size; types above 7 stand in a second octet."""
    if size >= 285:
        raise ValueError("A value is too long for this writer")
    small = min(size, 29)
    head = bytes((kind << 5 | small,)) if kind <= 7 else bytes((small, kind - 7))
    return head + (bytes((size - 29,)) if size >= 29 else b"")
