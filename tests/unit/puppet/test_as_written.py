"""Values of a site reach Puppet as they were written, whatever in them looks like Hiera's interpolation."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.roles import Role
from pkgci.model.site import Site
from pkgci.render.hiera import Renderer
from tests.unit.puppet.conftest import MadeUp, compile_site, compile_tasks, facts

HOSTILE = (
    "%h %{Referer}i",
    "ab%{cd}ef",
    "%{}",
    "%{::}",
    "%%{x}",
    "%{unclosed",
    "%{literal('%')}{x}",
    "%{lookup('roles')}",
    "%{alias('roles')}",
    '%{facts.os.name} "quoted" \\ back',
    "plain % {percent}",
    "two\nlines %{x}\n",
)


class Hostile(MadeUp):
    """A source of secrets with a percent sign in each."""

    def secret(self, name: str) -> str:
        return f"ab%{{cd}}ef {name}"


@pytest.fixture
def looked_up(site: Site, tmp_path: Path) -> Callable[[dict[str, object], str], dict[str, Any]]:
    """What a lookup by the machine's own Puppet gives for the keys of role settings and of a template."""

    def look_up(settings: dict[str, object], template: str) -> dict[str, Any]:
        own = site.directory / "hiera/hosts/zuul01.yaml.j2"
        own.parent.mkdir(parents=True)
        own.write_text(template)
        with_settings = replace(site, role_settings={Role.ZUUL: settings})
        host = with_settings.host("zuul01")
        environment = tmp_path / "environment"
        for name, text in Renderer(with_settings).render(host, Hostile()).files.items():
            file = environment / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (environment / "modules").mkdir()
        (environment / "manifests").mkdir()
        keys = [*settings, *(line.partition(": ")[0] for line in template.splitlines())]
        lines = [f"notify {{ '{key}': message => to_json(lookup('{key}')) }}" for key in keys]
        (environment / "manifests/site.pp").write_text("\n".join(lines) + "\n")
        task = {"name": host.name, "environment": str(environment), "facts": facts(host)}
        answer = compile_tasks([task], tmp_path)[host.name]
        assert isinstance(answer, list), answer
        return {one["title"]: json.loads(one["values"]["message"]) for one in answer if one["type"] == "Notify"}

    return look_up


def test_a_lookup_gives_settings_secrets_and_values_of_templates_as_they_were_written(
    looked_up: Callable[[dict[str, object], str], dict[str, Any]],
) -> None:
    nested = {"list": list(HOSTILE), "hash": {text: text for text in HOSTILE}, "number": 3, "yes": True, "none": None}
    settings: dict[str, object] = {f"a{number}": text for number, text in enumerate(HOSTILE)}
    template = "b: {{ secret('zuul/x') | yaml }}\nc: {{ {'%{k}': ['%{v}']} | yaml }}\n"
    told = looked_up({**settings, "nested": nested}, template)
    assert told == {**settings, "nested": nested, "b": "ab%{cd}ef zuul/x", "c": {"%{k}": ["%{v}"]}}


def test_a_sites_own_template_may_still_interpolate(
    looked_up: Callable[[dict[str, object], str], dict[str, Any]],
) -> None:
    assert looked_up({}, 'b: "on %{facts.os.name}"\n') == {"b": "on Debian"}


def test_a_log_format_arrives_in_the_configuration_of_apache_as_it_was_written(site: Site, tmp_path: Path) -> None:
    written = r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" %{User-agent}i"
    settings: dict[str, object] = {"apache::log_formats": {"mine": written}}
    catalog = compile_site(replace(site, role_settings={Role.PUBLISHER: settings}), tmp_path, Role.PUBLISHER)["pub01"]
    texts = [str(one.get("content")) for one in catalog.all("File").values()]
    assert any(f'LogFormat "{written}" mine' in text for text in texts)
