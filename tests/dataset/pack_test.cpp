// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>

#include "dataset/reader.hpp"
#include "tests/dataset/packed.hpp"

using namespace evenray;

namespace {

std::vector<SplitRow> folded(const Manifest& manifest) {
  auto rows = table(manifest);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].split = i < 3 ? "test" : "train";
    if (i >= 3) rows[i].fold = cat(i % 4);
  }
  return rows;
}

}  // namespace

TEST_CASE("packing keeps order, parts, labels and geometry", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  manifest.meta_columns = {"view"};
  for (auto& sample : manifest.samples) sample.meta = {"frontal"};
  manifest.samples[4].boxes = {{15, 20, 45, 60, 1, {{{15, 20}, {45, 60}, {45, 20}}}}};
  const auto result = pack(manifest, table(manifest), {}, small(), folder / "set.h5", 2);
  CHECK(check_store(folder / "set.h5") == std::nullopt);
  const Store store(folder / "set.h5");
  CHECK(store.content_digest() == result.content_digest);
  CHECK(result.counts.at("train").at("Non_fractured") == 9);
  CHECK(result.counts.at("train").at("Fractured") == 3);
  CHECK(store.part("train").ids == std::vector<std::string>{"00000",
                                                            "00001",
                                                            "00002",
                                                            "00005",
                                                            "00006",
                                                            "00007",
                                                            "00010",
                                                            "00011",
                                                            "00012",
                                                            "00015",
                                                            "00016",
                                                            "00017"});
  const StorePart& test = store.part("test");
  CHECK(test.ids[0] == "00004");
  CHECK(test.labels[0] == std::vector<int8_t>{0, 1});
  // 60 x 80 into 40 x 40: half the size, 5 px of border left and right.
  REQUIRE(test.boxes[0].size() == 1);
  const Box& box = test.boxes[0][0];
  CHECK(box.x0 == Approx(12.5));
  CHECK(box.y0 == Approx(10));
  CHECK(box.x1 == Approx(27.5));
  CHECK(box.y1 == Approx(30));
  CHECK(box.rings[0][1] == cv::Point2f(27.5f, 30));
  CHECK((15 - 0) == Approx((box.x0 - test.offsets[0][0]) / test.scales[0][0]));
  CHECK(result.median_box_side_px == Approx(std::sqrt(15. * 20)));
  Placement placement;
  const cv::Mat expected = fit_image(drawn_picture(4), 40, 40, Fit::pad, placement);
  CHECK(cv::countNonZero(store.image("test", 0) != expected) == 0);
  CHECK(test.meta[0][0] == "frontal");
  CHECK(test.groups[0] == "00004");
}

TEST_CASE("threads and compression change nothing", "[pack]") {
  const ScratchFolder folder;
  const Manifest manifest = drawn_manifest(40);
  const auto one = pack(manifest, table(manifest), {}, small(), folder / "a.h5", 1);
  PackOptions options = small();
  options.gzip = 3;
  const auto many = pack(manifest, table(manifest), {}, options, folder / "b.h5", 4);
  CHECK(one.content_digest == many.content_digest);
  CHECK(Store(folder / "a.h5").info().source_digest == Store(folder / "b.h5").info().source_digest);
  options.bits = 16;
  const auto deep = pack(manifest, table(manifest), {}, options, folder / "c.h5", 2);
  const cv::Mat shallow = Store(folder / "a.h5").image("val", 0);
  cv::Mat as_deep;
  shallow.convertTo(as_deep, CV_16U, 257);
  CHECK(cv::countNonZero(Store(folder / "c.h5").image("val", 0) != as_deep) == 0);
}

TEST_CASE("faulty rows stay out unless they are kept", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  auto rows = table(manifest);
  rows[1].fault = "truncated";
  rows[2].fault = "duplicate_conflict";
  auto result = pack(manifest, rows, {}, small(), folder / "a.h5", 1);
  CHECK(result.left_out.at("truncated") == std::vector<std::string>{"00001"});
  CHECK(result.left_out.at("duplicate_conflict") == std::vector<std::string>{"00002"});
  CHECK(Store(folder / "a.h5").part("train").size() == 10);
  PackOptions options = small();
  options.keep = {"truncated"};
  result = pack(manifest, rows, {}, options, folder / "b.h5", 1);
  CHECK(result.left_out.size() == 1);
  CHECK(Store(folder / "b.h5").part("train").size() == 11);
  options.keep = {"unreadable"};
  CHECK(error_of([&] { options.check(); }).code() == Exit::config);
}

TEST_CASE("a group in two parts is refused", "[pack]") {
  const ScratchFolder folder;
  const Manifest manifest = drawn_manifest(20);
  auto rows = table(manifest);
  rows[0].group = rows[4].group = "p7";
  const auto error = [&](const PackOptions& options) {
    return error_of([&] { pack(manifest, rows, {}, options, folder / "a.h5", 1); });
  };
  CHECK(error(small()).code() == Exit::bad_data);
  CHECK(contains(error(small()).what(), "group 'p7' into both train and test"));
  rows[0].fault = "leak_patient";
  CHECK(error(small()).code() == Exit::done);
  PackOptions options = small();
  options.keep = {"leak_patient"};
  CHECK(contains(error(options).what(), "unknown kind to keep"));
}

TEST_CASE("without a fault column pack looks itself", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  manifest.samples[1].draw = manifest.samples[0].draw;    // other class, both train
  manifest.samples[14].draw = manifest.samples[9].draw;   // same class, both test
  manifest.samples[11].draw = manifest.samples[10].draw;  // same class, both train
  manifest.samples[6].draw = nullptr;
  manifest.samples[6].file = folder / "missing.png";
  auto rows = table(manifest);
  for (auto& row : rows) row.fault_known = false;
  const auto result = pack(manifest, rows, {}, small(), folder / "a.h5", 2);
  using Ids = std::vector<std::string>;
  CHECK(result.left_out.at("duplicate_conflict") == Ids{"00000", "00001"});
  CHECK(result.left_out.at("duplicate_group") == Ids{"00014"});
  CHECK(result.left_out.at("unreadable") == Ids{"00006"});
  CHECK(result.left_out.size() == 3);
}

TEST_CASE("a split table of another program is held against patients and pictures", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  auto rows = table(manifest);
  for (auto& row : rows) {
    row.fault_known = false;
    row.group.clear();
  }
  const auto refused = [&] {
    const Error error = error_of([&] { pack(manifest, rows, {}, small(), folder / "a.h5", 1); });
    CHECK(error.code() == Exit::bad_data);
    return std::string(error.what());
  };
  manifest.samples[9].draw = manifest.samples[5].draw;  // test and train
  CHECK(contains(refused(), "puts '00005' into train and '00009', which is the same picture"));
  rows.erase(rows.begin() + 9);
  manifest.samples[0].patient = manifest.samples[2].patient = "p1";
  manifest.samples[4].patient = "p1";
  CHECK(contains(refused(), "puts group 'p1' into both train and test"));
  rows[0].group = rows[2].group = rows[4].group = "";
  rows[4].group = "its own";
  CHECK(contains(refused(), "puts patient 'p1' into both train and test"));
  rows.erase(rows.begin() + 4);
  const auto result = pack(manifest, rows, {}, small(), folder / "a.h5", 1);
  CHECK(result.left_out.at("not_in_split") == std::vector<std::string>{"00004", "00009"});
  const Store store(folder / "a.h5");
  CHECK(store.part("train").groups[0] == "p1");
  CHECK(store.part("train").groups[1] == "00001");
}

TEST_CASE("folds become parts", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(27);
  manifest.samples[7].draw = manifest.samples[3].draw;  // fold 3, same class
  const auto rows = folded(manifest);
  auto result = pack(manifest, rows, 3, small(), folder / "a.h5", 1, "[split]\nseed = 5\n");
  CHECK(contains(Store(folder / "a.h5").info().config, "[split]\nseed = 5\nfold = 3\n"));
  CHECK(contains(read_file(folder / "a.datasheet.md"), "    fold = 3\n"));
  Store store(folder / "a.h5");
  CHECK(store.part("test").ids ==
        std::vector<std::string>{"00003", "00011", "00015", "00019", "00023"});
  CHECK(result.left_out.at("duplicate_group") == std::vector<std::string>{"00007"});
  CHECK(store.part("val").ids.front() == "00004");  // fold 0
  CHECK(store.part("train").size() == 12);
  pack(manifest, rows, {}, small(), folder / "b.h5", 1);
  const Store locked(folder / "b.h5");
  CHECK(locked.part("test").size() == 3);
  CHECK(locked.part("val").ids.front() == "00004");
  CHECK(locked.part("train").size() == 18);
  CHECK(error_of([&] { pack(manifest, rows, 4, small(), folder / "c.h5", 1); }).code() ==
        Exit::usage);
  CHECK(error_of([&] { pack(manifest, table(manifest), 0, small(), folder / "c.h5", 1); }).code() ==
        Exit::bad_data);
}

TEST_CASE("12 of 16 bits fill the store's range", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(5);
  const auto deep = [&](size_t i, double scale) {
    cv::Mat pixels;
    drawn_picture(i).convertTo(pixels, CV_16U, scale);
    manifest.samples[i].file = folder / cat(i, ".png");
    write_atomic(manifest.samples[i].file, encode_png(pixels));
    manifest.samples[i].draw = nullptr;
  };
  deep(0, 16);
  deep(3, 4);
  const auto packed = [&](int64_t bits, const char* part) {
    PackOptions options = small();
    options.bits = bits;
    pack(manifest, table(manifest), {}, options, folder / "a.h5", 2);
    const Store store(folder / "a.h5");
    CHECK(store.info().value_max == (bits == 8 ? 255 : 65535));
    double brightest = 0;
    cv::minMaxLoc(store.image(part, 0), nullptr, &brightest);
    return brightest;
  };
  Placement placement;
  double expected = 0;
  cv::minMaxLoc(fit_image(drawn_picture(0), 40, 40, Fit::pad, placement), nullptr, &expected);
  CHECK(packed(8, "train") == Approx(expected).margin(2));
  CHECK(packed(16, "train") == Approx(expected * 257).margin(500));
  CHECK(packed(8, "val") < 64);  // one scale for the whole set
  deep(3, 200);
  CHECK(packed(8, "train") == Approx(expected / 16).margin(2));
}

TEST_CASE("a file that was cut after the split is refused", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(5);
  const std::string bytes = encode_png(drawn_picture(2));
  manifest.samples[2].file = folder / "2.png";
  manifest.samples[2].draw = nullptr;
  write_atomic(manifest.samples[2].file, bytes.substr(0, bytes.size() / 2));
  PackOptions options = small();
  const Error error =
      error_of([&] { pack(manifest, table(manifest), {}, options, folder / "a.h5", 1); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(
      contains(error.what(),
               "2.png: the image data end early; the decoder filled in the rest; run `data split` "
               "again"));
  options.keep = {"truncated"};
  pack(manifest, table(manifest), {}, options, folder / "a.h5", 1);
}

TEST_CASE("a filter, and what does not fit together", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  manifest.meta_columns = {"sex"};
  for (int i = 0; i < 20; ++i) manifest.samples[i].meta = {i % 2 ? "F" : "M"};
  PackOptions options = small();
  options.where = "sex=F";
  const auto result = pack(manifest, table(manifest), {}, options, folder / "a.h5", 1);
  int64_t rows = 0;
  for (const auto& [part, counts] : result.counts) {
    for (const auto& [name, count] : counts) rows += count;
  }
  CHECK(rows == 10);
  options.where = "sexx=F";
  const Error unknown =
      error_of([&] { pack(manifest, table(manifest), {}, options, folder / "b.h5", 1); });
  CHECK(unknown.code() == Exit::bad_data);
  CHECK(contains(unknown.what(), "did you mean 'sex'"));
  options.where = "sex=X";
  CHECK(contains(
      error_of([&] { pack(manifest, table(manifest), {}, options, folder / "b.h5", 1); }).what(),
      "no image is left"));
  options = small();
  auto split = table(manifest);
  split.push_back({"other", "", "other", "train", "", ""});
  CHECK(contains(error_of([&] { pack(manifest, split, {}, options, folder / "b.h5", 1); }).what(),
                 "lists 'other', not found in drawn"));
  options.bits = 12;
  CHECK(error_of([&] { options.check(); }).code() == Exit::config);
  options = small();
  options.fit = "squeeze";
  CHECK(error_of([&] { options.check(); }).code() == Exit::config);
}

TEST_CASE("a JPEG decoded small keeps its boxes", "[pack][data]") {
  const Path root = real_data("fracatlas");
  if (root.empty()) return;
  const ScratchFolder folder;
  Manifest manifest = read_dataset(root);
  // Orientation 8: stored 373 x 454, annotated 454 x 373.
  std::erase_if(manifest.samples, [](const auto& sample) { return sample.id != "IMG0002628"; });
  REQUIRE(manifest.samples.size() == 1);
  REQUIRE(!manifest.samples[0].boxes.empty());
  const Box source = manifest.samples[0].boxes[0];
  const std::vector<SplitRow> split = {{"IMG0002628", "", "g", "train", "", ""}};
  for (const int64_t size : {64, 200}) {
    PackOptions options;
    options.size_px = {size, size};
    pack(manifest, split, {}, options, folder / "a.h5", 1);
    const Store store(folder / "a.h5");
    const StorePart& train = store.part("train");
    const auto expected = static_cast<float>(size) / 454;
    CHECK(train.scales[0][0] == Approx(expected).epsilon(.01));
    const Box& box = train.boxes[0][0];
    CHECK((box.x0 - train.offsets[0][0]) / train.scales[0][0] == Approx(source.x0).margin(.01));
    CHECK((box.y1 - train.offsets[0][1]) / train.scales[0][1] == Approx(source.y1).margin(.01));
    CHECK(train.offsets[0][1] > 0);
  }
}

TEST_CASE("a set is divided into shards where it is larger than asked for", "[pack]") {
  const ScratchFolder folder;
  const Manifest manifest = drawn_manifest(40);
  const auto one = pack(manifest, table(manifest), {}, small(), folder / "one.h5", 2);
  PackOptions options = small();
  options.shard_gb = 2e-5;  // twelve images of 1600 bytes
  options.checksums = true;
  const auto shards = pack(manifest, table(manifest), {}, options, folder / "set.h5", 2);
  CHECK(shards.content_digest == one.content_digest);
  CHECK(find_store(folder / "set.h5") == folder / "set.h5.d");
  CHECK(std::filesystem::exists(folder / "set.h5.d/shard-0003.h5"));
  CHECK(check_store(folder / "set.h5") == std::nullopt);
  CHECK(std::filesystem::exists(folder / "set.datasheet.md"));
  // Packed again it takes the place of its former shards.
  const auto again = pack(manifest, table(manifest), {}, options, folder / "set.h5", 1);
  CHECK(again.content_digest == one.content_digest);
  for (const double none : {0., -1., std::numeric_limits<double>::quiet_NaN()}) {
    options.shard_gb = none;
    CHECK(error_of([&] { options.check(); }).code() == Exit::config);
  }
}
