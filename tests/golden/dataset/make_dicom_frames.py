# SPDX-License-Identifier: Apache-2.0
"""Makes frames/*.dcm (several frames, padding, bits beyond BitsStored) and dicom_frames.json (what pydicom reads from them).

pip install pydicom==3.0.2 numpy pillow. Run in tests/golden/dataset.
"""
import io
import json
import pathlib

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

folder = pathlib.Path("frames")
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(3)


def data_set(pixels, stored, signed=False):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    if pixels.ndim == 3:
        d.NumberOfFrames = len(pixels)
    d.Rows, d.Columns = pixels.shape[-2:]
    d.BitsAllocated = 8 * pixels.itemsize
    d.BitsStored, d.HighBit, d.PixelRepresentation = stored, stored - 1, int(signed)
    d.PixelData = pixels.tobytes() + b"\0" * (pixels.size * pixels.itemsize % 2)
    return d


def save(d, name):
    d.save_as(folder / name, enforce_file_format=True)


deep = rng.integers(0, 4096, (3, 5, 7)).astype("<u2")
flat = rng.integers(0, 256, (3, 5, 7)).astype(np.uint8)
smooth = (np.mgrid[0:3, 0:16, 0:16].sum(0) * 7).astype(np.uint8)
save(data_set(deep, 12), "plain.dcm")
save(data_set(flat, 8), "odd.dcm")
rle = data_set(deep, 12)
rle.compress(RLELossless)
save(rle, "rle.dcm")


def jpegs():
    out = []
    for frame in smooth:
        coded = io.BytesIO()
        Image.fromarray(frame).save(coded, "JPEG", quality=95)
        out.append(coded.getvalue())
    return out


for name, options in {"offsets": dict(fragments_per_frame=2), "marks": dict(fragments_per_frame=2, has_bot=False)}.items():
    d = data_set(smooth, 8)
    d.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    d.PixelData = encapsulate(jpegs(), **options)
    d["PixelData"].is_undefined_length = True
    save(d, f"{name}.dcm")
d = data_set(smooth, 8)
d.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
d.PixelData, d.ExtendedOffsetTable, d.ExtendedOffsetTableLengths = encapsulate_extended(jpegs())
d["PixelData"].is_undefined_length = True
save(d, "extended.dcm")

# 12 bits in 16; the padding value needs all 16 bits, and two pixels have bits that are not theirs.
cells = rng.integers(100, 3000, (5, 7)).astype("<u2")
cells[0, :3] = 0xF000
beyond = cells.copy()
cells[4, :2] = 3500, 3501
d = data_set(cells, 12)
d.PixelPaddingValue, d.PixelPaddingRangeLimit = 0xF000, 3500
d["PixelPaddingValue"].VR = d["PixelPaddingRangeLimit"].VR = "US"
save(d, "padding.dcm")
save(data_set(beyond, 12), "beyond.dcm")
signed = rng.integers(-900, 900, (5, 7)).astype("<i2")
signed[:, 0] = -2000
d = data_set(signed, 12, True)
d.PixelPaddingValue = -2000
d["PixelPaddingValue"].VR = "SS"
save(d, "padding_signed.dcm")

truth = {"frames": {}, "padding": {}}
for path in sorted(folder.glob("*.dcm")):
    d = dcmread(path)
    values = d.pixel_array.astype(int)
    if path.stem == "beyond":
        truth["beyond"] = values.ravel().tolist()
    elif "PixelPaddingValue" in d:
        whole = np.frombuffer(d.PixelData, "<i2" if d.PixelRepresentation else "<u2").reshape(values.shape).astype(int)
        ends = sorted([d.PixelPaddingValue, d.get("PixelPaddingRangeLimit", d.PixelPaddingValue)])
        padding = (whole >= ends[0]) & (whole <= ends[1])
        low, high = values[~padding].min(), values[~padding].max()
        grey = np.floor((values - low) / (high - low) * 65535 + .5)
        truth["padding"][path.name] = np.where(padding, 0, grey).astype(int).ravel().tolist()
    else:
        truth["frames"][path.name] = [frame.ravel().tolist() for frame in values]
with open("dicom_frames.json", "w") as out:
    json.dump(truth, out, separators=(",", ":"))
    out.write("\n")
