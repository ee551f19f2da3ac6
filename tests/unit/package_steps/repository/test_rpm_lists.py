"""What the publisher knows of a distribution of RPM packages: out of its mirror's metadata."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pkgci_steps.programs import Programs
from pkgci_steps.repository import distribution
from pkgci_steps.repository.known import Known
from pkgci_steps.repository.limited import limited
from pkgci_steps.repository.relations import Relation
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

NAME = "http://linux.duke.edu/metadata"
PRIMARY = f"""<metadata xmlns="{NAME}/common" xmlns:rpm="{NAME}/rpm">
<package type="rpm"><name>sudo</name><version epoch="1" ver="1.9" rel="3.el9"/><format>
  <rpm:sourcerpm>sudo-1.9-3.el9.src.rpm</rpm:sourcerpm>
  <rpm:provides><rpm:entry name="sudo" flags="EQ" epoch="1" ver="1.9" rel="3.el9"/>
    <rpm:entry name="config(sudo)"/></rpm:provides>
  <rpm:obsoletes><rpm:entry name="sudo-old" flags="LT" epoch="0" ver="1.8"/></rpm:obsoletes></format></package>
<package type="rpm"><name>libblkid</name><version epoch="0" ver="2.37" rel="1"/><format>
  <rpm:sourcerpm>util-linux-core-2.37-1.src.rpm</rpm:sourcerpm></format></package>
</metadata>"""
TARGET = Target("el9", "rpm", backend="mock", mock_root="rocky-9-x86_64", mirror="https://m.example.org/9/")


class Mirror(Programs):
    """Serves the metadata, until it ``is_away``; remembers what it was asked for."""

    def __init__(self, primary: str = PRIMARY, suffix: str = ".gz") -> None:
        self.primary = primary.encode()
        self.suffix = suffix
        self.packed = gzip.compress(self.primary)
        self.called: list[list[str | Path]] = []
        self.asked: list[str] = []
        self.is_away = False

    def run(self, command: Sequence[str | Path], **more: Any) -> int:
        url, path = str(command[2]), Path(command[3])
        self.asked.append(url)
        if self.is_away:
            return 100
        checksum = hashlib.sha256(self.packed).hexdigest()
        if url.endswith("repomd.xml"):
            path.write_text(
                f'<repomd><data type="primary"><checksum type="sha256">{checksum}</checksum>'
                f'<location href="repodata/{checksum}-primary.xml{self.suffix}"/></data></repomd>'
            )
        else:
            assert command[4] == f"SHA256:{checksum}"
            path.write_bytes(self.packed)
        return 0

    def pipe(self, command: Sequence[str | Path], take: Callable[[bytes], None], *, seconds: float) -> int:
        self.called.append(list(command))
        take(self.primary)
        return 0


def ask(step: Step, mirror: Mirror, folder: Path, *names: str, target: Target = TARGET) -> Known:
    own = dataclasses.replace(step, programs=mirror, scratch=folder)
    return distribution.of_mirror(own, folder / "lists", folder / "locks")(target, frozenset(names))


def test_names_versions_sources_and_relations_are_the_mirrors(step: Step, tmp_path: Path) -> None:
    found = ask(step, Mirror(), tmp_path, "sudo", "libblkid", "util-linux-core", "greet")
    versions = {(one.name, one.version, one.source) for one in found.packages}
    assert versions == {("sudo", "1:1.9-3.el9", "sudo"), ("libblkid", "2.37-1", "util-linux-core")}
    assert found.sources == {"sudo", "util-linux-core"}
    said = (Relation("Provides", "sudo", "=", "1:1.9-3.el9"), Relation("Obsoletes", "sudo-old", "<", "1.8"))
    assert found.named("sudo")[0].relations == said


def test_what_zstd_unpacks_it_unpacks_within_limits_and_without_a_network(step: Step, tmp_path: Path) -> None:
    mirror = Mirror(suffix=".zst")
    assert ask(step, mirror, tmp_path, "sudo").packages
    assert mirror.called == [limited(["zstd", "-dcq", tmp_path / "primary.zst"])]


def test_each_of_the_targets_components_is_asked_for(step: Step, tmp_path: Path) -> None:
    mirror = Mirror()
    ask(step, mirror, tmp_path, "sudo", target=dataclasses.replace(TARGET, components=("BaseOS", "AppStream")))
    assert [url for url in mirror.asked if url.endswith("repomd.xml")] == [
        f"https://m.example.org/9/{name}/{os.uname().machine}/os/repodata/repomd.xml"
        for name in ("BaseOS", "AppStream")
    ]


def test_the_metadata_is_fetched_again_when_it_is_old_and_used_as_it_is_where_the_mirror_is_away(
    step: Step, tmp_path: Path
) -> None:
    mirror = Mirror()
    for _ in range(2):
        ask(step, mirror, tmp_path, "sudo")
    assert len(mirror.asked) == 2
    os.utime(tmp_path / "lists/el9/fetched", (time.time() - 7 * 3600,) * 2)
    mirror.is_away = True
    assert ask(step, mirror, tmp_path, "sudo").packages
    assert len(mirror.asked) == 3


@pytest.mark.parametrize("primary", ["", "<metadata>", "no metadata"])
def test_where_nothing_is_known_of_the_distribution_nothing_is_published(
    step: Step, tmp_path: Path, primary: str
) -> None:
    mirror = Mirror(primary)
    mirror.is_away = not primary
    with pytest.raises(Ended) as ended:
        ask(step, mirror, tmp_path, "sudo")
    assert ended.value.status is Status.INFRASTRUCTURE
