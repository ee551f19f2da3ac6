"""Building an image: what goes into the archive, and what is made of the engine's answer and mmdebstrap's words."""

import io
import tarfile

import pytest

from pkgci.errors import PkgciError
from pkgci.lab.image import imported, reasons, tar_of


def test_an_archive_is_the_same_each_time_and_owned_by_root() -> None:
    files = {"etc/b/x.conf": (0o644, b"x"), "etc/a": (0o600, b"a")}
    assert tar_of(files) == tar_of(dict(reversed(files.items())))
    with tarfile.open(fileobj=io.BytesIO(tar_of(files))) as archive:
        found = {entry.name: (entry.mode, entry.uid) for entry in archive}
    assert found == {"etc": (0o755, 0), "etc/b": (0o755, 0), "etc/b/x.conf": (0o644, 0), "etc/a": (0o600, 0)}


def test_the_engines_answer_names_the_image() -> None:
    assert imported('{"status":"Importing"}\r\n{"status":"sha256:abc"}\r\n') == "sha256:abc"


def test_an_import_that_the_engine_could_not_finish_is_no_image() -> None:
    with pytest.raises(PkgciError, match="unexpected EOF"):
        imported('{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"}')


def test_a_failed_build_tells_mmdebstraps_errors_and_not_its_chatter() -> None:
    said = [
        "I: running apt-get update...",
        "E: Failed to fetch http://mirror.test/ Unable to connect",
        "I: removing tempdir",
        "E: mmdebstrap failed to run",
    ]
    assert reasons(said) == ["E: Failed to fetch http://mirror.test/ Unable to connect"]
    assert reasons(["I: a", "I: b"]) == ["I: a", "I: b"]
