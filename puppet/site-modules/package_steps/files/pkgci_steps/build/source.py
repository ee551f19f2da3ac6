"""The source package: made by git-buildpackage and dpkg-source, in a namespace where they are nobody and offline.

Nothing of the tree runs: git-buildpackage reads no settings of the tree and calls no hook, debian/rules is not asked to
clean. What they read (symbolic links, patches, whatever dpkg-source looks into) they read as nobody.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..namespaces import offline
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import changelog
from .git import Tree
from .origins import Wanted, differences, upstream

# A line of the .dsc's list Checksums-Sha256: what the source package is made of.
_LISTED = re.compile(r"^ [0-9a-f]{64} [0-9]+ ([A-Za-z0-9][A-Za-z0-9._+~:-]*)$", re.MULTILINE)

NATIVE, QUILT, OLD = "3.0 (native)", "3.0 (quilt)", "1.0"

_GBP = (
    *("gbp", "buildpackage", "--git-export=WC", "--git-no-hooks", "--git-no-create-orig", "--git-no-pristine-tar"),
    *("--git-no-purge", "--git-no-submodules", "--git-cleaner=/bin/true", "--git-builder=dpkg-source --build ."),
)
# What dpkg-source unpacks, as it does it (dpkg-source(1), "Format: 3.0 (quilt)"), around the folder debian/ of a tree.
_UNPACK = """\
set -eu
tree=$2
mkdir "$tree"
cp -r "$1/.git" "$1/debian" "$tree"
shift 2
for tarball do
    mkdir unpacked
    tar --extract --no-same-owner --file "$tarball" --directory unpacked
    chmod -R u+rwX unpacked
    component=${tarball##*.orig}
    component=${component%%.tar.*}
    top=unpacked
    if [ "$(find unpacked -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] && [ -d unpacked/* ]; then
        top=$(echo unpacked/*)
    fi
    [ -n "$component" ] || rm -rf "$top/debian"
    mkdir -p "$tree/${component#-}"
    find "$top" -mindepth 1 -maxdepth 1 -exec mv --target-directory="$tree/${component#-}" {} +
    rm -rf unpacked
done
"""


@dataclass(frozen=True)
class Source:
    """A source package: ``dsc`` and what it names lie in one folder."""

    release: changelog.Release
    dsc: Path

    @property
    def files(self) -> list[Path]:
        """The .dsc, and all that it names."""
        return [self.dsc, *(self.dsc.parent / name for name in _LISTED.findall(self.dsc.read_text(errors="replace")))]


def make_source(step: Step, tree: Tree, target: Target, folder: Path) -> Source:
    """The source package of ``tree``, in ``folder`` (for everybody to write). Raises ``Ended`` (failed)."""
    text = _required(tree)
    kind = _format(tree)
    _check_version(changelog.latest(text), kind, step)
    release, entry = changelog.built(text, target, step.inputs, tree.time)
    path = tree.folder / "debian/changelog"
    path.write_bytes(entry.encode() + path.read_bytes())
    native = _is_native(release, kind)
    step.log.say(f"{release.source} {release.version}, format {kind}")
    out = folder / "out"
    out.mkdir()
    out.chmod(0o777)
    wanted = _wanted(release, kind)
    whole = tree.folder if native else _bring(step, tree, wanted, folder, out)
    command = [*_GBP, f"--git-export-dir={out}", f"--git-tarball-dir={out}"]
    # git and git-buildpackage write into a tree: they get one of their own.
    script = 'cp -r "$1" "$2" && cd "$2" && shift 2 && exec "$@"'
    status = _offline(step, folder, ["sh", "-c", script, "sh", whole, folder / "tree", *command])
    dsc = out / f"{release.source}_{release.without_epoch}.dsc"
    if status != 0 or not dsc.is_file():
        if not native and not differences.takes_changes(tree):
            _say_what_changed(step, tree, wanted, folder)
        raise Ended(Status.FAILED, "the source package cannot be made of the tree: see git-buildpackage's words above")
    source = Source(release, dsc)
    for file in source.files:
        # What read a stranger's files made them: a link would lead to whatever this account may read.
        if file.is_symlink() or not file.is_file():
            raise Ended(Status.FAILED, f"the source package has no plain file {file.name}: see above")
    return source


def _wanted(release: changelog.Release, kind: str) -> Wanted:
    name = f"{release.source}_{release.upstream}.orig.tar.{'gz' if kind == OLD else 'xz'}"
    return Wanted("deb", release.source, release.upstream, name, f"{release.source}-{release.upstream}")


def _bring(step: Step, tree: Tree, wanted: Wanted, folder: Path, out: Path) -> Path:
    """Puts upstream's tarballs into ``out``. Returns the tree, or, where that has packaging only, one with both."""
    found = upstream(step, tree, wanted, folder / "upstream")
    for file in found.files:
        shutil.copyfile(file, out / file.name)
    if not tree.is_only(wanted.packaging):
        return tree.folder
    both = folder / "both"
    # The components go into the main tarball's folder.
    tarballs = sorted(found.tarballs, key=lambda file: ".orig.tar." not in file.name)
    if _offline(step, folder, ["sh", "-c", _UNPACK, "sh", tree.folder, both, *(out / file.name for file in tarballs)]):
        raise Ended(Status.FAILED, "upstream's tarball cannot be unpacked: see above")
    return both


def _say_what_changed(step: Step, tree: Tree, wanted: Wanted, folder: Path) -> None:
    """Raises ``Ended`` (failed) where upstream's files in the tree are not as in its tarballs."""
    tarballs = sorted((folder / "out").glob(f"{wanted.stem}*.tar.*[!c]"))
    differ = differences.of_tree(step, folder, tree, wanted.packaging, tarballs)
    if differ:
        raise differences.changed(differ, next(file.name for file in tarballs if ".orig.tar." in file.name))


def _offline(step: Step, folder: Path, command: Sequence[str | Path]) -> int:
    environment = {
        "GBP_CONF_FILES": "/dev/null",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "EMAIL": "pkgci@localhost",
    }
    return offline(step, command, folder, environment=environment)


def _required(tree: Tree) -> str:
    """debian/changelog. Raises ``Ended`` (failed) where something is missing that makes a tree a package."""
    if not any(entry.path.startswith(b"debian/") for entry in tree.entries):
        raise Ended(Status.FAILED, "there is no folder debian/ in the tree, which a deb target needs")
    names = ("debian/changelog", "debian/control", "debian/rules")
    missing = [name for name in names if tree.text(name) is None]
    if missing:
        raise Ended(Status.FAILED, f"there is no plain file {', no '.join(missing)} in the tree")
    text, _ = (_utf8(tree, name) for name in names[:2])
    return text


def _utf8(tree: Tree, name: str) -> str:
    """The text of the file. What is in these goes into .changes and .dsc, which are UTF-8 (Debian Policy, 5.1)."""
    content = (tree.folder / name).read_bytes()
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            line.decode()
        except UnicodeDecodeError:
            said = line.decode("latin-1").strip()[:80]
            raise Ended(
                Status.FAILED,
                f"{name}:{number}: not UTF-8: {said!a}. For Latin-1: iconv -f ISO-8859-1 -t UTF-8 {name}",
            ) from None
    return content.decode()


def _is_native(release: changelog.Release, kind: str) -> bool:
    return kind == NATIVE or (kind == OLD and "-" not in release.version)


def _check_version(release: changelog.Release, kind: str, step: Step) -> None:
    """Raises ``Ended`` (failed) where the changelog's latest version cannot be built as it is."""
    native = _is_native(release, kind)
    if native == ("-" in release.version) and kind != OLD:
        raise Ended(
            Status.FAILED,
            f"the version {release.version} does not fit the source format '{kind}' (debian/source/format): "
            + ("a native package's has no Debian revision" if native else "it needs a Debian revision, as in 1.0-1"),
        )
    if release.is_unreleased:
        said = (
            f"debian/changelog says that {release.source} {release.version} is {changelog.UNRELEASED}, and the gate "
            "builds releases: name the suite (`dch --release`), and push that as a new patch set"
        )
        if step.inputs.is_release:
            raise Ended(Status.FAILED, said)
        step.log.say(f"before it is approved: {said}")


def _format(tree: Tree) -> str:
    kind = (tree.text("debian/source/format") or OLD).strip()
    if kind not in (NATIVE, QUILT, OLD):
        raise Ended(
            Status.FAILED,
            f"the source format {kind[:40]!a} (debian/source/format) is not built: {QUILT} or {NATIVE} is",
        )
    return kind
