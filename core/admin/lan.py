"""This machine's addresses on the local network, at which `studio --lan` serves."""

import os
from collections.abc import Mapping
from ipaddress import IPv4Address

import ifaddr

from core.errors import AccessError

LAN = "MUDRA_LAN"  # set by `studio --lan` for its server: the addresses, comma-separated
# adapters that connect to virtual machines and tunnels rather than to a phone
_VIRTUAL = ("docker", "br-", "veth", "virbr", "vbox", "vmnet", "vethernet", "tun", "utun", "wg")


def find_addresses() -> list[str]:
    """Return this machine's private IPv4 addresses, those of virtual adapters last; raise
    AccessError if there is none."""
    found = [
        (adapter.nice_name.lower().startswith(_VIRTUAL), address)
        for adapter in ifaddr.get_adapters()
        for address in (IPv4Address(ip.ip) for ip in adapter.ips if ip.is_IPv4)
        if address.is_private and not address.is_loopback and not address.is_link_local
    ]
    if not found:
        raise AccessError(
            "this machine has no address on a local network: connect it to the network of the "
            "phone, then start again"
        )
    return [str(address) for _, address in sorted(found, key=lambda one: one[0])]


def read_addresses(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the addresses at which `studio --lan` serves; empty without --lan."""
    return [one for one in environ.get(LAN, "").split(",") if one]
