// SPDX-License-Identifier: Apache-2.0
// Pretrained weights, packed models and predictions, as a user runs them.
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/app/workshop.hpp"
#include "tests/pixels.hpp"
#include "tests/python.hpp"

using namespace evenray;

TEST_CASE("a model is packed, predicts files, folders and stores, and explains itself") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5", model = workshop() / "model";
  const Json packed =
      done(at, {"classify", "pack-model", model, "--data", set, "--out=m.safetensors", "--json"})
          .json();
  CHECK(packed["arch"] == "small");
  CHECK(packed["classes"] == Json{"Non_fractured", "Fractured"});
  CHECK(packed["bytes"] == std::filesystem::file_size(scratch / "m.safetensors"));

  const Json of_store = Json::parse(
      run(at, {"classify", "predict", "m.safetensors", set, "--part=val", "--json"}).out);
  CHECK(of_store["predictions"].size() > 1);
  const Json& first = of_store["predictions"][0];
  CHECK(first["top"].size() == 2);
  CHECK(first["top"][0]["p"] >= first["top"][1]["p"]);
  CHECK(first["unlike"] > 0);
  CHECK(first["predicted"].size() == 1);

  // A folder is its files; a packed model and its run say the same of an image.
  for (int i = 0; i < 3; ++i)
    write_atomic(scratch / "films" / cat(i, ".png"), encode_png(drawn_picture(i)));
  const Ran folder = run(
      at, {"classify", "predict", "m.safetensors", "films", "--explain=maps", "--class=Fractured"});
  CHECK(folder.code == 0);
  CHECK(folder.out.starts_with("file,p_Non_fractured,p_Fractured,predicted,unlike\nfilms/0.png,"));
  CHECK(files_in(scratch / "maps") == Words{"0-0.png", "1-1.png", "2-2.png"});
  const DecodedImage shown = decode_image_bytes(read_file(scratch / "maps/0-0.png"));
  CHECK(shown.pixels.cols == 2 * packed["size_px"][1].get<int>());
  const auto p = [&](const Path& path) {
    return Json::parse(run(at, {"classify", "predict", path, "films/1.png", "--json"}).out)
        .at("predictions")[0]["p"];
  };
  CHECK(p("m.safetensors") == p(model));

  // What it looks at, against the boxes of the phantoms.
  const Json looked = done(at,
                           {"classify",
                            "eval",
                            "m.safetensors",
                            "--data",
                            set,
                            "--explain=grad-cam",
                            "--out=ev",
                            "--json"})
                          .json()["localisation"];
  CHECK(looked["classes"][0]["name"] == "Fractured");
  CHECK(looked["classes"][0]["images"] > 0);

  fails(at,
        {"classify", "pack-model", model, "--data", workshop() / "nothing.h5", "--out=x"},
        Exit::missing_input,
        "nothing.h5");
  fails(at,
        {"classify", "predict", "m.safetensors", "films", "--explain=y", "--method=lime"},
        Exit::usage,
        "unknown explanation 'lime'");
  std::filesystem::create_directory(scratch / "empty");
  fails(at,
        {"classify", "predict", "m.safetensors", "empty"},
        Exit::bad_data,
        "holds no PNG, JPEG, TIFF or DICOM files");
  CHECK_FALSE(std::filesystem::exists(scratch / "x"));
}

TEST_CASE("a classifier starts from another one, or says what it lacks") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5", model = workshop() / "model";
  const Words train{"classify", "train", set, "--out=head", "--tune=head"};
  done(at, train + Words{"--weights", model} + kTinyClassifier);
  CHECK(std::filesystem::exists(scratch / "head/DONE"));
  std::filesystem::remove_all(set.string() + ".features");
  fails(at,
        Words{"classify", "train", set, "--out=none", "--weights=imagenet"} + kTinyClassifier,
        Exit::missing_input,
        "no weights 'imagenet' of small are installed");
  fails(at,
        Words{"classify", "train", set, "--out=none", "--arch=resnet50", "--weights", model} +
            kTinyClassifier,
        Exit::bad_data,
        "has weights of small, not of resnet50; give --arch small");
  CHECK_FALSE(std::filesystem::exists(scratch / "none"));
}

TEST_CASE("the Python of docs/commands.md computes the probabilities of a packed model") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  done(at,
       Words{"classify", "train", set, "--out=run", "--arch=tf_efficientnet_lite0"} +
           kTinyClassifier);
  done(at, {"classify", "pack-model", "run", "--data", set, "--out=model.safetensors"});
  const Ran found = run(at, {"classify", "predict", "model.safetensors", set, "--part=val"});
  REQUIRE(found.code == 0);
  write_text(scratch / "found.csv", found.out);
  // PyPI's torchvision is built for CUDA. Beside a CPU build of torch it lacks its operators, which
  // timm does not use, but two of them have to be known.
  const std::string before =
      "import sys, torch\n"
      "try:\n"
      "    import torchvision\n"
      "except RuntimeError:\n"
      "    for name in [name for name in sys.modules if name.startswith('torchvision')]:\n"
      "        del sys.modules[name]\n"
      "    from torch import library\n"
      "    operators = getattr(library, 'Library')('torchvision', 'DEF')\n"
      "    for name in ('nms', 'qnms'):\n"
      "        operators.define(name + '(Tensor a, Tensor b, float c) -> Tensor')\n";
  const std::string after =
      cat("import csv, h5py\n"
          "with h5py.File('",
          set.string(),
          "') as store:\n"
          "    images = torch.from_numpy(store['val/images'][:])[:, None]\n"
          "with open('found.csv') as file:\n"
          "    rows = [[float(row['p_' + name]) for name in facts['class_names']]\n"
          "            for row in csv.DictReader(file)]\n"
          "difference = (probabilities(images) - torch.tensor(rows)).abs().max()\n"
          "assert len(rows) > 10 and difference < 1e-4, (len(rows), difference)\n");
  run_python(at,
             "timm, torchvision, safetensors, h5py",
             before + python_below("docs/commands.md", "### classify pack-model") + after);
}
