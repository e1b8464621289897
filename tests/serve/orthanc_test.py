# SPDX-License-Identifier: Apache-2.0
"""docs/orthanc.lua in a real Orthanc: an instance goes to the server, its result comes back."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from server import Client, Server, drawn_images, run, wait_until

ORTHANC = shutil.which("Orthanc")
SCRIPT = os.path.abspath(
    os.path.join(os.environ.get("EVENRAY_SOURCE", "."), "docs", "orthanc.lua"))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Orthanc(unittest.TestCase):
    def test_result_comes_back(self):
        folder = tempfile.mkdtemp(prefix="evenray-orthanc-")
        with Server() as server:
            client = Client(server)
            client.get("/")
            # A DICOM file of another maker: a result of this server with the name changed.
            image = open(drawn_images(os.path.join(folder, "png"), 1)[0], "rb").read()
            answer = client.post("/patients/new", {"number": "MRN-5", "name": "Orthanc Test"})
            patient = answer.headers["Location"].rsplit("/", 1)[1]
            exam = json.loads(client.upload(image, patient=patient).body)
            dicom = client.get(exam["page"] + "/capture.dcm").body.replace(b"evenray", b"another")

            token = run("serve", "user", "add", "orthanc", "--role", "device", "--data",
                        server.data)[1].strip()
            port = free_port()
            with open(os.path.join(folder, "orthanc.json"), "w") as out:
                json.dump({"HttpPort": port, "DicomPort": free_port(), "LuaScripts": [SCRIPT],
                           "StorageDirectory": folder, "IndexDirectory": folder,
                           "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
                           "Plugins": []}, out)
            log = open(os.path.join(folder, "log.txt"), "w")
            orthanc = subprocess.Popen(
                [ORTHANC, out.name], stdout=log, stderr=log,
                env={**os.environ, "EVENRAY_URL": server.address.rstrip("/"),
                     "EVENRAY_TOKEN": token})

            def ask(path, data=None):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data) as reply:
                    return json.load(reply)

            def answers():
                try:
                    return ask("/system")
                except OSError:
                    return False

            try:
                self.assertTrue(wait_until(answers), open(log.name).read())
                ask("/instances", dicom)
                self.assertTrue(wait_until(lambda: len(ask("/instances")) == 2),
                                open(log.name).read())
                tags = [ask(f"/instances/{one}/simplified-tags") for one in ask("/instances")]
                sent = next(one for one in tags if one["Manufacturer"] == "another")
                result = next(one for one in tags if one["Manufacturer"] == "evenray")
                for tag in ("StudyInstanceUID", "PatientID", "PatientName"):
                    self.assertEqual(sent[tag], result[tag])
                self.assertNotEqual(sent["SeriesInstanceUID"], result["SeriesInstanceUID"])
                self.assertEqual(result["PatientID"], "MRN-5")
                if "-v" in sys.argv:
                    print(open(log.name).read())
            finally:
                orthanc.terminate()
                orthanc.wait()
                log.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    if not ORTHANC:
        print("skipped: Orthanc is not installed")
        sys.exit(0)
    unittest.main(warnings="ignore")
