"""Who filters a host's packets, besides pkgci."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from pkgci.facts.fact import Answers, Fact

# Our own tables; the lab's, too.
_OURS = "pkgci"


class Firewalls(Fact[tuple[str, ...]]):
    """Programs and tables of somebody else that decide about what comes in or goes through."""

    program = "firewalls"

    def read(self, answers: Answers) -> tuple[str, ...]:
        """Their names, each once."""
        return tuple(dict.fromkeys((*answers.all("firewall"), *_tables(answers), *_legacy(answers))))


def _legacy(found: Answers) -> Iterator[str]:
    if found.all("iptables"):
        yield "iptables-legacy rules"


def _tables(found: Answers) -> Iterator[str]:
    """The tables that decide about what comes in or goes through, as ``nft list ruleset`` would name them.

    A chain without rules that lets everything pass decides nothing; one that only rewrites what the host itself sends
    keeps nobody out (that is how Docker's own name service reaches a container).
    """
    try:
        objects = json.loads(base64.b64decode(found.one("nft")) or b"{}").get("nftables", [])
    except (ValueError, binascii.Error, AttributeError):
        yield "nftables rules that cannot be read"
        return
    ruled = {_chain(item["rule"], "chain") for item in objects if "rule" in item}
    for item in objects:
        chain = item.get("chain", {})
        place = (chain.get("type"), chain.get("hook"))
        own_traffic = place in {("nat", "output"), ("nat", "postrouting")}
        decides = (
            "hook" in chain and not own_traffic and (chain.get("policy") == "drop" or _chain(chain, "name") in ruled)
        )
        if decides and not str(chain["table"]).startswith(_OURS):
            docker = " (Docker's)" if _dockers(objects, chain) else ""
            yield f"nftables table {chain['family']} {chain['table']}{docker}"


def _chain(item: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    return (item.get("family"), item.get("table"), item.get(key))


def _dockers(objects: Iterable[Mapping[str, Any]], chain: Mapping[str, Any]) -> bool:
    table = (chain["family"], chain["table"])
    chains = (item["chain"] for item in objects if "chain" in item)
    return any((one["family"], one["table"]) == table and str(one["name"]).startswith("DOCKER") for one in chains)


class Firewall(StrEnum):
    """Which rules the kernel has: those that are wanted, others because those cannot be loaded, or none."""

    WANTED = "wanted"
    OTHERS = "others"
    NONE = "none"


class OwnFirewall(Fact[Firewall]):
    """What is wrong with the packet filter that pkgci has set up."""

    program = "own_firewall"

    def __init__(self, *, asked: bool) -> None:
        self._asked = asked

    def settings(self) -> Mapping[str, Iterable[str]]:
        """Whether there is to be one at all."""
        return {"ASKED": ["yes"] if self._asked else []}

    def read(self, answers: Answers) -> Firewall:
        """Nothing, where nothing was printed."""
        return Firewall(answers.one("own_firewall") or Firewall.WANTED)
