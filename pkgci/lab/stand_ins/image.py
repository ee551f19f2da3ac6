"""The image of the machine that has the stand-ins: the lab's own one for Debian 13, and what the programs need.

It is kept under a name of its own: the next lab has it at once, and without a network.
"""

from __future__ import annotations

import hashlib
from typing import Any

import docker
from docker.errors import ImageNotFound

from pkgci.errors import PkgciError
from pkgci.lab.engine import LABEL, refusals
from pkgci.lab.image import IMAGE_LABEL
from pkgci.lab.recipe import REPOSITORY

PACKAGES = ("apt-utils", "git", "gpg", "gpg-agent", "python3-asyncssh", "python3-jinja2", "python3-pip")

TAG = "stand-ins"
_SCRIPT = f"""set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --no-install-recommends --yes {" ".join(PACKAGES)}
apt-get clean
rm -rf /var/lib/apt/lists/*
"""


def stand_ins_image(base: str) -> str:
    """The name of the image that is made of the image ``base``."""
    digest = hashlib.sha256(f"{base}\n{_SCRIPT}".encode()).hexdigest()
    return f"{REPOSITORY}:{TAG}-{digest[:12]}"


def has_image(client: docker.DockerClient, image: str) -> bool:
    """Whether the engine has the image already."""
    with refusals("look for an image"):
        try:
            client.images.get(image)
        except ImageNotFound:
            return False
    return True


def build_image(client: docker.DockerClient, base: str, image: str, lab: str, network: str) -> None:
    """Makes ``image`` of ``base``, with packages fetched over the lab's ``network``. Raises ``PkgciError``."""
    with refusals(f"make the image {image}"):
        container: Any = client.containers.run(
            base,
            ["/bin/sh", "-c", _SCRIPT],
            detach=True,
            network=network,
            labels={LABEL: lab},
        )
        try:
            status = int(container.wait(timeout=600)["StatusCode"])
            if status != 0:
                said = container.logs(tail=3).decode(errors="replace").strip()
                raise PkgciError(
                    f"cannot build the image of the stand-ins: apt ended with status {status}",
                    f"{said}\n  another package mirror: `lab: {{mirror: http://…}}` in the site file",
                )
            repository, _, tag = image.partition(":")
            # The machine's own labels are given when it is made; the lab that happened to be first owns no image.
            container.commit(repository=repository, tag=tag, changes=[f"LABEL {IMAGE_LABEL}={tag} {LABEL}="])
        finally:
            container.remove(force=True)
