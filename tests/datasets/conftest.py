"""Tiny files in every official layout, and a local server that understands ranges."""

import http.server
import threading
import wave

import h5py
import numpy as np
import pytest

RNG = np.random.default_rng(0)


def _write_wav(path, samples, rate=16000, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as clip:
        clip.setnchannels(channels)
        clip.setsampwidth(2)
        clip.setframerate(rate)
        clip.writeframes(np.asarray(samples, dtype="<i2").tobytes())
    return path


@pytest.fixture(scope="session")
def write_wav():
    """Return the writer of 16-bit clips: ``write_wav(path, samples, rate, channels)``."""
    return _write_wav


@pytest.fixture(scope="session")
def tone():
    """Return the maker of sine tones: ``tone(n, frequency, rate, amplitude)``."""
    return _tone


def _tone(n, frequency=440.0, rate=16000, amplitude=8000):
    return np.round(amplitude * np.sin(2 * np.pi * frequency * np.arange(n) / rate))


@pytest.fixture
def stead_file(tmp_path):
    """Write a file of STEAD's layout; ``change`` may damage the trace of a number."""

    def make(n=20, folder="earthquake/local", change=None, name="stead.hdf5", first=0):
        path = tmp_path / name
        with h5py.File(path, "w") as file:
            group = file.create_group(folder)
            for number in range(n):
                values = {
                    "series": RNG.normal(size=(6000, 3)).astype(np.float32),
                    "source_magnitude": 1.0 + number / 10,
                    "source_id": str(number // 2),
                    "trace_category": "earthquake_local",
                }
                values.update(change(number) or {} if change else {})
                trace = group.create_dataset(f"T{first + number:03d}_EV", data=values.pop("series"))
                for key, value in values.items():
                    if value is not None:
                        trace.attrs[key] = value
        return path

    return make


@pytest.fixture
def closes_file(tmp_path):
    """Write a history of closes; ``change`` may edit its lines."""

    def make(n=600, change=None):
        days = np.datetime64("2000-01-03") + np.arange(n)
        lines = [f"{day},1,1,1,{100 + number}.0,1,0" for number, day in enumerate(days)]
        lines = ["Date,Open,High,Low,Close,Adj Close,Volume", *(change(lines) if change else lines)]
        path = tmp_path / "closes.csv"
        path.write_text("\n".join(lines))
        return path

    return make


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server.state
        server.requests.append((self.path, self.headers.get("Range")))
        content = server.files.get(self.path.split("?")[0])
        if content is None:
            self.send_error(404)
            return
        start = 0
        if self.headers.get("Range") and server.ranges:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = server.breaks.pop(0) if server.breaks else len(content)
        self.wfile.write(content[start:stop])
        if stop < len(content):
            self.wfile.flush()
            self.connection.close()


class Server:
    """What is served, what was asked, and where connections break."""

    def __init__(self):
        self.files, self.requests, self.breaks, self.ranges = {}, [], [], True


@pytest.fixture
def server():
    state = Server()
    http_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http_server.state = state
    http_server.handle_error = lambda *_: None
    thread = threading.Thread(target=http_server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{http_server.server_port}"
    yield state
    http_server.shutdown()
    http_server.server_close()
