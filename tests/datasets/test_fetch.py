"""Fetching: cache, mirror, resume, checksums, disk space, archives. Never the real network."""

import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from dataclasses import replace

import pytest

from sktl.datasets import _checksums, _download, get_spec
from sktl.datasets._archives import unpack
from sktl.datasets._checksums import verify
from sktl.datasets._fetch import fetch_files
from sktl.datasets._spec import RemoteFile

CONTENT = bytes(range(256)) * 20_000


def sha(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.fixture
def spec(server):
    """A dataset whose only file the local server has."""
    server.files["/data.bin"] = CONTENT
    remote = RemoteFile("data.bin", f"{server.url}/data.bin", len(CONTENT), sha(CONTENT))
    return replace(get_spec("LEN-DB"), files=(remote,))


def with_file(spec, **changes):
    return replace(spec, files=(replace(spec.files[0], **changes),))


def test_download_is_checked_kept_and_not_repeated(spec, server, sktl_home):
    found = fetch_files(spec, progress=False)
    assert found == sktl_home / "datasets" / "len_db" / "data.bin"
    assert found.read_bytes() == CONTENT
    assert fetch_files(spec, progress=False) == found
    assert len(server.requests) == 1
    assert sorted(path.name for path in found.parent.iterdir()) == ["data.bin"]


def test_broken_connection_is_resumed_where_it_stopped(spec, server):
    server.breaks = [1_000_000, 3_000_000]
    assert fetch_files(spec, progress=False).read_bytes() == CONTENT
    ranges = [asked for _, asked in server.requests]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert 0 < int(ranges[1][6:-1]) <= 1_000_000 < int(ranges[2][6:-1]) <= 3_000_000


def test_partial_file_of_an_earlier_process_is_continued(spec, server, sktl_home):
    folder = sktl_home / "datasets" / "len_db"
    folder.mkdir(parents=True)
    (folder / "data.bin.part").write_bytes(CONTENT[:123_456])
    assert fetch_files(spec, progress=False).read_bytes() == CONTENT
    assert server.requests == [("/data.bin", "bytes=123456-")]


def test_server_without_ranges_starts_again(spec, server, sktl_home):
    server.ranges = False
    folder = sktl_home / "datasets" / "len_db"
    folder.mkdir(parents=True)
    (folder / "data.bin.part").write_bytes(b"x" * 1000)
    assert fetch_files(spec, progress=False).read_bytes() == CONTENT


def test_connection_that_always_breaks_is_an_error_and_keeps_the_bytes(spec, server, sktl_home):
    server.breaks = [1_000_000] * 100
    with pytest.raises(OSError, match="goes on from there"):
        fetch_files(spec, progress=False)
    partial = sktl_home / "datasets" / "len_db" / "data.bin.part"
    assert partial.read_bytes() == CONTENT[: partial.stat().st_size] != b""


def test_wrong_checksum_is_refused_and_deleted(spec, server, sktl_home):
    server.files["/data.bin"] = CONTENT[:-1] + b"?"
    with pytest.raises(ValueError, match="hash"):
        fetch_files(spec, progress=False)
    assert not list((sktl_home / "datasets" / "len_db").glob("data.bin*"))


def test_missing_file_on_the_server_names_the_ways_out(spec, server):
    server.files.clear()
    with pytest.raises(OSError, match=r"404.*path=.*SKTL_MIRROR"):
        fetch_files(spec, progress=False)


def test_changed_file_in_the_cache_is_refused(spec):
    found = fetch_files(spec, progress=False)
    found.write_bytes(CONTENT + b"?")
    with pytest.raises(ValueError, match="not the official file"):
        fetch_files(spec, progress=False)


def test_no_room_is_found_before_anything_is_asked(spec, server, monkeypatch):
    spec = with_file(spec, size=10**15)
    with pytest.raises(OSError, match=r"1000000\.0 GB.*SKTL_HOME"):
        fetch_files(spec, progress=False)
    assert server.requests == []


def test_no_room_for_a_size_that_only_the_server_knows(spec, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(_download.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(OSError, match="are free"):
        fetch_files(with_file(spec, size=None), progress=False)


def test_mirror_comes_before_the_network_and_is_checked(spec, server, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror" / "deep"
    mirror.mkdir(parents=True)
    (mirror / "data.bin").write_bytes(CONTENT)
    monkeypatch.setenv("SKTL_MIRROR", str(tmp_path / "mirror"))
    assert fetch_files(spec, download_if_missing=False) == mirror / "data.bin"
    assert server.requests == []
    (mirror / "data.bin").write_bytes(b"something else")
    with pytest.raises(ValueError, match="not the official file"):
        fetch_files(spec)


def test_download_can_be_forbidden(spec, server):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False"):
        fetch_files(spec, download_if_missing=False)
    assert server.requests == []


@pytest.fixture
def zenodo_spec(spec, server, monkeypatch):
    monkeypatch.setattr(_checksums, "ZENODO_API", f"{server.url}/api/records")
    checksum = "md5:" + hashlib.md5(CONTENT).hexdigest()
    server.files["/api/records/7"] = json.dumps(
        {"files": [{"key": "data.bin", "size": len(CONTENT), "checksum": checksum}]}
    ).encode()
    return with_file(spec, known_hash=None, zenodo_record=7)


def test_zenodo_is_asked_for_the_checksum_once(zenodo_spec, server, sktl_home):
    found = fetch_files(zenodo_spec, progress=False)
    found.unlink()
    fetch_files(zenodo_spec, progress=False)
    assert [path for path, _ in server.requests] == ["/api/records/7", "/data.bin", "/data.bin"]
    remembered = json.loads((sktl_home / "datasets" / "checksums.json").read_text())
    assert remembered["official"]["data.bin"].startswith("md5:")


def test_zenodo_checksum_that_differs_is_refused(zenodo_spec, server):
    server.files["/data.bin"] = CONTENT[:-1] + b"?"
    with pytest.raises(ValueError, match="hash"):
        fetch_files(zenodo_spec, progress=False)


def test_without_zenodo_nothing_is_taken_unchecked(zenodo_spec, server, tmp_path, monkeypatch):
    server.files.clear()
    (tmp_path / "data.bin").write_bytes(CONTENT)
    monkeypatch.setenv("SKTL_MIRROR", str(tmp_path))
    with pytest.raises(OSError, match=r"checksum of data\.bin is unknown"):
        fetch_files(zenodo_spec)
    official = {"official": {"data.bin": "md5:" + hashlib.md5(CONTENT).hexdigest()}}
    (tmp_path / "checksums.json").write_text(json.dumps(official))
    assert fetch_files(zenodo_spec) == tmp_path / "data.bin"
    assert fetch_files(zenodo_spec, path=tmp_path / "data.bin") == tmp_path / "data.bin"


def test_zenodo_record_without_the_file(zenodo_spec, server):
    server.files["/api/records/7"] = b'{"files": []}'
    with pytest.raises(OSError, match="does not list"):
        fetch_files(zenodo_spec)


@pytest.mark.parametrize("name", ["STEAD", "S&P 500"])
def test_manual_datasets_say_the_steps(name):
    with pytest.raises(FileNotFoundError, match=r"(?s)1\. open.*path=.*-simulated"):
        fetch_files(get_spec(name))


def test_missing_path(spec):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fetch_files(spec, path="nowhere.hdf5")


def make_zip(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return path


def make_tar(path, names):
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 7
            archive.addfile(member, io.BytesIO(b"content"))
    return path


@pytest.mark.parametrize(("make", "name"), [(make_zip, "a.zip"), (make_tar, "a.tar.gz")])
def test_archives_are_unpacked_once(make, name, tmp_path):
    archive = make(tmp_path / name, ["inside/x.txt", "y.txt"])
    folder = unpack(archive, tmp_path / "cache")
    assert (folder / "inside" / "x.txt").read_text() == "content"
    (folder / "mark").touch()
    assert (unpack(archive, tmp_path / "cache") / "mark").exists()


@pytest.mark.parametrize(("make", "name"), [(make_zip, "a.zip"), (make_tar, "a.tar.gz")])
@pytest.mark.parametrize("member", ["../out.txt", "/tmp/sktl-out.txt", "a/../../out.txt"])
def test_members_that_leave_the_folder_are_refused(make, name, member, tmp_path):
    archive = make(tmp_path / name, ["fine.txt", member])
    with pytest.raises(ValueError, match=r"stay in its folder"):
        unpack(archive, tmp_path / "cache")
    assert not list(tmp_path.rglob("*out.txt"))
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("to", ["/etc", "other"])
def test_links_are_refused(to, tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, to
        archive.addfile(link)
    with pytest.raises(ValueError, match="no link"):
        unpack(path, tmp_path / "cache")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_damaged_archives(name, tmp_path):
    whole = (make_zip if name.endswith("zip") else make_tar)(tmp_path / name, ["x"] * 1)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ValueError, match="damaged"):
        unpack(whole, tmp_path / "cache")


def test_the_archive_of_a_repository_is_checked_by_gits_id(spec, server, sktl_home):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("name-commit/hello", "hello\n")
    server.files["/data.zip"] = archive.getvalue()
    # git's own: `echo hello > hello; git add hello; git write-tree`.
    tree = "git-tree:b4d01e9b0c4a9356736dfddf8830ba9a54f5271c"
    known = RemoteFile("data.zip", f"{server.url}/data.zip", known_hash=tree)
    folder = fetch_files(replace(spec, files=(known,)), progress=False)
    assert (folder / "name-commit" / "hello").read_text() == "hello\n"
    (sktl_home / "datasets" / "len_db" / "data.zip").unlink()
    wrong = replace(known, known_hash="git-tree:" + "0" * 40)
    with pytest.raises(ValueError, match="b4d01e9b"):
        fetch_files(replace(spec, files=(wrong,)), progress=False)
    assert not (sktl_home / "datasets" / "len_db" / "data.zip").exists()


def test_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sktl._untrusted.ROOM", 2**16)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(2**20))
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
        member = tarfile.TarInfo("x")
        member.size = 2**20
        archive.addfile(member, io.BytesIO(bytes(2**20)))
    for name in ("a.zip", "a.tgz"):
        with pytest.raises(ValueError, match="its members may take"):
            unpack(tmp_path / name, tmp_path / "cache")


@pytest.mark.parametrize("content", ["[1]", '{"verified": 3, "official": []}', "[" * 100_000])
def test_remembered_checksums_that_are_none(content, tmp_path, sktl_home):
    (sktl_home / "datasets").mkdir(parents=True)
    (sktl_home / "datasets" / "checksums.json").write_text(content)
    (tmp_path / "x").write_bytes(b"x")
    verify(tmp_path / "x", "md5:9dd4e461268c8034f5c8564e155c67a6")
    with pytest.raises(ValueError, match="'algorithm:digest'"):
        verify(tmp_path / "x", "shake:00")
