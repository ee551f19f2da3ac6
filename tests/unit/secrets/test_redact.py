"""Secrets are hidden in text, whole or in part."""

import json

from pkgci.secrets.making import make_password, make_ssh_key
from pkgci.secrets.redact import Redactor, redact


def test_a_password_is_replaced_by_its_name() -> None:
    password = make_password().secret
    assert redact(f"login: admin:{password}@host", {"a/b": password}) == "login: admin:<secret a/b>@host"


def test_every_line_of_a_key_is_hidden_wherever_it_stands() -> None:
    key = make_ssh_key("x").secret
    for text in (key, json.dumps(key), "\n".join(f"+  {line}" for line in key.splitlines())):
        hidden = redact(text, {"ssh/x": key})
        assert "<secret ssh/x>" in hidden
        assert not any(line in hidden for line in key.splitlines() if not line.startswith("-----"))


def test_a_secret_that_contains_another_is_hidden_whole() -> None:
    assert redact("abcdefgh", {"short": "cdef", "long": "abcdefgh"}) == "<secret long>"


def test_what_a_key_shares_with_its_certificate_can_be_read() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nthe private part\nthe public part\n-----END PRIVATE KEY-----\n"
    text = "the private part, the public part"
    assert Redactor({"tls/x": key}, "a certificate with the public part")(text) == "<secret tls/x>, the public part"


def test_a_value_too_short_to_be_a_secret_hides_nothing() -> None:
    assert redact("a cat", {"x": "a", "empty": ""}) == "a cat"
