"""What can be said of a lab in a site file: above all, which Gerrit and which Jenkins it has."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from pkgci.model.base import Model
from pkgci.model.texts import PathText, Sha256
from pkgci.model.web import WebAddress

# The host that a lab adds for a real Gerrit, and the key that opens the lab's hosts, beside the site file.
LAB_REVIEW = "review"
LAB_KEY = ".lab/id_ed25519"
# The machine of the lab that has the stand-ins: the name of its container, and its label in the site's domain.
STAND_INS = "stand-ins"

_IS_URL = ("http://", "https://")


class Choice(StrEnum):
    """Which server a lab has: the stand-in that it brings, the real one that the site pins, or none of its own."""

    STAND_IN = "stand-in"
    REAL = "real"
    NONE = "none"


# A word or a mapping: by its shape it is told which of the two somebody meant, and what is wrong with that one.
_WORD, _MAPPING = Tag("enum[word]"), Tag("enum[mapping]")
_BY_SHAPE = Discriminator(lambda value: _MAPPING.tag if isinstance(value, dict | Model) else _WORD.tag)


class LabWar(Model):
    """A server's WAR: a file on this machine, which the lab carries into the host, or an address."""

    war: PathText = Field(description="The WAR: a path, relative to the site file, or a web address.")
    sha256: Sha256 | None = Field(None, description="Its SHA-256 checksum. Default, for a file: the one that it has.")

    @property
    def is_url(self) -> bool:
        return self.war.startswith(_IS_URL)


class LabJenkins(LabWar):
    """A Jenkins for the lab: its WAR, and a folder of its plugins on this machine."""

    plugins: PathText | None = Field(
        None, description="A folder of plugins (*.hpi, *.jpi), with all that they depend on. Default: downloaded ones."
    )


class Lab(Model):
    """How `pkgci lab` makes this site's hosts out of containers."""

    mirror: WebAddress | None = Field(None, description="Default: this machine's own mirror.")
    jenkins: Annotated[
        Annotated[Literal[Choice.STAND_IN, Choice.REAL], _WORD] | Annotated[LabJenkins, _MAPPING], _BY_SHAPE
    ] = Field(
        Choice.STAND_IN,
        description="The stand-in that the lab brings, the release that the site pins (`real`), or "
        "{war: …, plugins: …}.",
    )
    review: Annotated[Annotated[Choice, _WORD] | Annotated[LabWar, _MAPPING], _BY_SHAPE] = Field(
        Choice.STAND_IN,
        description="The stand-in for Gerrit that the lab brings; the release that the site pins (`real`) or {war: …}, "
        "on a host with the role review; or none: `gerrit` names one elsewhere.",
    )


def is_real(choice: Choice | LabWar) -> bool:
    """Whether the lab is to have the real server."""
    return isinstance(choice, LabWar) or choice is Choice.REAL
