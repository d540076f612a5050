"""Where webhooks may be sent: to no place that only this server can reach."""

import ipaddress

import pytest

from tongdai.webhooks.address import Rules, allowed, refusal_of_url

PUBLIC, ANYWHERE = Rules(), Rules(http=True, private=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255", "192.88.99.1", "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fe80::1",
        "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::", "100::1",
    ],
)  # fmt: skip
def test_address_inside_is_refused(address: str) -> None:
    assert not allowed(ipaddress.ip_address(address), PUBLIC)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_address_is_allowed(address: str) -> None:
    assert allowed(ipaddress.ip_address(address), PUBLIC)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "fd00::1", "::1", "::ffff:10.0.0.1"])
def test_private_networks_are_allowed_by_the_setting(address: str) -> None:
    assert allowed(ipaddress.ip_address(address), ANYWHERE)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::"]
)
def test_link_local_addresses_never_are(address: str) -> None:
    assert not allowed(ipaddress.ip_address(address), ANYWHERE)


@pytest.mark.parametrize(
    "url",
    [
        "", "a", "http://crm.example.com/", "ftp://crm.example.com/", "https://", "https:///a", "https://a:b@crm.example.com/",
        "https://a@crm.example.com/", "https://crm.example.com/#a", "https://crm.example.com/a b", "https://crm.example.com/ê",
        "https://crm.example.com\\@10.0.0.1/", "https://10.0.0.1/", "https://127.0.0.1:8443/", "https://[::1]/",
        "https://[::ffff:10.0.0.1]/", "https://[fe80::1%25eth0]/", "https://crm.example.com:99999/", "https://[::1",
        "javascript:alert(1)", "file:///etc/passwd", "https://crm.example.com/\r\nHost: a",
    ],
)  # fmt: skip
def test_url_that_is_none_of_a_receiver_is_refused(url: str) -> None:
    assert refusal_of_url(url, PUBLIC) is not None


@pytest.mark.parametrize(
    "url", ["https://crm.example.com", "https://crm.example.com:8443/a/b?c=d%20e", "https://1.1.1.1/"]
)
def test_url_of_a_receiver_is_taken(url: str) -> None:
    assert refusal_of_url(url, PUBLIC) is None


def test_http_needs_the_setting() -> None:
    assert refusal_of_url("http://crm.example.com/", Rules(http=True)) is None
    assert refusal_of_url("http://10.0.0.1/", Rules(http=True)) is not None
    assert refusal_of_url("http://10.0.0.1/", ANYWHERE) is None
