"""What the publisher's host and its web server let through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pkgci_steps.inputs import PATTERNS
from pkgci_steps.repository.base import deb_base

MANIFESTS = Path(__file__).parents[4] / "puppet/site-modules"
APACHE = (MANIFESTS / "package_repository/templates/apache.conf.epp").read_text().replace("<%= $path %>", "/packages")


def test_sudo_passes_what_a_step_is_told_and_takes_no_arguments() -> None:
    text = (MANIFESTS / "profile/templates/sudoers-publisher.epp").read_text()
    kept = re.search('env_keep = "(.*)"', text)
    assert kept and kept[1].split() == list(PATTERNS)
    programs = re.findall(r"(/usr/local/bin/\S+) (\S+?)(?:,|$)", text, re.MULTILINE)
    assert programs == [(f"/usr/local/bin/pkgci-{name}", '""') for name in ("publish-review", "promote", "prune")]


@pytest.mark.parametrize(
    ("path", "for_ever"),
    [
        ("deb/dists/trixie/InRelease", False),
        ("deb/dists/trixie/main/binary-amd64/Packages.gz", False),
        ("deb/dists/trixie/main/binary-amd64/by-hash/SHA256/00ff", True),
        ("review/5/deb/pool/trixie/greet/1.0.abc/greet_1.0_all.deb", True),
        ("rpm/el9/repodata/repomd.xml", False),
        ("rpm/el9/repodata/repomd.xml.asc", False),
        (f"review/group-x/rpm/el9/repodata/{'0' * 64}-primary.xml.gz", True),
        ("rpm/el9/packages/greet/1.0.abc/greet.rpm", True),
        ("gate/5-Z1/deb/pool/trixie/greet/1.0.abc/greet_1.0_all.deb", True),
        ("generations/000002/rpm/el9/repodata/repomd.xml", False),
        ("generations/000002/rpm/el9/packages/greet/1.0.abc/greet.rpm", True),
        ("review/5/builds/Z1/trixie.json", False),
        ("index.html", False),
    ],
)
def test_only_what_is_named_by_its_contents_is_kept_by_caches(path: str, for_ever: bool) -> None:
    pattern = re.search('<LocationMatch "(.*)">', APACHE)
    assert pattern and bool(re.search(pattern[1], f"/packages/{path}")) is for_ever


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("index.html", "release/current/index.html"),
        ("rpm/el9/mirrorlist", "release/current/rpm/el9/mirrorlist"),
        ("generations/000002/rpm/el9/repodata/repomd.xml", "release/generations/000002/rpm/el9/repodata/repomd.xml"),
        ("review/5/deb/dists/trixie/InRelease", "review/5/current/deb/dists/trixie/InRelease"),
        ("review/5/generations/000002/rpm/el9/packages/a.rpm", "review/5/generations/000002/rpm/el9/packages/a.rpm"),
        ("gate/5-Z1/deb/dists/trixie/InRelease", "gate/5-Z1/current/deb/dists/trixie/InRelease"),
        ("gate/5-Z1/generations/000002/rpm/el9/packages/a.rpm", "gate/5-Z1/generations/000002/rpm/el9/packages/a.rpm"),
        # What older states had beside that, pages and the records of builds, is nobody's affair any more.
        ("generations/000002/index.html", "release/current/generations/000002/index.html"),
        ("review/5/generations/000002/builds/Z1/el9.json", "review/5/current/generations/000002/builds/Z1/el9.json"),
    ],
)
def test_readers_see_the_current_state_and_of_older_ones_what_dnf_reads(path: str, file: str) -> None:
    rules = re.findall(r'^AliasMatch "(.*)" "<%= \$folder %>/(.*)"$', APACHE, re.MULTILINE)
    found = next((found, target) for rule, target in rules if (found := re.match(rule, f"/packages/{path}")))
    assert re.sub(r"\$(\d)", lambda group: found[0][int(group[1])], found[1]) == file


def test_the_base_of_a_system_is_what_is_essential_and_what_that_needs() -> None:
    lines = [
        "bash\tyes\trequired\tbash\tlibc6 (>= 2.36), libtinfo6 | libtinfo5",
        "libc6\t\toptional\tglibc\tlibgcc-s1",
        "libgcc-s1\t\toptional\tgcc-14\t",
        "libtinfo6\t\toptional\tncurses\t",
        "nano\t\tstandard\tnano\tlibncursesw6",
        "libncursesw6\t\toptional\tncurses\t",
    ]
    assert deb_base(lines) == {"bash": "bash", "libc6": "glibc", "libgcc-s1": "gcc-14", "libtinfo6": "ncurses"}
