"""Sharing through huggingface_hub's own client and a stand-in for the hub on this machine."""

import base64
import hashlib
import http.server
import json
import re
import sys
import threading

import numpy as np
import pytest

from sktl.sources import find_card, hub, load_source, push_to_hub, save_source

huggingface_hub = pytest.importorskip("huggingface_hub")

FACTS = {
    "licence": "cc-by-4.0",
    "citation": "Somebody et al. 2026",
    "notes": "Made | for a test",
    "simulated": True,
    "score": {"metric": "mae", "value": 0.25, "split": "validation"},
}


class HubServer:
    """As much of the hub's HTTP interface as huggingface_hub's own client asks for.

    It keeps commits in memory; a repository's revision is a commit or ``main``.
    """

    def __init__(self):
        self.repositories = {}  # repo -> list of (commit, {path: bytes})
        self.requests = []
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.endpoint = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self):
        self._http.shutdown()
        self._http.server_close()

    def files(self, repo, revision="main"):
        """Return (commit, files) of a revision, or None."""
        commits = self.repositories.get(repo, [])
        if revision == "main":
            return commits[-1] if commits else None
        return next((commit for commit in commits if commit[0] == revision), None)

    def answer(self, method, path, body):
        """Return (status, headers, content) for a request."""
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(\w+)/([^/]+))?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        if method == "POST" and path == "/api/repos/create":
            asked = json.loads(body)
            repo = f"{asked.get('organization', 'somebody')}/{asked['name']}"
            self.repositories.setdefault(repo, [("0" * 40, {})])  # the hub begins with a commit
            return 200, {}, {"url": f"{self.endpoint}/{repo}"}
        if method == "POST" and path == "/api/validate-yaml":
            return 200, {}, {"errors": [], "warnings": []}
        if api and method == "POST" and api[2] == "preupload":
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return 200, {}, {"files": files}
        if api and method == "POST" and api[2] == "commit":
            lines = [json.loads(line) for line in body.splitlines()]
            files = dict(self.repositories[api[1]][-1][1])
            for line in lines:
                if line["key"] == "file":
                    assert line["value"]["encoding"] == "base64"
                    files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            commit = hashlib.sha1(body).hexdigest()
            self.repositories[api[1]].append((commit, files))
            return 200, {}, {"commitOid": commit, "commitUrl": f"{self.endpoint}/{api[1]}"}
        if api or file:
            repo, revision = (file[1], file[2]) if file else (api[1], api[3] or "main")
            found = self.files(repo, revision)
            if found is None:
                code = "RevisionNotFound" if repo in self.repositories else "RepoNotFound"
                return 404, {"X-Error-Code": code}, {"error": f"{code}: {repo} {revision}"}
            commit, files = found
            if file and file[3] in files:
                content = files[file[3]]
                etag = f'"{hashlib.sha1(content).hexdigest()}"'
                return 200, {"X-Repo-Commit": commit, "ETag": etag}, content
            if api and api[2] == "tree":
                tree = [
                    {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
                    for name, content in files.items()
                ]
                return 200, {}, tree
            if api:
                siblings = [{"rfilename": name} for name in files]
                return 200, {}, {"id": repo, "sha": commit, "siblings": siblings}
        return 404, {"X-Error-Code": "EntryNotFound"}, {"error": f"no {path}"}

    def _handler(server):
        class Handler(http.server.BaseHTTPRequestHandler):
            def respond(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.split("?")[0].replace("%2F", "/")
                server.requests.append((self.command, path, self.headers.get("Authorization")))
                status, headers, content = server.answer(self.command.replace("HEAD", "GET"),
                                                         path, body)  # fmt: skip
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                    headers = headers | {"Content-Type": "application/json"}
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(content))}).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = respond

            def log_message(self, *args):
                pass

        return Handler


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = HubServer()
    monkeypatch.setattr(hub, "_api", lambda module: module.HfApi(running.endpoint, token=False))
    yield running
    running.stop()


@pytest.fixture
def folder(tmp_path, make_card, arrays):
    return save_source(tmp_path / "mine", make_card(**FACTS), arrays)


def test_push_then_load(server, folder, arrays, sktl_home):
    address = push_to_hub(folder, "somebody/magnet", token="hf_secret")
    commit = address.removeprefix("hf://somebody/magnet@")
    assert server.files("somebody/magnet")[0] == commit
    assert ("POST", "/api/repos/create", "Bearer hf_secret") in server.requests
    for source in ("hf://somebody/magnet", address):
        loaded = load_source(source, "MagNet")
        assert loaded.origin == "hub"
        assert sktl_home / "hub" in loaded.path.parents
        for name, array in arrays.items():
            np.testing.assert_array_equal(loaded.arrays[name], array)
    assert find_card(address, "MagNet").notes == FACTS["notes"]
    with pytest.raises(ValueError, match="TCN needs"):
        load_source(address, "TCN")


def test_pushed_is_what_was_saved_and_a_readme(server, folder):
    (folder / "README.md").write_text("an older one")
    push_to_hub(folder, "somebody/magnet")
    files = server.files("somebody/magnet")[1]
    assert sorted(files) == ["README.md", "SHA256SUMS", "card.json", "weights.safetensors"]
    for name in ("SHA256SUMS", "card.json", "weights.safetensors"):
        assert files[name] == (folder / name).read_bytes()
    assert b"an older one" not in files["README.md"]
    assert (folder / "README.md").read_text() == "an older one"


def test_a_revision_stays_what_it_was(server, folder, make_card):
    first = push_to_hub(folder, "somebody/magnet")
    save_source(folder, make_card(), {"a/b": np.ones(2)})
    second = push_to_hub(folder, "somebody/magnet")
    assert first != second
    assert "conv1/kernel" in load_source(first, "MagNet").arrays
    assert list(load_source(second, "MagNet").arrays) == ["a/b"]


def test_a_process_asks_the_hub_once(server, folder):
    push_to_hub(folder, "somebody/magnet")
    load_source("hf://somebody/magnet", "MagNet")
    asked = len(server.requests)
    load_source("hf://somebody/magnet", "MagNet")
    assert len(server.requests) == asked


def test_what_was_downloaded_works_offline(server, folder, monkeypatch):
    push_to_hub(folder, "somebody/magnet")
    load_source("hf://somebody/magnet", "MagNet")
    monkeypatch.setattr(hub, "_downloaded", {})
    monkeypatch.setattr(hub, "_api", lambda module: module.HfApi("http://127.0.0.1:9", token=False))
    assert load_source("hf://somebody/magnet", "MagNet").origin == "hub"
    with pytest.raises(ConnectionError, match="hf://somebody/other"):
        load_source("hf://somebody/other", "MagNet")


def test_a_changed_byte_on_the_hub_is_refused(server, folder):
    push_to_hub(folder, "somebody/magnet")
    files = server.files("somebody/magnet")[1]
    before = hashlib.sha256(files["weights.safetensors"]).hexdigest()
    files["weights.safetensors"] = files["weights.safetensors"][:-1] + b"\x00"
    with pytest.raises(ValueError, match=before):
        load_source("hf://somebody/magnet", "MagNet")


def test_a_changed_source_is_not_pushed(server, folder):
    (folder / "weights.safetensors").write_bytes(b"changed")
    with pytest.raises(ValueError, match="is not the file"):
        push_to_hub(folder, "somebody/magnet")
    assert server.requests == []


@pytest.mark.parametrize("missing", ["hf://somebody/nothing", "hf://somebody/magnet@v9"])
def test_what_is_not_there_is_named(server, folder, missing):
    push_to_hub(folder, "somebody/magnet")
    with pytest.raises(ConnectionError, match=missing):
        load_source(missing, "MagNet")


def test_a_repository_without_a_source_is_named(server):
    server.repositories["somebody/else"] = [("a" * 40, {"model.bin": b"x", "card.json": b"{}"})]
    with pytest.raises(FileNotFoundError, match="A source is a folder with"):
        load_source("hf://somebody/else", "MagNet")


@pytest.mark.parametrize(
    "address", ["hf://", "hf://magnet", "hf://a/b/c", "hf://a/b@", "hf://a b/c"]
)
def test_wrong_addresses(address):
    with pytest.raises(ValueError, match=r"hf://owner/repo\[@revision\]"):
        load_source(address, "MagNet")


def test_wrong_repository_name(folder):
    with pytest.raises(ValueError, match="repo_id='magnet'"):
        push_to_hub(folder, "magnet")


def test_the_extra_is_named_when_it_is_missing(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for call in (
        lambda: push_to_hub(folder, "somebody/magnet"),
        lambda: load_source("hf://somebody/magnet", "MagNet"),
    ):
        with pytest.raises(ImportError, match=r"sktl\[hub\]"):
            call()


def test_model_card_is_read_by_the_hubs_own_reader(make_card):
    text = hub.model_card(make_card(**FACTS), "somebody/magnet")
    read = huggingface_hub.ModelCard(text)
    assert read.data.license == "cc-by-4.0"
    assert read.data.library_name == "sktl"
    assert {"time-series", "MagNet"} <= set(read.data.tags)
    assert "trained on **simulated** data" in read.text
    assert 'MagNetRegressor.from_pretrained("hf://somebody/magnet"' in read.text
    assert '| score | {"metric": "mae", "value": 0.25, "split": "validation"} |' in read.text
    assert "Somebody et al. 2026" in read.text


@pytest.mark.parametrize(
    ("licence", "metadata"),
    [
        (None, (None, None)),
        ("MIT", ("mit", None)),
        ("by: our own, ask #1", ("other", "by: our own, ask #1")),
    ],
)
def test_licences_in_the_model_card(make_card, licence, metadata):
    data = huggingface_hub.ModelCard(hub.model_card(make_card(licence=licence), "a/b")).data
    assert (data.license, data.license_name) == metadata
