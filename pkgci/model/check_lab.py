"""What must be true of a site that is to be a lab: its hosts' addresses, and what the lab carries into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from pkgci.model.document import Document, Fault, Path_
from pkgci.model.entries import host_addresses, host_entries, lab_adds_review
from pkgci.model.lab import LAB_REVIEW, STAND_INS, Choice, LabJenkins, LabWar, is_real
from pkgci.model.review import TEST_RANGE
from pkgci.model.schema import SiteFile
from pkgci.model.texts import Address
from pkgci.paths import beside


@dataclass(frozen=True)
class Misplaced:
    """Why the host ``name`` can be no lab's, by its addresses; ``hint`` says what a lab's are."""

    name: str
    words: str
    hint: str | None = None


def misplaced(hosts: Iterable[tuple[str, tuple[Address, ...]]]) -> Iterator[Misplaced]:
    """The hosts, each with its addresses, that cannot be in one lab: a /24 of the range for tests has it all."""
    networks: dict[IPv4Network, str] = {}
    for name, addresses in hosts:
        if len(addresses) != 1:
            yield Misplaced(name, f"host '{name}' has {len(addresses)} addresses: a lab host has one, IPv4")
            continue
        address = addresses[0]
        if not isinstance(address, IPv4Address) or address not in TEST_RANGE:
            yield Misplaced(
                name,
                f"host '{name}' has the address {address}, which is no lab's",
                f"a lab's hosts have addresses in one /24 of {TEST_RANGE} (RFC 2544)",
            )
            continue
        network = IPv4Network((address, 24), strict=False)
        if address in (network[0], network[1], network[255]):
            what = "this machine's own in the lab" if address == network[1] else "no host's in a /24"
            yield Misplaced(name, f"host '{name}' has the address {address}, which is {what}")
            continue
        networks.setdefault(network, name)
        if len(networks) > 1:
            (one, first), *_ = networks.items()
            yield Misplaced(
                name,
                f"the lab's addresses lie in several networks: '{first}' in {one}, '{name}' in {network}",
                "give all hosts, and `outside`, addresses in one /24",
            )
            return


def check_lab_network(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """The hosts of a site with the section `lab` that `pkgci lab` could not make."""
    if site_file.lab is None:
        return
    hosts = [(name, host_addresses(entry)) for name, entry in site_file.hosts.items()]
    hosts += [("outside", (site_file.outside.address,))] if site_file.outside else []
    for number, found in enumerate(misplaced(hosts)):
        path: Path_ = ("outside", "address") if found.name == "outside" else ("hosts", found.name, "address")
        hint = f" ({found.hint}; without the key `lab` the site is none)" if found.hint and number == 0 else ""
        yield Fault(document.position(path), f"{found.words}{hint}")
    if STAND_INS in site_file.hosts and (site_file.gerrit is not None or site_file.lab.jenkins is Choice.STAND_IN):
        place = document.position(("hosts", STAND_INS), key=True)
        yield Fault(place, f"host '{STAND_INS}': the name is that of the lab's stand-ins: give it another")


def check_lab_servers(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """Whether a lab can have the servers that it is to have."""
    lab = site_file.lab
    if lab is None:
        return
    if is_real(lab.review) and site_file.gerrit is None:
        yield Fault(document.position(("lab", "review")), "a lab's real Gerrit needs its name: 'gerrit: {host: …}'")
    if lab_adds_review(site_file):
        if LAB_REVIEW in site_file.hosts:
            place = document.position(("hosts", LAB_REVIEW), key=True)
            yield Fault(place, f"host '{LAB_REVIEW}': the name is the lab's own Gerrit's: give it another")
        elif site_file.gerrit is not None and LAB_REVIEW not in host_entries(site_file):
            place = document.position(("lab", "review"))
            yield Fault(place, "the lab's network has no address left for its Gerrit: give that a host of its own")
    for key, choice in _lab_wars(site_file):
        if choice.is_url and choice.sha256 is None:
            place = document.position(("lab", key, "war"))
            yield Fault(place, "an address needs 'sha256', the checksum of what is there")


def check_lab_files(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """What a lab is to carry into its hosts and is not on this machine. Only what makes hosts needs it."""
    for key, choice in _lab_wars(site_file):
        path: Path_ = ("lab", key)
        if not choice.is_url and not beside(document.path.parent, choice.war).is_file():
            yield Fault(document.position((*path, "war")), f"there is no file {choice.war}")
        if isinstance(choice, LabJenkins) and choice.plugins is not None:
            folder = beside(document.path.parent, choice.plugins)
            if not any(folder.glob("*.[hj]pi")):
                place = document.position((*path, "plugins"))
                yield Fault(place, f"there are no plugins (*.hpi, *.jpi) in {choice.plugins}")


def _lab_wars(site_file: SiteFile) -> Iterator[tuple[str, LabWar]]:
    """The WARs that a lab names, by their keys."""
    lab = site_file.lab
    for key, choice in (("review", lab.review), ("jenkins", lab.jenkins)) if lab is not None else ():
        if isinstance(choice, LabWar):
            yield key, choice
