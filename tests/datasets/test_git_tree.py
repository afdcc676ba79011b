"""Archives of repositories are known by git's own id of their files."""

import shutil
import subprocess
import zipfile

import pytest

from sktl.datasets._checksums import verify
from sktl.datasets._git_tree import tree_of_archive


@pytest.fixture
def repository(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("needs git, which says what is right")
    folder = tmp_path / "repository"
    # "a.b" sorts before the folder "a", which sorts before "a0".
    for name in ("a.b", "a/deep/one.txt", "a/run.sh", "a0", "ä b.txt", "empty"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("" if name == "empty" else f"content of {name}\r\n")
    (folder / "a" / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("a.b")

    def git(*words):
        known = ["-c", "user.name=x", "-c", "user.email=x@y", "-c", "core.autocrlf=false"]
        return subprocess.run(
            ["git", *known, *words], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    archive = tmp_path / "name-commit.zip"
    git("archive", "--format=zip", "--prefix=name-commit/", "-o", str(archive), "HEAD")
    return archive, git("rev-parse", "HEAD^{tree}")


def test_the_id_is_that_of_git(repository):
    archive, tree = repository
    assert tree_of_archive(archive) == tree
    verify(archive, f"git-tree:{tree}")


def test_other_bytes_are_refused(repository, tmp_path):
    archive, tree = repository
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            new.writestr(member, content + b"!" if member.filename.endswith("a0") else content)
    with pytest.raises(ValueError, match=f"its git-tree must be {tree}"):
        verify(changed, f"git-tree:{tree}")
    changed.write_bytes(archive.read_bytes()[:200])
    with pytest.raises(ValueError, match="damaged or no zip archive"):
        tree_of_archive(changed)
