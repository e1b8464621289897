// SPDX-License-Identifier: Apache-2.0
// Which files an export writes, under what names, and when none.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "core/csv.hpp"
#include "core/run_folder.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/dataset/drawn.hpp"
#include "tests/dataset/export/exported.hpp"

using namespace evenray;

namespace {

namespace fs = std::filesystem;

/// The error that an export ends with in a process of its own, where `before` was done.
Error error_in_child(const Path& set, const Path& out, void (*before)()) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    before();
    const Store store(set);
    const Error error = error_of([&] { export_store(store, to("coco"), out, 2); });
    const bool named = contains(error.what(), (out / "images").string());
    ::_exit(static_cast<int>(error.code()) + (named ? 100 : 0));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  const int code = WEXITSTATUS(status);
  return {static_cast<Exit>(code % 100), code > 100 ? "named" : ""};
}

/// A store with these ids in train, in classes by turns.
void write_ids(const Path& path, const Names& ids) {
  StoreWriter writer(path, small_info(), static_cast<int64_t>(ids.size()));
  int label = 0;
  for (const auto& id : ids) writer.add("train", small_row(id, label++ % 2));
  writer.finish();
}

}  // namespace

TEST_CASE("hostile ids stay in the folder and apart", "[export]") {
  const ScratchFolder scratch;
  const Names ids = {"../../x",
                     "/etc/passwd",
                     "a/b",
                     "a_b",
                     "A_B",
                     "..",
                     ".",
                     std::string(3000, 'z'),
                     std::string(3000, 'z') + "y",
                     "new\nline",
                     "con",
                     "\u00fc"};
  write_ids(scratch / "set.h5", ids);
  for (const auto& layout : export_layouts()) {
    const Path out = scratch / "below" / layout;
    const auto result = export_store(Store(scratch / "set.h5"), to(layout), out, 2);
    CHECK(result.images == 12);
    CHECK(result.renamed == 9);
    size_t pictures = 0;
    for (const auto& name : below(out)) pictures += name.ends_with(".png");
    CHECK(pictures == ids.size());
    const CsvTable names = read_csv(out / "names.csv");
    CHECK(names.columns == Names{"old", "new"});
    CHECK(names.rows.size() == 9);
    CHECK(names.rows[0] == Names{"../../x", "___.._x"});
    const CsvTable labels = read_csv(out / "labels.csv");
    REQUIRE(labels.rows.size() == ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      CHECK(labels.rows[i][0] == ids[i]);
      CHECK(fs::is_regular_file(out / labels.rows[i][1]));
    }
  }
  CHECK(below(scratch.path()).size() == below(scratch / "below").size() + 1);
}

TEST_CASE("classes with hostile names get folders of their own", "[export]") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.class_names = {"../up", ".._up", "..//up"};
  StoreWriter writer(scratch / "set.h5", info, 3);
  for (size_t c = 0; c < 3; ++c) {
    auto row = small_row(cat(c), 0);
    row.labels = {0, 0, 0};
    row.labels[c] = 1;
    writer.add("train", row);
  }
  writer.finish();
  export_store(Store(scratch / "set.h5"), to("folder"), scratch / "out", 1);
  CHECK(below(scratch / "out") ==
        with_tables({"train/___up-2/1.png", "train/___up/0.png", "train/____up/2.png"}));
}

TEST_CASE("files are renamed, and the table says how", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  const Store store(scratch / "set.h5");
  ExportOptions options = to("folder");
  options.rename = "{class}_{n:05}";
  options.part = "train";
  const auto result = export_store(store, options, scratch / "out", 1);
  CHECK(result.renamed == 4);
  CHECK(result.parts == std::map<std::string, int64_t>{{"train", 4}});
  CHECK(fs::is_regular_file(scratch / "out" / "train" / "Fractured" / "Fractured_00002.png"));
  CHECK(read_file(scratch / "out" / "names.csv") ==
        "old,new\nimage0,Non_fractured_00001\nimage1,Fractured_00002\n"
        "image2,Non_fractured_00003\nimage3,Fractured_00004\n");
  options.rename = "{class}";
  const Error error = error_of([&] { export_store(store, options, scratch / "no", 1); });
  CHECK(error.code() == Exit::usage);
  CHECK_FALSE(fs::exists(scratch / "no"));
}

TEST_CASE("what is refused before work", "[export]") {
  const ScratchFolder scratch;
  write_ids(scratch / "set.h5", {"a", "b"});
  const Store store(scratch / "set.h5");
  const auto code = [&](ExportOptions options) {
    const Error error = error_of([&] { export_store(store, options, scratch / "out", 1); });
    CHECK_FALSE(fs::exists(scratch / "out"));
    return error.code();
  };
  CHECK(code(to("cocoa")) == Exit::usage);
  ExportOptions options = to("coco");
  options.part = "valid";
  CHECK(code(options) == Exit::usage);
  options.part = "val";
  CHECK(code(options) == Exit::bad_data);
  options = to("coco");
  options.bits = 8;
  CHECK(code(options) == Exit::usage);
  options = to("png");
  options.bits = 12;
  CHECK(code(options) == Exit::usage);
  options = to("png");
  options.size_px = {4, 4};
  CHECK(code(options) == Exit::usage);
  write_text(scratch / "full" / "mine", "x");
  const Error full = error_of([&] { export_store(store, to("coco"), scratch / "full", 1); });
  CHECK(full.code() == Exit::cannot_create);
  CHECK(below(scratch / "full") == Names{"mine"});
}

TEST_CASE("PNG of a store: depth and size", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5", 16);
  const Store store(scratch / "set.h5");
  export_store(store, to("png"), scratch / "as-is", 1);
  const cv::Mat whole = read_whole_image(scratch / "as-is" / "train" / "image0.png");
  CHECK(same_pixels(whole, store.image("train", 0)));
  ExportOptions options = to("png");
  options.bits = 8;
  options.size_px = {24, 40};
  CHECK(plan_export(store, options).pixel_bytes == 6 * 24 * 40);
  export_store(store, options, scratch / "small", 1);
  const cv::Mat small = read_whole_image(scratch / "small" / "train" / "image0.png");
  CHECK(small.type() == CV_8UC1);
  CHECK(small.size() == cv::Size(40, 24));
}

TEST_CASE("the same store gives the same bytes whatever the threads", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  const Store store(scratch / "set.h5");
  export_store(store, to("coco"), scratch / "one", 1);
  export_store(store, to("coco"), scratch / "many", 4);
  REQUIRE(below(scratch / "one") == below(scratch / "many"));
  for (const auto& name : below(scratch / "one"))
    CHECK(read_file(scratch / "one" / name) == read_file(scratch / "many" / name));
}

TEST_CASE("an export that is stopped or finds no room leaves nothing", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  const Error stopped = error_in_child(scratch / "set.h5", scratch / "deep" / "out", [] {
    catch_stop_signals();
    std::raise(SIGTERM);
  });
  CHECK(stopped.code() == Exit::stopped);
  const Error full = error_in_child(scratch / "set.h5", scratch / "deep" / "out", [] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{64, 64};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  });
  CHECK(full.code() == Exit::io);
  CHECK(std::string(full.what()) == "named");
  CHECK(below(scratch.path()) == Names{"set.h5"});
  CHECK_FALSE(fs::exists(scratch / "deep"));
}

TEST_CASE("PNG of images without a store", "[export]") {
  const ScratchFolder scratch;
  const cv::Mat deep = noise(30, 20, CV_16UC1, 3) / 16;  // 12 of 16 bits
  write_text(scratch / "in" / "a" / "x.png", encode_png(deep));
  write_text(scratch / "in" / "y.png", encode_png(drawn_picture(1)));
  const std::string cut = encode_png(drawn_picture(2));
  write_text(scratch / "in" / "z.png", cut.substr(0, cut.size() / 2));
  write_text(scratch / "in" / "note.png", "no picture");

  const Manifest manifest = images_at(scratch / "in");
  CHECK(plan_export_images(manifest, to("png")).images == 4);
  const auto result = export_images(manifest, to("png"), scratch / "out", 2);
  CHECK(result.images == 2);
  CHECK(result.left_out.at("truncated") == Names{"z"});
  CHECK(result.left_out.at("unreadable") == Names{"note"});
  CHECK(result.reasons.at("note") == "neither PNG, JPEG, TIFF nor DICOM");
  CHECK(below(scratch / "out") == Names{"DATASHEET.md", "x.png", "y.png"});
  CHECK(same_pixels(read_whole_image(scratch / "out" / "x.png"), deep));
  CHECK(same_pixels(read_whole_image(scratch / "out" / "y.png"), drawn_picture(1)));

  ExportOptions options = to("png");
  options.bits = 8;
  options.rename = "{n:03}";
  options.size_px = {15, 10};
  export_images(images_at(scratch / "in" / "a" / "x.png"), options, scratch / "one", 1);
  CHECK(below(scratch / "one") == Names{"001.png", "DATASHEET.md", "names.csv"});
  const cv::Mat small = read_whole_image(scratch / "one" / "001.png");
  CHECK(small.size() == cv::Size(10, 15));
  // 12 bits fill eight: the mean of values below 4096 is a sixteenth of it.
  CHECK(cv::mean(small)[0] == Approx(cv::mean(deep)[0] * 255 / 4095).margin(1));
  options.bits = 16;
  export_images(images_at(scratch / "in" / "y.png"), options, scratch / "deep", 1);
  CHECK(read_whole_image(scratch / "deep" / "001.png").type() == CV_16UC1);

  const auto code = [](const std::function<void()>& action) { return error_of(action).code(); };
  CHECK(code([&] { images_at(scratch / "none"); }) == Exit::missing_input);
  fs::create_directory(scratch / "bare");
  CHECK(code([&] { images_at(scratch / "bare"); }) == Exit::bad_data);
  CHECK(code([&] { export_images(manifest, to("coco"), scratch / "no", 1); }) == Exit::usage);
  // The reason is the one of `data audit`.
  for (const auto* name : {"z", "note"}) {
    const Manifest one = images_at(scratch / "in" / (std::string(name) + ".png"));
    const Error error = error_of([&] { export_images(one, to("png"), scratch / "no", 1); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(error.what() == cat(name, ".png: ", result.reasons.at(name)));
  }
  CHECK(result.reasons.at("z") == kTruncatedText);
  CHECK_FALSE(fs::exists(scratch / "no"));
}

TEST_CASE("drawn images and their classes name PNG files", "[export]") {
  const ScratchFolder scratch;
  ExportOptions options = to("png");
  options.rename = "{class}_{n:02}";
  const auto result =
      export_images(images_at("phantom:images=4,size_px=40x32"), options, scratch / "out", 2);
  CHECK(result.images == 4);
  CHECK(below(scratch / "out").size() == 6);
  CHECK(contains(read_file(scratch / "out" / "DATASHEET.md"), "4 PNG files"));
}

TEST_CASE("DICOM becomes PNG as a viewer shows it, or with the values that are stored",
          "[export]") {
  const ScratchFolder scratch;
  const Path file = golden_path("dataset/dicom/explicit.dcm");
  const auto drawn_as = [&](const char* voi, int64_t bits, const char* folder) {
    ExportOptions options = to("png");
    options.voi = voi;
    options.bits = bits;
    export_images(images_at(file), options, scratch / folder, 1);
    return decode_image(scratch / folder / "explicit.png").pixels;
  };
  const std::string bytes = read_file(file);
  CHECK(same_pixels(drawn_as("auto", 0, "a"), decode_dicom(bytes).pixels));
  CHECK(same_pixels(drawn_as("none", 16, "b"), decode_dicom(bytes, {Voi::none, 16}).pixels));
  CHECK(same_pixels(drawn_as("minmax", 8, "c"), decode_dicom(bytes, {Voi::minmax, 8}).pixels));
  CHECK(error_of([&] { drawn_as("none", 8, "d"); }).code() == Exit::usage);
  CHECK(error_of([&] { drawn_as("window", 8, "e"); }).code() == Exit::config);
}
