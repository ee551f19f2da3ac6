"""The Puppet modules and their classes: an index, from the manifests' own documentation comments."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pkgci import __version__
from pkgci.model.roles import OperatingSystem
from tools.manual.markdown import code, document, table

MODULES = Path(__file__).resolve().parents[2] / "puppet/site-modules"
_LINK = "../../puppet/site-modules"
_AUTHOR = "pkgci"
# The Forge's modules that ours may use: name, and the versions of the supported distributions.
_FORGE = {
    "stdlib": ("puppetlabs-stdlib", ">= 8.5.0 < 10.0.0"),
    "concat": ("puppetlabs-concat", ">= 7.3.0 < 10.0.0"),
    "apache": ("puppetlabs-apache", ">= 5.5.0 < 13.0.0"),
}


def page() -> str:
    """docs/reference/puppet.md."""
    return document(
        "Puppet modules",
        "The manifests follow the roles and profiles pattern: a class `role::NAME` is a list of profiles, a profile "
        "takes its data from Hiera, and the other modules know nothing of the site. Each module has a `REFERENCE.md` "
        "with all parameters, made by puppet-strings (`make puppet-reference`).",
        "## Modules",
        table(("Module", "What it is for"), list(_modules())),
        "## Roles",
        table(("Class", "What it is for"), list(_classes("role"))),
        "## Profiles",
        "A site sets a profile's parameters under `roles:` in the site file, as in "
        '`roles: {zuul: {"profile::journal::size": 2G}}`.',
        table(("Class", "What it is for"), list(_classes("profile"))),
    )


def _modules() -> Iterator[tuple[str, str]]:
    for folder in sorted(MODULES.iterdir()):
        metadata = json.loads((folder / "metadata.json").read_text("utf-8"))
        yield f"[`{folder.name}`]({_LINK}/{folder.name}/REFERENCE.md)", metadata["summary"]


def _classes(module: str) -> Iterator[tuple[str, str]]:
    for file in sorted((MODULES / module / "manifests").rglob("*.pp")):
        text = file.read_text("utf-8")
        name = re.search(r"^(?:class|define) ([\w:]+)", text, re.MULTILINE)
        if name:
            yield code(name[1]), summary(text)


def summary(text: str) -> str:
    """What the manifest ``text`` says for @summary."""
    found = re.match(r"# @summary (.*(?:\n#   +.*)*)", text)
    return " ".join(found[1].replace("\n#", " ").split()) if found else ""


def metadata() -> dict[str, str]:
    """Path → text of each module's metadata.json: everything but the summary, which is written there, is derived."""
    project = tomllib.loads((MODULES.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    made = {}
    for folder in sorted(MODULES.iterdir()):
        file = folder / "metadata.json"
        data = {
            "name": f"{_AUTHOR}-{folder.name}",
            "version": __version__,
            "author": _AUTHOR,
            "summary": json.loads(file.read_text("utf-8"))["summary"],
            "license": project["license"],
            "source": project["urls"]["Source"],
            "dependencies": [{"name": name, "version_requirement": version} for name, version in _dependencies(folder)],
            "operatingsystem_support": _systems(),
            "requirements": [{"name": "puppet", "version_requirement": ">= 7.0.0 < 9.0.0"}],
        }
        made[str(file.relative_to(MODULES.parents[1]))] = json.dumps(data, indent=2) + "\n"
    return made


def _dependencies(folder: Path) -> Iterator[tuple[str, str]]:
    """The modules that those in ``folder`` use, and their versions: Puppet shows a module no functions of others."""
    text = "\n".join(
        re.sub(r"^\s*#.*$", "", file.read_text("utf-8"), flags=re.MULTILINE) for file in sorted(folder.rglob("*.pp"))
    )
    own = {other.name: (f"{_AUTHOR}-{other.name}", f">= {__version__} < 1.0.0") for other in MODULES.iterdir()}
    found = [own[name] for name in own if name != folder.name and _uses(text, name)]
    yield from sorted([*found, *(row for name, row in _FORGE.items() if _uses(text, name))])


def _uses(text: str, module: str) -> bool:
    """Whether the manifests ``text`` name a class, a type, a function or a resource of ``module``."""
    named = rf"(?<![\w:])(?:{module}|{module.capitalize()})::|\b(?:include|contain|require) {module}\b"
    declared = rf"\bclass \{{ '{module}'|^\s*{module} \{{"
    return bool(re.search(f"{named}|{declared}", text, re.MULTILINE))


def _systems() -> list[dict[str, object]]:
    """The operating systems of the role catalogue, as the Forge writes them."""
    releases: dict[str, list[str]] = {}
    for system in sorted(OperatingSystem):
        name, _, release = system.partition("-")
        releases.setdefault(name.capitalize(), []).append(release)
    return [{"operatingsystem": name, "operatingsystemrelease": found} for name, found in releases.items()]
