"""What of a host's settings a bare system has."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from pkgci_steps import namespaces

PROGRAMS = (
    "groff/man.local",
    "manpath.config",
    "java-21-openjdk/security",
    "python3.14/sitecustomize.py",
)
OTHERS = ("shadow", "ssl/private/host.key", "pkgci/keys/log_upload", "passwd", "sudoers.d/pkgci", "maven/settings.xml")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # It stands alone, and looks for the way into a root beside itself.
    monkeypatch.setattr(sys, "path", [str(namespaces._BARE.parent), *sys.path])
    for name in ("bare", "enter"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import bare as module  # type: ignore[import-not-found]

    monkeypatch.delitem(sys.modules, "bare")
    monkeypatch.delitem(sys.modules, "enter")
    found: ModuleType = module
    return found


def test_programs_find_their_settings_and_nothing_of_the_host_is_shown(bare: ModuleType, tmp_path: Path) -> None:
    for name in (*PROGRAMS, *OTHERS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    shown = [Path(name).relative_to("etc") for name in bare._settings(tmp_path)]

    def is_shown(name: str) -> bool:
        return any(path in (Path(name), *Path(name).parents) for path in shown)

    assert [name for name in PROGRAMS if not is_shown(name)] == []
    assert [name for name in OTHERS if is_shown(name)] == []
