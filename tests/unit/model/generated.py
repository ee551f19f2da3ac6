"""Site files as hypothesis makes them: most of them right, many of them with something that cannot be."""

from typing import Any

from hypothesis import strategies as st

Site = dict[str, Any]

ROLES = ("zuul", "jenkins_master", "publisher", "slave_build", "slave_install", "slave_systest", "log_server")
SUM = "0123456789abcdef" * 4
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJEVoW9z5nrpomHw04fiYjLVwKOrJJFrnQBLIhjfxDdm"


def _mostly(right: tuple[Any, ...], wrong: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """One of those that are right, and seldom one that is not."""
    return st.sampled_from((*(right * max(1, 15 * len(wrong) // (len(right) or 1))), *wrong))


_names = _mostly(("ci", "a", "zuul01", "0", "world", "management", "publisher", "gerrit", "x" * 63), ("ca", "outside"))
_projects = st.sampled_from(
    ("a", "c", "a/b", "d/e/f", "a-b", "A/b", "a-build", "a/build-t", "p/" + "q" * 140, "up/stream", "x+y.z_w")
)
_targets = _mostly(("t", "9", "x" * 60, "a.b-c", "sid"), ("build-t", "publish-t"))
_line = st.sampled_from(("x", "a: b # c", "{{ x }}", "%{x}", "'\"", "é ☃", "- a", "dc=a,dc=b"))
_sizes = _mostly(("1 MB", "512 MB", "1.5 GB", "4 TB"), ("0.4 MB", "0 GB"))
_votes = _mostly((-2, 1, 2, 3), (0, 9))


def _some(required: Site, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Site]:
    return st.fixed_dictionaries(required, optional=optional)


def _archive() -> st.SearchStrategy[Site]:
    return st.fixed_dictionaries(
        {"url": st.sampled_from(("https://a.example:8443/x", "file:///srv/x")), "sha256": st.just(SUM)}
    )


_ssh = _some(
    {},
    user=_mostly(("root", "deploy"), ("zuul",)),
    port=_mostly((22, 2222), (0, 70000)),
)


@st.composite
def _hosts(draw: st.DrawFn) -> Site:
    names = draw(st.lists(_names, min_size=1, max_size=4, unique=True))
    hosts: Site = {name: {"roles": []} for name in names}
    several = [*ROLES, *draw(st.lists(_mostly(("monitoring", "slave_build"), ("review", "zuul")), max_size=2))]
    for role in several:
        # Most hosts have something to do.
        idle = [name for name in names if not hosts[name]["roles"]]
        entry = hosts[draw(_mostly(tuple(idle or names), tuple(names[:1])))]
        if role not in entry["roles"]:
            entry["roles"].append(role)
    for name, entry in hosts.items():
        risky = {"zuul", "jenkins_master", "publisher", "review"} & set(entry["roles"])
        if risky and any(role in entry["roles"] for role in ("slave_build", "slave_install", "slave_systest")):
            entry["jobs_beside"] = sorted(risky)
        number = names.index(name) + 1
        right = (f"203.0.113.{number}", f"2001:db8::{number}", f"10.0.{number}.0")
        entry["addresses"] = draw(
            st.lists(_mostly(right, ("203.0.113.1", "127.0.0.1")), min_size=1, max_size=2, unique=True)
        )
        entry |= draw(_some({}, aliases=st.lists(_mostly((f"{name}.b.org",), ("w.example.org",)), max_size=1)))
        if draw(st.integers(0, 3)) == 0:
            entry["ssh"] = draw(_ssh)
            if draw(st.booleans()):
                entry["ssh"]["jump"] = draw(_mostly(tuple(names[: number - 1]), ("nobody", name)))
    return hosts


_sources = st.one_of(
    st.sampled_from(("auto", "tree", "git-buildpackage", "tarball")),
    st.just({"tarball": {"url": "https://t.example/x.tar.gz", "sha256": SUM}}),
    _some({"project": _projects}, branch=st.sampled_from(("main", "a/b"))),
)
_target = st.one_of(
    _some(
        {"deb": st.sampled_from(("trixie", "noble", "sid", "unknown-suite"))},
        mirror=st.sampled_from(("http://m.example/debian", "https://m.example:444/x?y")),
        components=st.just(["main", "contrib"]),
        version_suffix=_mostly(("", "+x", "~y"), ("_z",)),
    ),
    _some({"rpm": st.sampled_from(("fedora-43-x86_64", "weird"))}, backend=st.sampled_from(("mock", "chroot"))),
)
_zuul = _some(
    {},
    trust=_some(
        {},
        accounts=st.lists(st.sampled_from(("alice", "b@example.org")), max_size=2),
        approval=st.fixed_dictionaries({"label": st.sampled_from(("Verified", "Code-Review")), "value": _votes}),
    ),
    gate=st.fixed_dictionaries({"label": st.sampled_from(("Workflow", "Verified", "Code-Review")), "value": _votes}),
    periodic=st.one_of(
        st.sampled_from(("", "0 2 * * *", "*/5 1-4 * * mon-fri", "0 25 * * *", "1,2 3 4 * *", "5 5 5 5 5")),
        st.lists(st.sampled_from(("*", "0", "7", "*/9", "60", "1-5/2")), min_size=5, max_size=5).map(" ".join),
    ),
    periodic_branches=st.lists(st.sampled_from(("*", "!x/*", "main")), min_size=1, max_size=2),
)
_jenkins = _some(
    {},
    plugins=st.dictionaries(st.sampled_from(("git", "own")), st.sampled_from(("1.0", "2.beta-3")), max_size=2),
    executors=st.dictionaries(st.sampled_from(ROLES), _mostly((1, 4), (0,)), max_size=2),
    administrators=st.lists(_line, min_size=1, max_size=2),
    war=_archive(),
    ldap=_some({"server": st.just("ldaps://l.example:637"), "root_dn": _line}, manager_dn=_line),
    oidc=st.fixed_dictionaries({"well_known": st.just("https://id.example/c"), "client_id": _line}),
)
_resources = _some({}, cpu=_mostly((1, 8), (0,)), memory=_sizes, disk=_sizes, kind=st.sampled_from(("vm", "hardware")))


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """The data of a site file."""
    targets = draw(st.dictionaries(_targets, _target, max_size=3))
    project = (
        _some(
            {"targets": st.lists(st.sampled_from(sorted(targets)), min_size=1, max_size=2, unique=True)},
            source=_sources,
            own_steps=_mostly((False,), (True,)),
            repository=_projects,
        )
        if targets
        else st.nothing()
    )
    return draw(
        _some(
            {
                "version": st.just(1),
                "site": st.sampled_from(("s", "x" * 63, "a-b")),
                "domain": _mostly(("pkg.example.org", "d"), (".".join(["y" * 60] * 4),)),
                "access": st.just(
                    {"management": ["192.0.2.0/24", "::/0"], "administrators": {"alice": "keys/alice.pub"}}
                ),
                "hosts": _hosts(),
                "targets": st.just(targets),
                "projects": st.dictionaries(_projects, project, max_size=3) if targets else st.just({}),
            },
            gerrit=_some(
                {"host": st.sampled_from(("review.example.org", "a.pkg.example.org"))},
                votes=_some({}, check=_mostly((1, 2, 3), (0,)), gate=st.integers(1, 4)),
                host_key=st.just(KEY),
            ),
            zuul=_zuul,
            jenkins=_jenkins,
            review=_some({"auth": st.sampled_from(("ldap", "http", "oidc"))}, heap=_sizes),
            groups=st.dictionaries(st.just("g"), st.lists(_projects, min_size=1, max_size=2), max_size=1),
            resources=st.dictionaries(st.sampled_from(("every_role", "zuul", "publisher")), _resources, max_size=2),
            roles=st.just({"zuul": {"profile::x::y": ["%{a}", {"b": None}, 1.5, "☃"]}}),
            mail=_some({"administrator": st.just("ops@example.org")}, relay=st.just("mx.example.org")),
            outside=_some({"address": _mostly(("198.51.100.9",), ("203.0.113.1",))}, ssh=_ssh),
            builds=_some({}, ports=st.lists(_mostly((3128, 8080), (0, 65536)), max_size=2), memory=_sizes),
            timeouts=_some({}, connect=_mostly((1, 10, 600), (0, 601)), command=_mostly((1, 60, 3600), (0, 3601))),
            lab=st.just({}),
        )
    )
