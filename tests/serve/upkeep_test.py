# SPDX-License-Identifier: Apache-2.0
"""Tests of `evenray serve` as a process: start, stop, accounts of devices, its data folder."""
import glob
import json
import os
import shutil
import signal
import socket
import tempfile
import unittest

from server import (PASSWORD, Client, Server, children_of, drawn_images, run, text_of, wait_until)


def setUpModule():
    global FOLDER, IMAGES
    FOLDER = tempfile.mkdtemp(prefix="evenray-drawn-")
    IMAGES = [open(file, "rb").read() for file in drawn_images(os.path.join(FOLDER, "png"))]


def tearDownModule():
    shutil.rmtree(FOLDER)


def all_bytes(folder):
    """Of all files, hidden ones too."""
    out = b""
    for root, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(root, name), "rb") as file:
                out += file.read()
    return out


class BehindProxy(unittest.TestCase):
    def test_addresses_and_names(self):
        with Server("--behind-proxy", "--host", "XRay.Example",
                    accounts=(("ada", "admin"),)) as server:
            client = Client(server)
            headers = {"Host": "xray.example", "X-Forwarded-For": "203.0.113.7, 198.51.100.4"}
            page = client.get("/signin", **headers)
            self.assertEqual(page.status, 200)
            for _ in range(5):
                client.post("/signin", {"name_of_account": "x", "password": "wrong"}, **headers)
            # Only that address has to wait.
            other = {**headers, "X-Forwarded-For": "198.51.100.5"}
            answer = client.post("/signin", {"name_of_account": "ada", "password": PASSWORD}, **other)
            self.assertEqual(answer.status, 303)
            self.assertIn("__Host-session", client.cookies)
            self.assertIn("Secure", answer.headers["Set-Cookie"])
            log = client.get("/audit", **other).text
            self.assertIn("198.51.100.4", log)
            self.assertIn("198.51.100.5", log)


class Upkeep(unittest.TestCase):
    def test_device_backup_erase_and_watch(self):
        watched = tempfile.mkdtemp(prefix="evenray-watch-")
        with Server("--watch", watched) as server:
            data = server.data
            client = Client(server)
            client.get("/")
            answer = client.post("/patients/new", {"number": "MRN-77123", "name": "Erased Person"})
            patient = answer.headers["Location"].rsplit("/", 1)[1]
            exam = json.loads(client.upload(IMAGES[0], patient=patient).body)
            report = client.get(exam["page"] + "/capture.dcm").body
            self.assertIn(b"MRN-77123", report)

            # A file of a router: taken and gone; what is no image is put aside.
            with open(os.path.join(watched, "from-router.dcm"), "wb") as out:
                out.write(report)
            with open(os.path.join(watched, "broken.dcm"), "wb") as out:
                out.write(report[:2000])
            self.assertTrue(wait_until(lambda: os.listdir(watched) == ["refused"]))
            self.assertEqual(os.listdir(os.path.join(watched, "refused")), ["broken.dcm"])
            page = client.get("/patients/" + patient).text
            self.assertEqual(page.count("thumbnail.png"), 2)
            self.assertTrue(wait_until(lambda: not client.get("/history?state=waiting").text.count(
                "thumbnail.png")))

            backup = os.path.join(server.folder, "backup")
            run("serve", "backup", "--data", data, "--out", backup)
            run("serve", "export", "--data", data, "--out", os.path.join(server.folder, "all"))
            self.assertIn("MRN-77123", open(os.path.join(server.folder, "all/patients.csv")).read())
            said = run("serve", "erase", "MRN-77123", "--data", data, "--backup", backup)[1]
            self.assertIn(os.path.join(backup, "records.db"), said)
            self.assertEqual(client.get("/patients/" + patient).status, 404)
            self.assertEqual(client.get(exam["page"]).status, 404)
            run("serve", "check", "--data", data)
            # A search of all bytes: neither name, number nor image is left.
            left = all_bytes(data)
            for trace in (b"MRN-77123", b"Erased Person", IMAGES[0][200:260]):
                self.assertNotIn(trace, left)
            # The same from the page.
            answer = client.post("/patients/new", {"number": "MRN-88", "name": "Other Person"})
            page = answer.headers["Location"]
            exam = json.loads(client.upload(IMAGES[1], patient=page.rsplit("/", 1)[1]).body)
            self.assertIn(b"Other Person", all_bytes(data))
            self.assertEqual(client.post(page + "/erase").status, 422)
            self.assertEqual(client.post(page + "/delete").status, 303)
            self.assertEqual(client.post(page + "/erase").status, 303)
            self.assertEqual(client.get(exam["page"]).status, 404)
            for trace in (b"MRN-88", b"Other Person", IMAGES[1][200:260]):
                self.assertNotIn(trace, all_bytes(data))
            log = open(os.path.join(server.folder, "log.txt"), "rb").read()
            self.assertNotIn(b"MRN-77123", log)

            # The backup still has all of it.
            restored = os.path.join(server.folder, "restored")
            run("serve", "restore", backup, "--data", restored)
            run("serve", "check", "--data", restored)
            image = next(file for file in glob.glob(restored + "/images/*/*"))
            with open(image, "ab") as out:
                out.write(b"x")
            self.assertEqual(run("serve", "check", "--data", restored, check=False)[0], 65)
        shutil.rmtree(watched)

    def test_device_token(self):
        with Server() as server:
            token = run("serve", "user", "add", "orthanc", "--role", "device", "--data",
                        server.data)[1].strip()
            device = Client(server, token)
            answer = device.ask("POST", "/api/upload?wait_s=20", IMAGES[0])
            self.assertEqual(answer.status, 201)
            exam = json.loads(answer.body)["id"]
            self.assertEqual(json.loads(device.get("/api/exams/" + exam).body)["state"], "done")
            self.assertEqual(device.get(f"/api/exams/{exam}/capture.dcm").body[128:132], b"DICM")
            self.assertEqual(device.get("/patients").status, 403)
            # With an account, nobody gets in without one.
            self.assertEqual(Client(server).get("/history").status, 303)
            self.assertEqual(Client(server, "wrong").get("/api/exams/" + exam).status, 401)

    def test_restart_analyses_what_waits(self):
        server = Server()
        try:
            # A second server on this folder is refused.
            second = run("serve", "--demo", "--data", server.data, "--listen", "127.0.0.1:0",
                         check=False)
            self.assertEqual(second[0], 73)
            client = Client(server)
            client.get("/")
            done = [json.loads(client.upload(data, wait_s=0).body)["id"] for data in IMAGES]
            server.stop(signal.SIGKILL)
            run("serve", "check", "--data", server.data)
            server.start()
            client = Client(server)
            for exam in done:
                self.assertTrue(wait_until(lambda: json.loads(
                    client.get(f"/exams/{exam}/state.json").body)["state"] == "done"))
        finally:
            server.close()

    def test_child_processes_are_replaced(self):
        with Server() as server:
            client = Client(server)
            client.get("/")
            self.assertEqual(client.upload(IMAGES[0]).status, 201)
            before = children_of(server.process.pid)
            self.assertEqual(len(before), 2)
            for child in before:
                os.kill(child, signal.SIGKILL)
            exam = json.loads(client.upload(IMAGES[1]).body)
            self.assertIn("Likeliest findings", text_of(client.get(exam["page"]).text))
            after = children_of(server.process.pid)
            self.assertEqual(len(after), 2)
            self.assertFalse(set(before) & set(after))

    def test_refusals_at_the_start(self):
        folder = tempfile.mkdtemp(prefix="evenray-refused-")
        data = os.path.join(folder, "data")
        start = ("serve", "--demo", "--data", data, "--listen")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            code, _, said = run(*start, f"127.0.0.1:{taken.getsockname()[1]}", check=False)
            self.assertEqual(code, 73)
            self.assertIn("--listen", said)
        self.assertEqual(run(*start, "0.0.0.0:0", check=False)[0], 78)
        # A proxy would open it to everybody as well.
        for flags in (("--behind-proxy",), ("--host", "xray.example")):
            self.assertEqual(run(*start, "127.0.0.1:0", *flags, check=False)[0], 78)
        run("serve", "user", "add", "a", "--role", "admin", "--data", data, stdin=PASSWORD + "\n")
        code, _, said = run(*start, "0.0.0.0:0", check=False)
        self.assertEqual(code, 78)
        self.assertIn("root" if os.geteuid() == 0 else "--behind-proxy", said)
        self.assertEqual(run("serve", "--data", data, check=False)[0], 2)
        self.assertEqual(run("serve", "--model", "none", "--data", data, check=False)[0], 66)
        self.assertEqual(
            run("serve", "user", "add", "b", "--data", data, stdin="short\n", check=False)[0], 65)
        self.assertEqual(
            run("serve", "user", "add", "a", "--data", data, stdin=PASSWORD + "\n", check=False)[0],
            73)
        shutil.rmtree(folder)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
