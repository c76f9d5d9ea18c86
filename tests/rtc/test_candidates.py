import contextlib
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.errors import InvalidParameters
from scope.rtc.candidates import LEAST_PORT, guard_candidate


def line(address: str = "198.51.100.4", port: int = 50_000, *, tail: str = "typ host") -> str:
    return f"candidate:842163049 1 udp 1677729535 {address} {port} {tail}"


def passes(candidate: str, *, loopback: bool = False) -> bool:
    return guard_candidate(candidate, client_is_loopback=loopback) is not None


@pytest.mark.parametrize(
    "candidate",
    [
        line(),
        line().removeprefix("candidate:"),
        "a=" + line(),
        line() + "\r\n",
        line("2001:db8::7"),
        line("fd00::2"),
        line("192.168.1.20"),
        line("10.0.0.1", tail="typ srflx raddr 192.168.0.1 rport 4444 generation 0"),
        line(tail="typ relay raddr 0.0.0.0 rport 9 ufrag abcd network-cost 999"),
        line().replace("udp", "UDP"),
    ],
)
def test_what_browsers_send_is_tried(candidate: str) -> None:
    assert passes(candidate)


def test_a_name_of_a_browser_is_kept_as_a_name() -> None:
    name = "7b372aea-0cce-4965-818b-77bef4b7077b.local"
    parsed = guard_candidate(line(name), client_is_loopback=False)
    assert parsed is not None
    assert (parsed.mdns, parsed.address, parsed.port) == (True, name, 50_000)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "224.0.0.251",
        "ff02::fb",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "255.255.255.255",
        "240.0.0.1",
        "metadata.google.internal",
        "localhost",
        "a.b.local",
    ],
)
def test_addresses_nobody_should_make_us_send_to_are_dropped(address: str) -> None:
    assert not passes(line(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_client_on_loopback_may_name_loopback(address: str) -> None:
    assert passes(line(address), loopback=True)


def test_even_a_client_on_loopback_may_not_name_the_rest() -> None:
    assert not passes(line("169.254.169.254"), loopback=True)


@pytest.mark.parametrize("port", [0, 9, 22, LEAST_PORT - 1, 65_536, 70_000, 9_999_999_999])
def test_ports_of_services_and_impossible_ones_are_dropped(port: int) -> None:
    assert not passes(line(port=port))


@pytest.mark.parametrize(
    "candidate",
    [
        line().replace(" 1 udp", " 2 udp"),
        line().replace(" 1 udp", " 99 udp"),
        line().replace("udp", "tcp") + " tcptype active",
        line(tail="typ prflx"),
        line().replace("1677729535", "0"),
        line().replace("1677729535", "4294967296"),
    ],
)
def test_what_we_do_not_speak_is_dropped(candidate: str) -> None:
    assert not passes(candidate)


@pytest.mark.parametrize(
    "candidate",
    [
        "x",
        "candidate:",
        "candidate:1 1 udp",
        line().replace("typ", "type"),
        line().replace("1677729535", "-1"),
        line().replace("50000", "0x10"),
        line().replace("50000", "٥٠٠٠٠"),
        line("198.51.100.4\r\na=evil:1"),
        line() + "x" * 600,
    ],
)
def test_what_is_no_candidate_is_an_error(candidate: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        guard_candidate(candidate, client_is_loopback=False)
    assert caught.value.field == "candidate"


@given(st.text(max_size=200))
def test_any_text_is_a_candidate_or_an_error(text: str) -> None:
    with contextlib.suppress(InvalidParameters):
        guard_candidate(text, client_is_loopback=True)


@given(st.ip_addresses(), st.integers(0, 70_000))
def test_nothing_that_passes_points_at_ourselves(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int
) -> None:
    parsed = guard_candidate(line(str(address), port), client_is_loopback=False)
    if parsed is not None:
        assert parsed.port >= LEAST_PORT
        kinds = ("is_loopback", "is_link_local", "is_multicast", "is_unspecified")
        assert not any(getattr(address, kind) for kind in kinds)
