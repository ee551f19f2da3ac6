"""Names of branches, which people choose freely, as words that jobs take. Not about Python 3.

A job refuses a parameter that could mean something else as a part of a path or as an argument of a program. So a name
with such characters, or a very long one, becomes a word that looks like it, with a few digits that tell it from others.
"""

import hashlib
import re
import unicodedata
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.upstream import Item, Job, Launcher

# What is a word as it is. The jobs' own rule (package_steps: pkgci_steps/inputs.py) takes it.
_WORD = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+@=,~-]*")
_LONGEST = 100
_SLUG, _DIGITS = 40, 8


def of_branch(name: str) -> str:
    """``name``, where its parts are harmless as parts of a path; else a word that is, and that no other name has."""
    return name if len(name) <= _LONGEST and all(map(_is_harmless, name.split("/"))) else _slug(name)


def _is_harmless(name: str) -> bool:
    return _WORD.fullmatch(name) is not None and ".." not in name


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall("[A-Za-z0-9]+", plain))[:_SLUG].strip("-")
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{slug or 'name'}-{digits}"


@mends("zuul.launcher.gearman")
def name_branches_in_words(module: Any) -> None:
    """zuul/launcher/gearman.py:299-303 hands a branch on as it is, and as a part of a reference: see merging.py."""
    cls = module.Gearman
    update = cls.updateBuildParams

    def update_with_words(self: Launcher, job: Job, item: Item, params: dict[str, Any]) -> None:
        update(self, job, item, params)
        branch = getattr(item.change, "branch", None)
        if branch and of_branch(branch) != branch:
            params["ZUUL_BRANCH"] = of_branch(branch)
            if getattr(item.change, "refspec", None):
                params["ZUUL_REF"] = f"refs/zuul/{of_branch(branch)}/{item.current_build_set.ref}"

    cls.updateBuildParams = update_with_words
