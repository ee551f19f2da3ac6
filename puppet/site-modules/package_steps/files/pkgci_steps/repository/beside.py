"""What is beside the packages in a generation: pages, keys and files to use them with (repository_admin.pages)."""

from __future__ import annotations

from collections.abc import Mapping

from ..settings import Settings
from .manifest import Manifest


def pages_of(settings: Settings, repository: str, manifest: Manifest) -> Mapping[str, str]:
    """The files beside the packages of one state of ``repository``: path in it → text."""
    return {}
