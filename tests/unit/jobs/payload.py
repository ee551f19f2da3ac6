"""The parameters that a build of Zuul's has."""

# What Zuul 2.6 sends (launch() in zuul/launcher/gearman.py: of a change and of a ref), and what functions.py.j2 adds.
SENT = {
    "ZUUL_UUID": "0123456789abcdef0123456789abcdef",
    "ZUUL_PROJECT": "packaging/hello",
    "ZUUL_PIPELINE": "check",
    "ZUUL_URL": "https://zuul01.pkg.example.org/p",
    "ZUUL_VOTING": "1",
    "ZUUL_BRANCH": "main",
    "ZUUL_CHANGES": "packaging/hello:main:refs/changes/12/12/3",
    "ZUUL_REF": "refs/zuul/main/Z0123abc",
    "ZUUL_COMMIT": "0123456789abcdef0123456789abcdef01234567",
    "ZUUL_CHANGE_IDS": "12,3",
    "ZUUL_CHANGE": "12",
    "ZUUL_PATCHSET": "3",
    "ZUUL_REFNAME": "main",
    "ZUUL_OLDREV": "0" * 40,
    "ZUUL_NEWREV": "1" * 40,
    "BASE_LOG_PATH": "12/12/3",
    "LOG_PATH": "12/12/3/check/packaging-hello-build-trixie/0123abc",
    "PKGCI_LOG_TOKEN": "0123456789abcdef" * 4,
    "ZUUL_NODE": "slave_build",
    "PKGCI_AHEAD": "9-Z89abcde",
    "PKGCI_GROUP": "icehouse",
    "PKGCI_TREE": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
}
