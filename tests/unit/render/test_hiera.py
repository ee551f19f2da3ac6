"""Rendering: layers, overrides, secrets hidden, and what a missing value says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.errors import UsageError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.render.hiera import HieraData, Placeholders, Renderer, bundle_files
from tests.unit.conftest import SITE

HIERARCHY = "version: 5\nhierarchy:\n{% for layer in layers %}\n  - {path: {{ layer | yaml }}}\n{% endfor %}\n"


class Store:
    """A store that knows every secret."""

    def secret(self, name: str) -> str:
        return f"value of {name}"

    def public(self, name: str) -> str:
        return f"public half of {name}"


@pytest.fixture
def templates(tmp_path: Path) -> Callable[..., Path]:
    """Writes templates, as pkgci's own ``hiera/``, and gives their folder."""

    def write(**files: str) -> Path:
        folder = tmp_path / "templates"
        for name, text in {"hiera": HIERARCHY, "common": "a: 1\n", **files}.items():
            path = folder / f"{name.replace('__', '/')}.yaml.j2"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    return write


def render(site: Site, folder: Path, host: str = "zuul01") -> HieraData:
    return Renderer(site, folder).render(site.host(host), Placeholders())


def test_a_hosts_roles_are_layers_above_common(site: Site, templates: Callable[..., Path]) -> None:
    folder = templates(roles__log_server="role: {{ role | yaml }}\n", roles__monitoring="role: m\n")
    data = render(site, folder, "log01")
    assert list(data.files) == [
        "hiera.yaml",
        "data/roles/log_server.yaml",
        "data/roles/monitoring.yaml",
        "data/common.yaml",
    ]
    assert data.files["data/roles/log_server.yaml"] == 'role: "log_server"\n'


def test_secrets_are_hidden_in_what_people_read(site: Site, templates: Callable[..., Path]) -> None:
    folder = templates(common="password: {{ secret('zuul/x') | yaml }}\n")
    assert render(site, folder).files["data/common.yaml"] == 'password: "<secret zuul/x>"\n'


def test_the_review_copy_for_the_host_has_fingerprints_in_place_of_secrets(
    site: Site, templates: Callable[..., Path]
) -> None:
    folder = templates(common="password: {{ secret('zuul/x') | yaml }}\n")
    files = bundle_files(Renderer(site, folder), site.host("zuul01"), Store())
    assert "value of zuul/x" in files["data/common.yaml"]
    review = "".join(text for name, text in files.items() if name.startswith("review/"))
    assert "value of" not in review
    assert files["review/secrets"].startswith("zuul/x: ")


def test_a_missing_value_names_the_template_the_line_and_the_site_key(
    write_site: Callable[[str], Path], templates: Callable[..., Path]
) -> None:
    site = load_site(write_site(SITE.partition("gerrit:")[0]))
    folder = templates(roles__zuul="# Gerrit\n\ngerrit: {{ site.gerrit.host | yaml }}\n")
    with pytest.raises(UsageError) as caught:
        render(site, folder)
    assert "roles/zuul.yaml.j2:3:" in caught.value.message
    assert "gerrit.host" in caught.value.message


@pytest.mark.parametrize(
    "fault", ["{{ 1 / 0 }}", "{{ x | nosuch }}", "{% include 'common.yaml.j2' %}", "{{ site.host('x') }}"]
)
def test_a_template_that_does_what_it_cannot_is_named_without_a_traceback(
    site: Site, templates: Callable[..., Path], fault: str
) -> None:
    with pytest.raises(UsageError) as caught:
        render(site, templates(common=f"a: 1\nb: {fault}\n"))
    assert "common.yaml.j2:2" in caught.value.message or "no host 'x'" in caught.value.message


def test_a_sites_own_template_takes_the_place_of_pkgcis(site: Site, templates: Callable[..., Path]) -> None:
    (site.directory / "hiera/roles").mkdir(parents=True)
    (site.directory / "hiera/roles/zuul.yaml.j2").write_text("own: true\n")
    data = render(site, templates(roles__zuul="own: false\n"))
    assert data.files["data/roles/zuul.yaml"] == "own: true\n"


def test_templates_that_a_site_adds_are_layers_above_the_roles(site: Site, templates: Callable[..., Path]) -> None:
    (site.directory / "hiera/hosts").mkdir(parents=True)
    (site.directory / "hiera/proxy.yaml.j2").write_text("proxy: x\n")
    (site.directory / "hiera/hosts/zuul01.yaml.j2").write_text("one: host\n")
    data = render(site, templates(roles__zuul="a: b\n"))
    assert list(data.files)[1:] == [
        "data/hosts/zuul01.yaml",
        "data/proxy.yaml",
        "data/roles/zuul.yaml",
        "data/common.yaml",
    ]


def test_role_settings_of_the_site_file_are_laid_over_the_roles(
    write_site: Callable[[str], Path], templates: Callable[..., Path]
) -> None:
    site = load_site(write_site(SITE + "roles: {zuul: {'profile::zuul::port': 4731}}\n"))
    data = render(site, templates(roles__zuul="a: b\n"))
    assert list(data.files)[1] == "data/settings.yaml"
    assert "profile::zuul::port: 4731" in data.files["data/settings.yaml"]


def test_a_template_that_gives_no_yaml_is_refused(site: Site, templates: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="gives no YAML for host zuul01, line 3"):
        render(site, templates(common="a: 1\nb: [\n"))


def test_whatever_a_value_holds_it_stays_one_value(
    write_site: Callable[[str], Path], templates: Callable[..., Path]
) -> None:
    site = load_site(write_site(SITE + 'mail: {administrator: "a\'b\\"c: #{x}@example.org"}\n'.replace(" #", "#")))
    data = render(site, templates(common="mail: {{ site.mail.administrator | yaml }}\n"))
    assert data.files["data/common.yaml"].count("\n") == 1


def test_a_template_that_misspells_a_role_is_told_so(site: Site, templates: Callable[..., Path]) -> None:
    for written in ("'monitorin'", "Role.MONITORIN"):
        with pytest.raises(UsageError, match=r"(?i)monitorin"):
            render(site, templates(common=f"a: {{{{ site.with_role({written}) | length }}}}\n"))
    folder = templates(common="a: {{ [site.with_role('monitoring'), site.with_role(Role.MONITORING)] | length }}\n")
    assert render(site, folder).files["data/common.yaml"] == "a: 2\n"


def test_a_template_that_is_called_as_the_layer_of_settings_is_refused(
    write_site: Callable[[str], Path], templates: Callable[..., Path]
) -> None:
    site = load_site(write_site(SITE + "roles: {zuul: {a: 1}}\n"))
    own = site.directory / "hiera/settings.yaml.j2"
    own.parent.mkdir()
    own.write_text("a: 2\n")
    with pytest.raises(UsageError, match=r"settings.yaml.j2: .*`roles:`"):
        render(site, templates())
    # A host without such settings has no such layer, and the template is one as any other.
    assert render(site, templates(), "log01").files["data/settings.yaml"] == "a: 2\n"
