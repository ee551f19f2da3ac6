"""Which manifests a site applies, and what data goes with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pkgci.assets import asset
from pkgci.errors import UsageError
from pkgci.foreign.tree import renderer_of, tree_of
from pkgci.model.document import DocumentError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.puppetrun.plan import plan_text
from pkgci.render.hiera import Placeholders, Renderer
from tests.unit.conftest import SITE
from tests.unit.foreign.conftest import TREE, ForeignSite, Repository, write_files

ROLES = "{path: tree, hiera: hiera.yaml, roles: {zuul: {facts: {role: gate}, hiera: templates/zuul}}}"
HIERA = {"hiera.yaml": ":hierarchy: [common]\n:yaml:\n  :datadir: hieradata\n"}


def test_a_site_without_manifests_applies_pkgcis_own(site: Site) -> None:
    tree, origin = tree_of(site)
    assert tree.folder == asset("puppet") and str(origin) == "pkgci's own manifests"
    assert type(renderer_of(site, tree)) is Renderer


def test_a_folder_is_taken_as_it_is(foreign_site: ForeignSite, tmp_path: Path) -> None:
    tree, origin = tree_of(foreign_site("{path: tree, packages: [puppet-module-x], settings: {strict: warning}}"))
    assert tree.folder == tmp_path / "tree" and origin.commit is None
    assert (tree.manifest, tree.modules, tree.packages) == ("manifests/site.pp", ("modules",), ("puppet-module-x",))
    assert tree.settings == {"strict": "warning"}


def test_a_git_repository_is_fetched_beside_the_site_file_and_its_commit_is_known(
    repository: Repository, write_site: Callable[[str], Path], tmp_path: Path
) -> None:
    site = load_site(write_site(f"{SITE}manifests: {{git: '{repository.url}', ref: main}}\n"))
    tree, origin = tree_of(site)
    assert tree.folder.is_relative_to(tmp_path / ".pkgci/manifests")
    assert origin.commit and str(origin) == f"{repository.url} at {origin.commit}"


def test_every_path_that_the_tree_does_not_have_is_named(foreign_site: ForeignSite) -> None:
    with pytest.raises(DocumentError) as error:
        foreign_site("{path: tree, modules: [module], hiera: hiera.yml}")
    folder, file = error.value.faults
    assert "tree/module (did you mean 'modules'?)" in folder.message
    assert "there is no file" in file.message and "tree/hiera.yml" in file.message


def test_every_path_that_a_fetched_tree_does_not_have_is_named(
    repository: Repository, write_site: Callable[[str], Path]
) -> None:
    text = f"{SITE}manifests: {{git: '{repository.url}', ref: main, modules: [module], hiera: hiera.yml}}\n"
    with pytest.raises(UsageError, match=r"have no module, hiera\.yml") as error:
        tree_of(load_site(write_site(text)))
    assert "did you mean 'modules'?" in str(error.value.hint)


def test_the_facts_of_a_hosts_roles_reach_its_puppet(foreign_site: ForeignSite, tmp_path: Path) -> None:
    write_files(tmp_path, {"templates/zuul/x.yaml.j2": "a: 1\n"})
    site = foreign_site(ROLES, {**TREE, **HIERA})
    tree, _ = tree_of(site)
    plan = plan_text(site, site.host("zuul01"), tree, run="r", data="d", noop=False)
    assert "FACTER_role=gate" in plan
    assert "FACTER" not in plan_text(site, site.host("pub01"), tree, run="r", data="d", noop=False)


def test_a_roles_templates_are_rendered_and_looked_up_before_the_trees_own_data(
    foreign_site: ForeignSite, tmp_path: Path
) -> None:
    text = 'ci::host: {{ host.fqdn | yaml }}\nci::password: {{ secret("x") | yaml }}\n'
    write_files(tmp_path, {"templates/zuul/b.yaml.j2": text, "templates/zuul/a.yaml.j2": "z: 1\n"})
    site = foreign_site(ROLES, {**TREE, **HIERA})
    data = renderer_of(site).render(site.host("zuul01"), Placeholders())
    assert yaml.safe_load(data.files["data/zuul/b.yaml"]) == {
        "ci::host": "zuul01.pkg.example.org",
        "ci::password": "<secret x>",
    }
    levels = yaml.safe_load(data.files["hiera.yaml"])["hierarchy"]
    assert levels[0]["paths"] == ["zuul/a.yaml", "zuul/b.yaml"]
    assert (levels[1]["datadir"], levels[1]["paths"]) == ("code/hieradata", ["common.yaml"])
    assert set(data.secrets) == {"x"}


def test_a_host_gets_nothing_of_pkgcis_own_data_and_of_other_roles(foreign_site: ForeignSite, tmp_path: Path) -> None:
    write_files(tmp_path, {"templates/zuul/x.yaml.j2": 'p: {{ secret("x") | yaml }}\n'})
    site = foreign_site(ROLES, {**TREE, **HIERA})
    data = renderer_of(site).render(site.host("pub01"), Placeholders())
    assert set(data.files) == {"hiera.yaml"} and not data.secrets


def test_the_settings_and_templates_of_the_site_are_there_too(foreign_site: ForeignSite, tmp_path: Path) -> None:
    write_files(tmp_path, {"hiera/hosts/pub01.yaml.j2": "a: 1\n", "hiera/common.yaml.j2": "c: 1\n"})
    site = foreign_site(more="roles: {publisher: {b: 2}, zuul: {d: 4}}\n")
    renderer = renderer_of(site)
    levels = yaml.safe_load(renderer.render(site.host("pub01"), Placeholders()).files["hiera.yaml"])["hierarchy"]
    assert levels[0]["paths"] == ["hosts/pub01.yaml", "settings.yaml", "common.yaml"]
    assert "data/settings.yaml" in renderer.render(site.host("zuul01"), Placeholders()).files


def test_a_folder_of_templates_that_is_not_there_is_named(foreign_site: ForeignSite) -> None:
    with pytest.raises(DocumentError, match=r"there is no folder .*templates/zuul"):
        foreign_site(ROLES, {**TREE, **HIERA})


@pytest.mark.parametrize(
    ("manifests", "words"),
    [
        ("{git: '--upload-pack=x'}", "is not a git URL"),
        ("{git: 'ext::sh -c x'}", "is not a git URL"),
        ("{git: 'git://example.org/x'}", "is not a git URL"),
        ("{git: 'https://u:secret@example.org/x'}", "has a password in it"),
        ("{git: 'https://example.org/x', ref: '--all'}", "is not a valid branch, tag or commit"),
        ("{path: tree, site: ../site.pp}", "leads out of the tree"),
        ("{path: tree, modules: [/etc/puppet/modules]}", "leads out of the tree"),
        ("{path: tree, roles: {zuul: {facts: {'ro le': x}}}}", "is not a valid name of a fact"),
    ],
)
def test_what_could_be_abused_is_a_fault_of_the_site_file(
    foreign_site: ForeignSite, manifests: str, words: str
) -> None:
    with pytest.raises(DocumentError, match=words):
        foreign_site(manifests)


def test_urls_that_people_use_are_urls(foreign_site: ForeignSite) -> None:
    for url in (
        "https://example.org/a.git",
        "ssh://git@example.org:29418/a",
        "git@example.org:team/a.git",
        "file:///srv/a",
    ):
        site = foreign_site(f"{{git: '{url}'}}")
        assert site.manifests is not None and site.manifests.git == url


def test_the_example_renders(tmp_path: Path) -> None:
    site = load_site(asset("examples") / "existing-manifests/site.yaml")
    renderer = renderer_of(site)
    for host in site.hosts:
        assert renderer.render(host, Placeholders()).files["hiera.yaml"]
