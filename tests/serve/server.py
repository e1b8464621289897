# SPDX-License-Identifier: Apache-2.0
"""Runs `evenray serve` and speaks to it, for the tests of serve and its bench."""
import glob
import html
import http.client
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import urllib.parse
import uuid
import zlib

BUILD = os.environ.get("EVENRAY_BUILD", "build/ci")
PROGRAM = os.path.abspath(os.path.join(BUILD, "evenray"))
PASSWORD = "a long enough phrase"


def run(*words, stdin="", check=True):
    """Runs a command of evenray; returns (exit code, stdout, stderr)."""
    done = subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise AssertionError(f"{words}: {done.returncode}: {done.stderr}")
    return done.returncode, done.stdout, done.stderr


class Server:
    """A server in a folder that is removed at the end; with the models of the demo, or `flags`."""

    def __init__(self, *flags, accounts=(), folder=None, demo=True):
        self.own = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="evenray-serve-")
        self.data = os.path.join(self.folder, "data")
        self.flags = ["--demo", *flags] if demo else flags
        for name, role in accounts:
            run("serve", "user", "add", name, "--role", role, "--data", self.data,
                stdin=PASSWORD + "\n")
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, "log.txt"), "a")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--data", self.data, "--listen", "127.0.0.1:0",
             *self.flags],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise AssertionError(open(self.log.name).read())
        self.port = int(self.address.rstrip("/").rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        return code

    def close(self):
        code = self.stop()
        if code != 0:
            raise AssertionError(f"the server ended with {code}")
        if self.own:
            shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Answer:
    def __init__(self, reply):
        self.status = reply.status
        self.headers = reply.headers
        self.body = reply.read()

    @property
    def text(self):
        return self.body.decode()

    @property
    def csrf(self):
        return re.search(r'data-csrf="([^"]*)"', self.text).group(1)


class Client:
    """A browser without pictures: keeps cookies, sends forms with their token."""

    def __init__(self, server, token=None):
        self.server = server
        self.cookies = {}
        self.token = token
        self.csrf = ""
        self.connection = None

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        for attempt in (0, 1):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                                             timeout=60)
            try:
                self.connection.request(method, path, body, headers)
                answer = Answer(self.connection.getresponse())
                break
            except (http.client.HTTPException, ConnectionError):
                # An idle connection was closed meanwhile.
                self.connection.close()
                self.connection = None
                if attempt or method != "GET":
                    raise
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer

    def get(self, path, **headers):
        answer = self.ask("GET", path, headers=headers)
        if answer.status == 200 and b"data-csrf" in answer.body:
            self.csrf = answer.csrf
        return answer

    def post(self, path, fields=None, **headers):
        body = urllib.parse.urlencode({"csrf": self.csrf, **(fields or {})})
        return self.ask("POST", path, body,
                        {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def sign_in(self, name, password=PASSWORD):
        self.get("/signin")
        answer = self.post("/signin", {"name_of_account": name, "password": password})
        if answer.status == 303:
            self.get("/")
        return answer

    def upload(self, data, name="image.png", wait_s=20, patient=""):
        """As the script of the page does it."""
        query = urllib.parse.urlencode({"wait_s": wait_s, "patient": patient})
        return self.ask("POST", "/api/upload?" + query, data,
                        {"X-Csrf": self.csrf, "X-File-Name": urllib.parse.quote(name)})

    def upload_form(self, files, patient=""):
        """As a browser without script does it."""
        mark = uuid.uuid4().hex
        parts = b""
        for key, value in (("csrf", self.csrf), ("patient", patient)):
            parts += (f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'
                      f"{value}\r\n").encode()
        for name, data in files:
            parts += (f'--{mark}\r\nContent-Disposition: form-data; name="files"; '
                      f'filename="{name}"\r\nContent-Type: image/png\r\n\r\n').encode()
            parts += data + b"\r\n"
        parts += f"--{mark}--\r\n".encode()
        return self.ask("POST", "/upload", parts,
                        {"Content-Type": f"multipart/form-data; boundary={mark}"})


def text_of(page):
    """The text of a page, without its markup."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))


def drawn_images(folder, count=4, seed=99, size="96x80"):
    """Draws radiographs and returns their PNG files."""
    run("data", "export", f"phantom:images={count},seed={seed},size_px={size},rare_share=.5", "--to",
        "png", "--out", folder)
    found = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names
             if name.endswith(".png")]
    return sorted(found)


def png_of_size(width, height):
    """A PNG whose header claims a size; its pixels are all zero, so the file is small."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data))
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(b"\0" * (width + 1)) for _ in range(height)) + rows.flush()
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0,
                                                             0))
            + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def children_of(process):
    """The child processes of a process."""
    found = []
    for file in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = open(file).read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            found.append(int(file.split("/")[2]))
    return found


def wait_until(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False
