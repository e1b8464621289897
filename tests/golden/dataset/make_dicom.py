# SPDX-License-Identifier: Apache-2.0
"""Makes dicom/*.dcm (one small picture in each transfer syntax) and dicom_grey.json (what pydicom makes of stored values).

pip install pydicom numpy pylibjpeg-openjpeg; Debian's dcmtk (dcmcjpeg, dcmcjpls, dcmcrle, dcmconv). Run in tests/golden/dataset.
"""
import json
import pathlib
import subprocess

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_windowing, apply_voi
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000, JPEG2000Lossless

ROWS, COLUMNS = 33, 36


def picture(white):
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    blob = np.exp(-((x - 10) ** 2 + (y - 8) ** 2) / 60)
    noise = np.random.default_rng(5).integers(0, white // 64 + 1, (ROWS, COLUMNS))
    return np.clip(white * .9 * blob + noise, 0, white).astype(np.uint16)


def write(path, pixels, bits, colour=None):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"
    d.Modality, d.PatientID, d.PatientName = "DX", "P1", "Made^Up"
    d.SamplesPerPixel = 3 if colour else 1
    d.PhotometricInterpretation = colour or "MONOCHROME2"
    if colour:
        d.PlanarConfiguration = 0
    d.Rows, d.Columns = ROWS, COLUMNS
    d.BitsAllocated = 8 if bits == 8 else 16
    d.BitsStored, d.HighBit, d.PixelRepresentation = bits, bits - 1, 0
    d.PixelData = (pixels.astype(np.uint8) if bits == 8 else pixels.astype("<u2")).tobytes()
    d.save_as(path, enforce_file_format=True)
    return d


def syntaxes():
    folder = pathlib.Path("dicom")
    folder.mkdir(exist_ok=True)
    plain = folder / "explicit.dcm"
    deep, flat = picture(4095), picture(255)
    made = write(plain, deep, 12)
    write(folder / "eight.dcm", flat, 8)
    write(folder / "rgb.dcm", np.stack([flat, flat // 2, 255 - flat], 2), 8, "RGB")

    def run(*command):
        subprocess.run(command, check=True)

    run("dcmconv", "+ti", plain, folder / "implicit.dcm")
    run("dcmconv", "+tb", plain, folder / "big_endian.dcm")
    run("dcmconv", "+td", plain, folder / "deflated.dcm")
    run("dcmcrle", plain, folder / "rle.dcm")
    run("dcmcrle", folder / "rgb.dcm", folder / "rle_rgb.dcm")
    run("dcmcjpls", "+el", plain, folder / "jpegls.dcm")
    run("dcmcjpls", "+en", "+md", "2", plain, folder / "jpegls_near.dcm")
    run("dcmcjpeg", "+e1", plain, folder / "jpeg_lossless_sv1.dcm")
    run("dcmcjpeg", "+el", "+sv", "6", plain, folder / "jpeg_lossless.dcm")
    run("dcmcjpeg", "+el", folder / "rgb.dcm", folder / "jpeg_lossless_rgb.dcm")
    run("dcmcjpeg", "+ee", "+q", "95", plain, folder / "jpeg_extended.dcm")
    run("dcmcjpeg", "+eb", "+q", "95", folder / "eight.dcm", folder / "jpeg_baseline.dcm")
    made.compress(JPEG2000Lossless, deep, generate_instance_uid=False)
    made.save_as(folder / "jpeg2000.dcm")
    write(plain, deep, 12)
    lossy = write(plain, deep, 12)
    lossy.compress(JPEG2000, deep, j2k_psnr=[50], generate_instance_uid=False)
    lossy.save_as(folder / "jpeg2000_lossy.dcm")

    truth = {"deep": deep.ravel().tolist(), "flat": flat.ravel().tolist(), "files": {}}
    for path in sorted(folder.glob("*.dcm")):
        source = "flat" if path.stem in ("eight", "jpeg_baseline") else "deep"
        largest = {"jpegls_near": 2, "jpeg_baseline": 6, "jpeg_extended": 60, "jpeg2000_lossy": 40}.get(path.stem, 0)
        if "rgb" not in path.stem:
            truth["files"][path.name] = {"picture": source, "largest_difference": largest}
    return truth


def lut(entries, first, bits):
    d = Dataset()
    d.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries), first, bits])
    d.add_new(0x00283006, "OW", np.array(entries, "<u2").tobytes())
    return Sequence([d])


def bare():
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.PhotometricInterpretation = "MONOCHROME2"
    d.BitsStored, d.BitsAllocated, d.PixelRepresentation = 16, 16, 1
    return d


def grey_case(name, stored, signed=False, bits=12, slope=None, intercept=None, window=None, function=None, modality=None, voi=None,
              photometric="MONOCHROME2", shape=None):
    """`share`: grey as a share of white, by pydicom's modality LUT, VOI LUT and windowing; inversion by our own hand."""
    d = bare()
    if slope is not None:
        d.RescaleSlope, d.RescaleIntercept = slope, intercept
    if modality:
        d.ModalityLUTSequence = lut(*modality)
    values = apply_modality_lut(np.array(stored, np.int32), d).astype(np.float64)
    w = bare()
    if voi:
        w.VOILUTSequence = lut(*voi)
        share = apply_voi(values.astype(np.int32), w) / (2 ** voi[2] - 1)
    else:
        w.WindowCenter, w.WindowWidth = window
        if function:
            w.VOILUTFunction = function
        share = (apply_windowing(values, w) + 32768) / 65535
    if photometric == "MONOCHROME1" or shape == "INVERSE":
        share = 1 - share
    return dict(name=name, stored=stored, signed=signed, bits=bits, slope=slope, intercept=intercept, window=window, function=function,
                modality=modality, voi=voi, photometric=photometric, shape=shape, share=np.clip(share, 0, 1).round(6).tolist())


def greys():
    ramp = [0, 1, 100, 500, 1000, 1500, 2000, 2047, 2048, 3000, 4000, 4095]
    about = [-2048, -1500, -1000, -1, 0, 1, 500, 1000, 2047]
    square = [i * i for i in range(64)]
    return [
        grey_case("linear", ramp, window=[2048, 4096]),
        grey_case("narrow", ramp, window=[1200, 900]),
        grey_case("fraction", ramp, window=[1000.5, 2000.25]),
        grey_case("exact", ramp, window=[1200, 900], function="LINEAR_EXACT"),
        grey_case("sigmoid", ramp, window=[1500, 1200], function="SIGMOID"),
        grey_case("signed", about, signed=True, window=[0, 3000]),
        grey_case("rescaled", ramp, slope=2.5, intercept=-1024, window=[2000, 6000]),
        grey_case("negative_slope", ramp, slope=-10, intercept=4095, window=[-16000, 40000]),
        grey_case("signed_rescaled", about, signed=True, slope=.5, intercept=100, window=[100, 1500]),
        grey_case("modality_lut", [0, 5, 10, 11, 40, 63, 70, 4095], modality=[square, 10, 16], window=[1400, 2800]),
        grey_case("voi_lut", [0, 90, 100, 101, 120, 150, 163, 170, 4095], voi=[square, 100, 12]),
        grey_case("voi_lut_signed", [-100, -30, -1, 0, 10, 33, 40], signed=True, voi=[square, -30, 12]),
        grey_case("monochrome1", ramp, window=[2048, 4096], photometric="MONOCHROME1"),
        grey_case("monochrome1_inverse", ramp, window=[2048, 4096], photometric="MONOCHROME1", shape="INVERSE"),
        grey_case("monochrome2_inverse", ramp, window=[2048, 4096], shape="INVERSE"),
        grey_case("monochrome1_identity", ramp, window=[2048, 4096], photometric="MONOCHROME1", shape="IDENTITY"),
    ]


truth = syntaxes()
with open("dicom_grey.json", "w") as out:
    json.dump({"syntaxes": truth, "grey": greys()}, out, separators=(",", ":"))
    out.write("\n")
