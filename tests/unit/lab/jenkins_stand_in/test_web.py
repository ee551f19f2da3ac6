"""The pages and the REST API, asked by python-jenkins over the network of this machine."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import jenkins
import pytest
import requests
import yaml

from pkgci.lab.stand_ins.jenkins.program.controller import Controller
from pkgci.lab.stand_ins.jenkins.program.jobs.normal import as_posted
from pkgci.lab.stand_ins.jenkins.program.plugin_cli import install
from pkgci.lab.stand_ins.jenkins.program.plugins import Plugin
from pkgci.lab.stand_ins.jenkins.program.web import tree
from pkgci.lab.stand_ins.jenkins.program.web.app import App
from pkgci.lab.stand_ins.jenkins.program.web.server import Server

from .conftest import Document, job_xml, until

XML = job_xml("true", parameters={"A": "1"}).decode()
KEPT = as_posted(XML.encode()).decode()
STAND_IN = "stand-in for Jenkins, not Jenkins"


@pytest.fixture
def controller(start: Callable[[], Controller], document: Document) -> Controller:
    del document["unclassified"]["location"]
    return start()


@pytest.fixture
def url(controller: Controller) -> Iterator[str]:
    server = Server("127.0.0.1", 0, "/jenkins", App(controller))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/jenkins/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def admin(url: str) -> jenkins.Jenkins:
    return jenkins.Jenkins(url, "admin", "right", timeout=10)


def test_python_jenkins_deploys_a_job(admin: jenkins.Jenkins) -> None:
    admin.create_job("hello", XML)
    assert admin.get_job_config("hello").replace("\r", "") == KEPT
    assert [job["fullname"] for job in admin.get_all_jobs()] == ["hello"]
    admin.reconfig_job("hello", XML.replace("hello", "goodbye"))
    assert admin.get_job_info("hello")["description"] == "says goodbye"
    admin.disable_job("hello")
    assert admin.get_job_info("hello")["disabled"]
    admin.enable_job("hello")
    assert admin.get_job_info("hello")["buildable"]
    admin.delete_job("hello")
    assert admin.get_all_jobs() == []
    with pytest.raises(jenkins.NotFoundException):
        admin.get_job_config("hello")


def test_python_jenkins_runs_a_build(admin: jenkins.Jenkins) -> None:
    admin.create_job("hello", job_xml("echo said $A", parameters={"A": "1"}).decode())
    number = admin.build_job("hello", {"A": "two", "B": "dropped"})
    until(lambda: "executable" in admin.get_queue_item(number))
    until(lambda: admin.get_build_info("hello", 1)["result"] == "SUCCESS")
    actions = admin.get_build_info("hello", 1)["actions"]
    assert actions[0]["parameters"] == [{"name": "A", "value": "two"}]
    assert "said two\n" in admin.get_build_console_output("hello", 1)
    assert admin.get_job_info("hello")["lastSuccessfulBuild"]["number"] == 1
    assert admin.get_running_builds() == []


def test_a_broken_config_is_refused_and_changes_nothing(admin: jenkins.Jenkins) -> None:
    admin.create_job("hello", XML)
    with pytest.raises(jenkins.JenkinsException, match="500"):
        admin.reconfig_job("hello", "<project>")
    with pytest.raises(jenkins.JenkinsException, match="500"):
        admin.create_job("other", "<flow-definition/>")
    assert [job["name"] for job in admin.get_all_jobs()] == ["hello"]
    assert admin.get_job_config("hello") == KEPT


def test_views_are_kept(admin: jenkins.Jenkins) -> None:
    config = "<hudson.model.ListView><name>mine</name></hudson.model.ListView>"
    admin.create_view("mine", config)
    assert admin.get_view_config("mine") == config
    assert [view["name"] for view in admin.get_views()] == ["all", "mine"]
    admin.delete_view("mine")
    assert [view["name"] for view in admin.get_views()] == ["all"]


def test_nodes_and_plugins_are_listed(admin: jenkins.Jenkins, controller: Controller) -> None:
    install([Plugin("gearman-plugin", "0.8.0")], controller.settings.home / "plugins")
    assert {node["name"]: node["offline"] for node in admin.get_nodes()} == {
        "Built-In Node": False,
        "build01": False,
        "pub01": False,
    }
    assert admin.get_node_info("build01")["numExecutors"] == 2
    assert admin.get_plugins()["gearman-plugin"]["version"] == "0.8.0"
    assert admin.get_version() == "2.568.2"


def test_the_world_may_read_and_nothing_else(url: str, admin: jenkins.Jenkins) -> None:
    admin.create_job("hello", XML)
    world = jenkins.Jenkins(url, timeout=10)
    assert world.job_exists("hello")
    for ask in (
        lambda: world.get_job_config("hello"),
        lambda: world.delete_job("hello"),
        lambda: world.build_job("hello", {"A": "x"}),
        world.get_plugins,
    ):
        with pytest.raises(jenkins.JenkinsException, match="403"):
            ask()


def test_a_wrong_password_is_refused(url: str) -> None:
    for user, password in (("admin", "wrong"), ("nobody", "right"), ("admin", "")):
        assert requests.get(f"{url}api/json", auth=(user, password), timeout=10).status_code == 401


def test_a_post_needs_the_crumb_of_its_own_session(url: str, admin: jenkins.Jenkins) -> None:
    admin.create_job("hello", XML)
    auth = ("admin", "right")
    assert requests.post(f"{url}job/hello/doDelete", auth=auth, timeout=10).status_code == 403
    crumb = requests.get(f"{url}crumbIssuer/api/json", auth=auth, timeout=10).json()
    headers = {crumb["crumbRequestField"]: crumb["crumb"]}
    assert requests.post(f"{url}job/hello/doDelete", auth=auth, headers=headers, timeout=10).status_code == 403
    assert admin.job_exists("hello")


def test_every_answer_says_that_it_is_a_stand_in(url: str, admin: jenkins.Jenkins) -> None:
    admin.create_job("hello", XML)
    for path in ("", "api/json", "login", "job/hello/", "computer/build01", "nowhere", "job/hello/config.xml"):
        answer = requests.get(f"{url}{path}", timeout=10)
        assert answer.headers["X-Pkgci-Stand-In"] == "jenkins"
        assert answer.headers["X-Jenkins"] == "2.568.2"
        if answer.headers["Content-Type"].startswith("text/html"):
            assert STAND_IN in answer.text.replace("&#39;", "'")
    assert requests.get(url.replace("/jenkins/", "/"), timeout=10).headers["X-Pkgci-Stand-In"] == "jenkins"


def test_what_people_wrote_does_nothing_on_a_page(url: str, admin: jenkins.Jenkins, controller: Controller) -> None:
    evil = "<script>alert(1)</script>"
    admin.create_job("evil", job_xml(f"echo '{evil}'", parameters={"A": ""}).decode().replace("says hello", "&lt;b>"))
    admin.build_job("evil", {"A": evil})
    until(lambda: controller.store.builds("evil") and controller.store.builds("evil")[0].result)
    controller.store.describe("evil", 1, evil)
    for path in ("", "job/evil/", "job/evil/1/", "job/evil/1/console", f"job/{evil}/"):
        page = requests.get(f"{url}{path}", timeout=10)
        assert evil not in page.text
        assert "script-src" not in page.headers["Content-Security-Policy"]
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    console = requests.get(f"{url}job/evil/1/consoleText", timeout=10)
    assert console.headers["Content-Type"].startswith("text/plain")
    assert "sandbox" in console.headers["Content-Security-Policy"]


def test_a_console_can_be_read_bit_by_bit(url: str, admin: jenkins.Jenkins, controller: Controller) -> None:
    admin.create_job("hello", job_xml("echo äöü", parameters={"A": "1"}).decode())
    admin.build_job("hello", {"A": "1"})
    until(lambda: controller.store.builds("hello") and controller.store.builds("hello")[0].result)
    whole = requests.get(f"{url}job/hello/1/logText/progressiveText", timeout=10)
    size = int(whole.headers["X-Text-Size"])
    assert size == len(whole.content)
    assert "X-More-Data" not in whole.headers
    rest = requests.get(f"{url}job/hello/1/logText/progressiveText?start={size - 8}", timeout=10)
    assert rest.text == "SUCCESS\n"


def test_an_artifact_is_one_that_the_build_kept(url: str, admin: jenkins.Jenkins, controller: Controller) -> None:
    from dataclasses import replace

    admin.create_job("hello", job_xml("true", parameters={"A": "1"}).decode())
    admin.build_job("hello", {"A": "1"})
    until(lambda: controller.store.builds("hello") and controller.store.builds("hello")[0].result)
    build = controller.store.build("hello", 1)
    folder = controller.store.folder_of(build) / "archive" / "out"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("kept")
    controller.store.update(replace(build, artifacts=("out/a.txt",)))
    assert requests.get(f"{url}job/hello/1/artifact/out/a.txt", timeout=10).text == "kept"
    for path in ("out/b.txt", "%2e%2e/build.json", "..%2fbuild.json", "out"):
        assert requests.get(f"{url}job/hello/1/artifact/{path}", timeout=10).status_code == 404


def test_the_configuration_is_read_again_for_who_may_ask(
    url: str, document: Document, controller: Controller, tmp_path: Path
) -> None:
    document["jenkins"]["systemMessage"] = "changed"
    (tmp_path / "jenkins.yaml").write_text(yaml.safe_dump(document))
    reload = f"{url}reload-configuration-as-code/?casc-reload-token="
    assert requests.post(f"{reload}wrong", timeout=10).status_code == 401
    assert controller.configuration.message == ""
    assert requests.post(f"{reload}token", timeout=10).status_code == 200
    assert controller.configuration.message == "changed"
    document["jenkins"]["nodes"][0]["permanent"]["colour"] = "red"
    (tmp_path / "jenkins.yaml").write_text(yaml.safe_dump(document))
    refused = requests.post(f"{reload}token", timeout=10)
    assert (refused.status_code, refused.json()["status"]) == (200, "error")
    assert " : colour.\nAvailable attributes : " in refused.json()["message"]
    assert list(controller.agents) == ["build01", "pub01"]


def test_the_tree_parameter_chooses_what_is_answered() -> None:
    data = {"_class": "x", "jobs": [{"name": "a", "url": "u", "color": "blue"}], "url": "base"}
    assert tree.prune(data, tree.parse("jobs[name,url{0,10}]")) == {"_class": "x", "jobs": [{"name": "a", "url": "u"}]}
    with pytest.raises(tree.TreeError):
        tree.parse("jobs[name")
