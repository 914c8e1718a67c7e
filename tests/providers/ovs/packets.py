"""Packets as bytes, for tests: Ethernet, ARP, IPv4/IPv6 with UDP or ICMPv6, neighbour discovery."""

from __future__ import annotations

import ipaddress
import struct


def mac(value: int) -> bytes:
    return value.to_bytes(6)


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(source: int, destination: int, kind: int, payload: bytes) -> bytes:
    return (mac(destination) + mac(source) + kind.to_bytes(2) + payload).ljust(60, b"\0")


def arp(eth: tuple[int, int], op: int, sender: tuple[int, str], target: tuple[int, str]) -> bytes:
    """`eth` is (source, destination); sender and target are (MAC, IPv4)."""
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, op)
    for hardware, address in (sender, target):
        body += mac(hardware) + ipaddress.IPv4Address(address).packed
    return ethernet(*eth, 0x0806, body)


def ipv4_udp(eth: tuple[int, int], addresses: tuple[str, str], ports: tuple[int, int]) -> bytes:
    source, destination = (ipaddress.IPv4Address(address).packed for address in addresses)
    udp = struct.pack("!HHHH", *ports, 8 + 4, 0) + b"data"
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source + destination
    head = head[:10] + checksum(head).to_bytes(2) + head[12:]
    return ethernet(*eth, 0x0800, head + udp)


def icmpv6(eth: tuple[int, int], addresses: tuple[str, str], message: bytes) -> bytes:
    """`message` from its type on, with a zero checksum."""
    source, destination = (ipaddress.IPv6Address(address).packed for address in addresses)
    pseudo = source + destination + struct.pack("!IHBB", len(message), 0, 0, 58)
    message = message[:2] + checksum(pseudo + message).to_bytes(2) + message[4:]
    head = struct.pack("!IHBB", 6 << 28, len(message), 58, 255) + source + destination
    return ethernet(*eth, 0x86DD, head + message)


def icmpv6_valid(packet: bytes) -> bool:
    """Whether the ICMPv6 checksum of a frame holds."""
    length = int.from_bytes(packet[18:20])
    pseudo = packet[22:54] + struct.pack("!IHBB", length, 0, 0, 58)
    return checksum(pseudo + packet[54 : 54 + length]) == 0


def solicitation(target: str, lladdr: int | None) -> bytes:
    """A neighbour solicitation (RFC 4861, section 4.3), with the source link-layer address option if given."""
    option = b"" if lladdr is None else bytes([1, 1]) + mac(lladdr)
    return bytes([135, 0, 0, 0]) + bytes(4) + ipaddress.IPv6Address(target).packed + option


def advertisement(target: str, lladdr: int | None) -> bytes:
    """A neighbour advertisement (RFC 4861, section 4.4)."""
    option = b"" if lladdr is None else bytes([2, 1]) + mac(lladdr)
    return bytes([136, 0, 0, 0]) + bytes.fromhex("60000000") + ipaddress.IPv6Address(target).packed + option
