"""A stand-in for the hub: as much of its HTTP interface as huggingface_hub's own client asks for.

It keeps commits in memory; a repository's revision is a commit or ``main``.
"""

import base64
import hashlib
import http.server
import json
import re
import threading


class HubServer:
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
            self.repositories.setdefault(repo, [])
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
            files = dict(self.repositories[api[1]][-1][1]) if self.repositories[api[1]] else {}
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
