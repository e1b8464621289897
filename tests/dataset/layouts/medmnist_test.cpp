// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/medmnist.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "core/rng.hpp"
#include "tests/dataset/test_folder.hpp"
#include "tests/python.hpp"

using namespace evenray;

namespace {

std::string golden_npz(const std::string& name) {
  return golden_path("dataset/" + name + ".npz").string();
}

}  // namespace

TEST_CASE("ChestMNIST: parts, fourteen labels, pixels") {
  const Manifest manifest = read_dataset(golden_npz("chestmnist_5"));
  CHECK(manifest.format == "medmnist");
  CHECK(manifest.source == "chestmnist_5");
  CHECK(manifest.multi_label);
  REQUIRE(manifest.class_names.size() == 14);
  CHECK(manifest.class_names[12] == "pleural");
  REQUIRE(manifest.samples.size() == 7);
  const Sample& sample = sample_of(manifest, "train_000002");
  CHECK(sample.part == "train");
  CHECK(std::count(sample.labels.begin(), sample.labels.end(), 1) == 1);
  CHECK(sample.labels[2] == 1);
  const cv::Mat image = sample.draw();
  REQUIRE(image.type() == CV_8UC1);
  CHECK(image.size() == cv::Size(6, 5));
  CHECK(image.at<uint8_t>(1, 2) == 2 * 30 + 8);
}

TEST_CASE("one column of labels is a class a value; 16 bits and colour") {
  const Manifest deep = read_dataset(golden_npz("two_values"));
  CHECK_FALSE(deep.multi_label);
  CHECK(deep.class_names == Names{"4", "7"});
  CHECK(sample_of(deep, "train_000001").exclusive_class() == 1);
  CHECK(sample_of(deep, "val_000001").draw().at<uint16_t>(0, 1) == 31 * 257);
  const Manifest colour = read_dataset(golden_npz("colour"));
  CHECK(ids(colour).size() == 4);
  CHECK(sample_of(colour, "train_000000").draw().at<uint8_t>(4, 5) == 29);
}

TEST_CASE("an .npz file that is damaged or no such set is refused in one line") {
  const TestFolder folder;
  const auto refused = [&](const std::string& bytes) {
    folder.file("x.npz", bytes);
    return failure((folder / "x.npz").string(), ReadOptions{});
  };
  CHECK(refused("").first == 65);
  CHECK(refused("PK\3\4 nothing").second ==
        (folder / "x.npz").string() + ": not an .npz file, or incomplete");
  CHECK(failure((folder / "none.npz").string(), ReadOptions{}).first == 66);
  std::string named = read_file(golden_npz("colour"));
  for (auto at = named.find("train_labels"); at != std::string::npos;
       at = named.find("train_labels"))
    named.replace(at, 12, "other_labels");
  CHECK(contains(refused(named).second, "has only one of train_images and train_labels"));
  const auto numbers = failure(golden_npz("float_labels"), ReadOptions{});
  CHECK(numbers.first == 65);
  CHECK(numbers.second ==
        golden_npz("float_labels") + ": train_labels has the type <f4; give integers");
}

TEST_CASE("a small .npz file of very many empty pictures is refused before it is inflated") {
  const TestFolder folder;
  if (!run_python(folder.path(), "zipfile, struct", R"(
import struct, zipfile
text = "{'descr': '|u1', 'fortran_order': False, 'shape': (100000, 28, 28), }"
text += ' ' * (64 - (len(text) + 11) % 64) + '\n'
head = b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text)) + text.encode()
with zipfile.ZipFile('bomb.npz', 'w', zipfile.ZIP_DEFLATED) as file:
    file.writestr('train_images.npy', head + bytes(28 * 28 * 100000))
)"))
    return;
  const auto refused = failure((folder / "bomb.npz").string(), ReadOptions{});
  CHECK(refused.first == 65);
  CHECK(contains(refused.second, "array 'train_images' is too large: 78400128 bytes, compressed"));
}

TEST_CASE("damaged .npz files end in a set or in an error") {
  const TestFolder folder;
  const std::string whole = read_file(golden_npz("chestmnist_5"));
  Rng rng(5);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string bytes = whole;
    for (uint64_t k = 0; k <= rng.below(4); ++k)
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    if (i % 10 == 0) bytes.resize(rng.below(bytes.size()));
    folder.file("chestmnist.npz", bytes);
    try {
      for (const auto& sample : read_dataset((folder / "chestmnist.npz").string()).samples)
        sample.draw();
    } catch (const Error& error) {
      CHECK(error.code() == Exit::bad_data);
      ++refused;
    }
  }
  CHECK(refused > 200);
}
