"""Where tool boxes may connect to: every spelling of an inner address is one, and names are looked up once."""

import socket

import pytest

from mainspring.toolboxes.egress import Egress, Forbidden, networks

INNER = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "[::1]",
]
OUTER = ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"]
SPELLINGS = ["2130706433", "0x7f.1", "017700000001", "127.1", "0x7f000001"]


class Resolver:
    """A resolver with answers by turn; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int, /) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize("address", INNER)
async def test_an_inner_address_is_refused_however_it_is_reached(address: str) -> None:
    with pytest.raises(Forbidden, match="egress_allow"):
        await Egress().addresses(address, 443, secure=True)
    with pytest.raises(Forbidden):
        await Egress(lookup=Resolver([address])).addresses("innocent.example", 443, secure=True)
    with pytest.raises(Forbidden):
        await Egress(lookup=Resolver(["8.8.8.8", address])).addresses("mixed.example", 443, secure=True)


@pytest.mark.parametrize("address", OUTER)
async def test_a_public_address_is_reached_by_its_number(address: str) -> None:
    assert await Egress().addresses(address, 443, secure=True) == [address]
    assert await Egress(lookup=Resolver([address])).addresses("a.example", 443, secure=True) == [address]


@pytest.mark.parametrize("host", SPELLINGS)
async def test_spellings_of_loopback_are_what_they_mean(host: str) -> None:
    meant = socket.inet_ntoa(socket.inet_aton(host))
    with pytest.raises(Forbidden):
        await Egress(lookup=Resolver([meant])).addresses(host, 443, secure=True)


async def test_loopback_by_its_name_is_refused_by_the_machines_own_resolver() -> None:
    with pytest.raises(Forbidden):
        await Egress().addresses("localhost", 443, secure=True)


async def test_a_name_that_changes_its_mind_is_asked_anew_each_time_and_never_trusted() -> None:
    rebinding = Resolver(["8.8.8.8"], ["127.0.0.1"])
    egress = Egress(lookup=rebinding)
    assert await egress.addresses("rebind.example", 443, secure=True) == ["8.8.8.8"]
    with pytest.raises(Forbidden):
        await egress.addresses("rebind.example", 443, secure=True)
    assert rebinding.asked == 2


async def test_without_tls_only_what_is_named_is_reached() -> None:
    with pytest.raises(Forbidden, match="without https"):
        await Egress().addresses("8.8.8.8", 80, secure=False)
    assert await Egress(networks(["8.8.8.8"])).addresses("8.8.8.8", 80, secure=False) == ["8.8.8.8"]


async def test_the_operator_may_name_inner_networks() -> None:
    egress = Egress(networks(["10.0.0.0/8", "::1"]))
    assert await egress.addresses("10.9.8.7", 80, secure=False) == ["10.9.8.7"]
    assert await egress.addresses("::1", 80, secure=False) == ["::1"]
    assert await egress.addresses("::ffff:10.0.0.1", 443, secure=True) == ["::ffff:10.0.0.1"]
    with pytest.raises(Forbidden):
        await egress.addresses("192.168.0.1", 443, secure=True)


async def test_a_name_without_an_address_is_no_place() -> None:
    with pytest.raises(OSError, match="has no address"):
        await Egress(lookup=Resolver([])).addresses("void.example", 443, secure=True)
    with pytest.raises(Forbidden):
        await Egress(lookup=Resolver(["nonsense"])).addresses("odd.example", 443, secure=True)
