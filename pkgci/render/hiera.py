"""Each host's Hiera data, from the site and the templates in ``hiera/``.

A host's data is a stack of layers, each one file, the first that has a key wins:

1. ``hosts/<host>.yaml``: a site's own template for one host,
2. ``settings.yaml``: the per-role settings of the site file (``roles:``),
3. any other template that the site adds in its own ``hiera/``, in alphabetical order,
4. ``roles/<role>.yaml`` for each role of the host,
5. ``common.yaml``.

A site's template of the same name takes the place of pkgci's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import jinja2
import yaml

from pkgci.assets import asset
from pkgci.errors import PkgciError, UsageError
from pkgci.model.check_files import TEMPLATE
from pkgci.model.flows import FLOWS, LOCAL_PORTS
from pkgci.model.known_hosts import gerrit_keys, keys_of, known_name
from pkgci.model.outgoing import outgoing
from pkgci.model.packages import step_settings
from pkgci.model.plugins import pinned
from pkgci.model.records import NONE, Records
from pkgci.model.roles import AGENT_HOME, SLAVES, SUBORDINATE_IDS, Role
from pkgci.model.rules import inbound, way_in
from pkgci.model.site import Host, Site
from pkgci.model.stand_ins import jenkins_source
from pkgci.model.urls import PATHS, gerrit_url, git_url, web_url
from pkgci.render.earlier import HIERARCHY, mark
from pkgci.render.missing import explain
from pkgci.render.review import review_data
from pkgci.render.values import as_written, hiera_value
from pkgci.secrets.needs import REVIEW_HOST_KEY

SUFFIX = TEMPLATE
# The ports of the flows and of local services, by name, for templates.
PORTS = {
    port.name: port.number
    for port in (*(flow.port for flow in FLOWS), *(port for ports in LOCAL_PORTS.values() for port in ports))
}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Source(Protocol):
    """Where secrets come from: a ``SecretStore``, or ``Placeholders``."""

    def secret(self, name: str) -> str: ...

    def public(self, name: str) -> str: ...


class Placeholders:
    """Stands in for the secrets in what people read. Public halves are real where there is a store to ask."""

    def __init__(self, store: Source | None = None) -> None:
        self._store = store

    def secret(self, name: str) -> str:
        return f"<secret {name}>"

    def public(self, name: str) -> str:
        return self._store.public(name) if self._store else f"<public {name}>"


class _Recorder:
    """A source that remembers which secrets were asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.asked: dict[str, str] = {}

    def secret(self, name: str) -> str:
        self.asked[name] = self._source.secret(name)
        return self.asked[name]

    def public(self, name: str) -> str:
        return self._source.public(name)


@dataclass(frozen=True)
class HieraData:
    """One host's data: file name → text, ``hiera.yaml`` and the layers under ``data/``, in the order of lookup."""

    host: Host
    files: dict[str, str]
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


class Renderer:
    """Renders hosts of one site. Keeps the compiled templates, so that a thousand hosts are quick.

    The site, its templates and ``records`` (as ``read_records`` gives them) are all that the data depends on.

    Raises ``UsageError`` where a template is wrong or needs a value that the site does not have; the message names
    the template, the line and the site key.
    """

    def __init__(self, site: Site, templates: Path | None = None, records: Records = NONE) -> None:
        self.site = site
        self._own = site.directory / "hiera"
        self._records = records
        self._folders = [self._own, templates or asset("hiera")]
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folders),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - YAML, not HTML: every value passes the `yaml` filter
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters["yaml"] = hiera_value
        self._extra = self._extra_layers()

    def render(self, host: Host, source: Source) -> HieraData:
        """The data of ``host``, with the secrets that ``source`` gives."""
        recorder = _Recorder(source)
        context = {
            "site": self.site,
            "host": host,
            "rules": inbound(self.site, host),
            "way_in": way_in(self.site, host),
            "outgoing": outgoing(self.site, host),
            "ports": PORTS,
            "secret": recorder.secret,
            "public": recorder.public,
            "host_keys": self._host_keys,
            "step_settings": step_settings(self.site, host, self._host_keys),
            "gerrit_keys": self._gerrit_keys(recorder),
            "review": review_data(self.site, host, self._records),
            "jenkins_source": jenkins_source(self.site, self._records),
            "plugins": pinned(self.site),
            "required": _required(isinstance(source, Placeholders)),
            "url": {role.value: web_url(self.site, role) for role in PATHS if self.site.with_role(role)},
            "paths": PATHS,
            "Role": Role,
            "slaves": SLAVES,
            "agent_home": AGENT_HOME,
            "subordinate_ids": SUBORDINATE_IDS,
            "git_url": git_url(self.site) if self.site.with_role(Role.ZUUL) else None,
            "gerrit_url": gerrit_url(self.site),
        }
        layers: dict[str, str] = {}
        for name, role in self._layers(host):
            layers[f"{name}.yaml"] = self._render(f"{name}{SUFFIX}", {**context, "role": role}, host)
        settings = {key: value for role in host.roles for key, value in self.site.role_settings.get(role, {}).items()}
        ordered = list(layers)
        if settings:
            if "settings.yaml" in layers:
                raise UsageError(
                    f"{self._own / f'settings{SUFFIX}'}: the settings under `roles:` are the layer of this name",
                    "give the template another name",
                )
            place = 1 if ordered and ordered[0].startswith("hosts/") else 0
            ordered.insert(place, "settings.yaml")
            layers["settings.yaml"] = _settings_text(settings)
        hierarchy = self._render(f"hiera{SUFFIX}", {**context, "layers": ordered}, host)
        data = {f"data/{name}": layers[name] for name in ordered}
        return HieraData(host, {HIERARCHY: mark(self.site, host.name) + hierarchy, **data}, recorder.asked)

    def _host_keys(self, name: str) -> list[str]:
        """The SSH host keys ("type base64") that are recorded for the site's host ``name``."""
        return [
            f"{key.type} {key.text}" for key in keys_of(known_name(self.site.host(name)), self._records.known_hosts)
        ]

    def _gerrit_keys(self, source: Source) -> list[str]:
        """The SSH host keys of Gerrit; of the site's own one, which is made with the site's secrets, that one key.

        Raises ``UsageError`` where the site file pins another.
        """
        known = [f"{key.type} {key.text}" for key in gerrit_keys(self.site, self._records.known_hosts)]
        if self.site.own_review is None or self.site.gerrit is None:
            return known
        made = " ".join(source.public(REVIEW_HOST_KEY).split()[:2])
        if self.site.gerrit.host_key and known != [made] and not made.startswith("<"):
            raise UsageError(
                f"{self.site.path}: `gerrit: {{host_key: …}}` is not the key of the site's own Gerrit",
                f"remove it: pkgci makes that key, and pins it (`pkgci secrets show --public {REVIEW_HOST_KEY}`)",
            )
        return [made]

    def _layers(self, host: Host) -> Iterator[tuple[str, Role | None]]:
        if self._exists(f"hosts/{host.name}"):
            yield f"hosts/{host.name}", None
        for name in self._extra:
            yield name, None
        for role in host.roles:
            if self._exists(f"roles/{role}"):
                yield f"roles/{role}", role
        yield "common", None

    def _exists(self, name: str) -> bool:
        return any((folder / f"{name}{SUFFIX}").is_file() for folder in self._folders)

    def _extra_layers(self) -> tuple[str, ...]:
        names = sorted(path.name.removesuffix(SUFFIX) for path in self._own.glob(f"*{SUFFIX}"))
        return tuple(name for name in names if name not in ("hiera", "common"))

    def _render(self, name: str, context: dict[str, Any], host: Host) -> str:
        try:
            template = self._environment.get_template(name)
            text = template.render(context)
        except jinja2.TemplateNotFound as error:
            raise UsageError(f"there is no Hiera template {error.name} in {self._folders[-1]}") from None
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(f"{error.filename or name}:{error.lineno}: {error.message}") from None
        except PkgciError:
            raise
        # A site's own template may do anything that Jinja2 can: divide by zero, be no text, call itself.
        except Exception as error:
            raise explain(error, self._environment, context, host) from None
        self._check(text, template.filename or name, host)
        return text

    def _check(self, text: str, template: str, host: Host) -> None:
        """A layer must be a YAML mapping: a fault is better told here than by Puppet on the host."""
        try:
            events = yaml.parse(text, Loader=_Loader)
            kinds = [type(event) for event in events]
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1} of what it gives" if mark else ""
            problem = getattr(error, "problem", None) or "no YAML"
            raise UsageError(f"{template}: gives no YAML for host {host.name}{line}: {problem}") from None
        if yaml.MappingStartEvent not in kinds[:3] and len(kinds) > 2:
            raise UsageError(f"{template}: gives no mapping of keys to values for host {host.name}")


def _recorded(site: Site) -> str:
    file = site.directory / "known_hosts"
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _required(lenient: bool) -> Callable[[Any, str, str], Any]:
    """For templates: ``required(value, what, hint)`` is ``value``, or where it is not known yet an error that says so.

    ``lenient``: what people read shows the hole instead.
    """

    def required(value: Any, what: str, hint: str) -> Any:
        if value:
            return value
        if lenient:
            return f"<{what}>"
        raise UsageError(f"{what} is not known yet", hint)

    return required


def _settings_text(settings: dict[str, object]) -> str:
    head = "# The per-role settings of the site file.\n"
    literal = {key: as_written(value) for key, value in settings.items()}
    return head + yaml.safe_dump(literal, sort_keys=True, allow_unicode=True, default_flow_style=False)


def bundle_files(renderer: Renderer, host: Host, store: Source) -> dict[str, str]:
    """What goes to ``host``: its data, and under ``review/`` the same with the secrets hidden.

    ``render-hiera --diff`` compares the review files, so no secret ever comes back from a host.
    """
    review = review_of(renderer, host, store)
    return {**renderer.render(host, store).files, **{f"review/{name}": text for name, text in review.items()}}


def review_of(renderer: Renderer, host: Host, store: Source) -> dict[str, str]:
    """The data of ``host`` with the secrets hidden, and a fingerprint of each, so that a rotated one is seen."""
    secrets = renderer.render(host, store).secrets
    lines = [f"{name}: {hashlib.sha256(value.encode()).hexdigest()[:12]}\n" for name, value in sorted(secrets.items())]
    return {**renderer.render(host, Placeholders(store)).files, "secrets": "".join(lines)}
