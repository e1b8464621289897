// SPDX-License-Identifier: Apache-2.0
#include "dataset/export.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "core/csv.hpp"
#include "core/run_folder.hpp"
#include "dataset/image.hpp"
#include "dataset/reader.hpp"
#include "tests/dataset/drawn.hpp"
#include "tests/dataset/small_store.hpp"

using namespace evenray;

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

ExportOptions to(const std::string& layout) {
  ExportOptions options;
  options.to = layout;
  return options;
}

/// Every file below a folder, relative to it.
Names below(const Path& folder) {
  Names names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_directory()) names.push_back(entry.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Of write_small(): image1 to image3 have the id's own pixels; what every export has, and `more`.
Names with_tables(Names more) {
  for (const char* name : {"DATASHEET.md", "labels.csv", "provenance.csv"}) more.emplace_back(name);
  std::sort(more.begin(), more.end());
  return more;
}

Names lines_of(const Path& file) {
  Names lines = split_text(read_file(file), '\n');
  CHECK(lines.back().empty());
  lines.pop_back();
  return lines;
}

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

TEST_CASE("COCO: ids, boxes, polygons, parts", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  const Store store(scratch / "set.h5");
  const auto result = export_store(store, to("coco"), scratch / "out", 2);
  CHECK(result.images == 6);
  CHECK(result.boxes == 4);
  CHECK(result.renamed == 0);
  CHECK(result.not_annotated == 1);
  CHECK(result.parts == std::map<std::string, int64_t>{{"train", 4}, {"val", 1}, {"test", 1}});
  CHECK(below(scratch / "out") == with_tables({"annotations/instances_test.json",
                                               "annotations/instances_train.json",
                                               "annotations/instances_val.json",
                                               "images/test/image5.png",
                                               "images/train/image0.png",
                                               "images/train/image1.png",
                                               "images/train/image2.png",
                                               "images/train/image3.png",
                                               "images/val/image4.png"}));
  const Json coco = read_json(scratch / "out" / "annotations" / "instances_train.json");
  CHECK(coco["categories"].dump() == R"([{"id":1,"name":"Non_fractured","supercategory":""},)"
                                     R"({"id":2,"name":"Fractured","supercategory":""}])");
  CHECK(coco["images"].size() == 4);
  CHECK(coco["images"][1].dump() ==
        R"({"id":2,"file_name":"image1.png","width":10,"height":12,"license":1})");
  CHECK(coco["licenses"].dump() == R"([{"id":1,"name":"none","url":""}])");
  // The triangle (1,2), (4,2), (4,6) has half the area of its box.
  CHECK(coco["annotations"].size() == 2);
  CHECK(coco["annotations"][0].dump() ==
        R"({"id":1,"image_id":2,"category_id":2,"bbox":[1.0,2.0,3.0,4.0],"area":6.0,)"
        R"("segmentation":[[1.0,2.0,4.0,2.0,4.0,6.0]],"iscrowd":0})");
  CHECK(coco["annotations"][1].dump() ==
        R"({"id":2,"image_id":2,"category_id":2,"bbox":[5.0,5.0,1.0,2.0],"area":2.0,)"
        R"("segmentation":[],"iscrowd":0})");
  CHECK(coco["info"]["evenray_not_annotated"].dump() == "[4]");
  const Json test = read_json(scratch / "out" / "annotations" / "instances_test.json");
  CHECK(test["images"][0]["id"] == 6);
  CHECK(test["annotations"][0]["id"] == 3);
  CHECK(test["info"]["evenray_not_annotated"].empty());
}

TEST_CASE("YOLO: shares of the image, exact to a hundredth of a pixel", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  export_store(Store(scratch / "set.h5"), to("yolo"), scratch / "out", 1);
  CHECK(read_file(scratch / "out" / "labels" / "train" / "image1.txt") ==
        "1 0.250000000 0.333333333 0.300000000 0.333333333\n"
        "1 0.550000000 0.500000000 0.100000000 0.166666667\n");
  CHECK(read_file(scratch / "out" / "labels" / "train" / "image0.txt").empty());
  CHECK_FALSE(fs::exists(scratch / "out" / "labels" / "train" / "image3.txt"));
  CHECK(read_file(scratch / "out" / "data.yaml") ==
        "train: images/train\nval: images/val\ntest: images/test\nnames:\n"
        "  0: \"Non_fractured\"\n  1: \"Fractured\"\n");
}

TEST_CASE("Pascal VOC: one XML file an annotated image, sets of names", "[export]") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.class_names = {"No <finding>", "A&B"};
  info.multi_label = true;
  {
    StoreWriter writer(scratch / "set.h5", info, 3);
    auto row = small_row("a", 1);
    row.boxes[1].x0 = 5.25f;
    writer.add("train", row);
    row = small_row("b", 1);
    row.boxes.clear();
    row.boxes_known = false;
    row.labels = {-1, 1};
    writer.add("train", row);
    writer.add("test", small_row("c", 0));
    writer.finish();
  }
  export_store(Store(scratch / "set.h5"), to("voc"), scratch / "out", 1);
  CHECK(below(scratch / "out") == with_tables({"Annotations/a.xml",
                                               "Annotations/c.xml",
                                               "ImageSets/Main/A&B_test.txt",
                                               "ImageSets/Main/A&B_train.txt",
                                               "ImageSets/Main/No__finding__test.txt",
                                               "ImageSets/Main/No__finding__train.txt",
                                               "ImageSets/Main/test.txt",
                                               "ImageSets/Main/train.txt",
                                               "JPEGImages/a.png",
                                               "JPEGImages/b.png",
                                               "JPEGImages/c.png"}));
  const std::string xml = read_file(scratch / "out" / "Annotations" / "a.xml");
  CHECK(contains(xml, "<filename>a.png</filename>"));
  CHECK(contains(xml, "<width>10</width>\n    <height>12</height>\n    <depth>1</depth>"));
  CHECK(contains(xml, "<name>A&amp;B</name>"));
  CHECK(contains(xml,
                 "<xmin>5.25</xmin>\n      <ymin>5</ymin>\n      <xmax>6</xmax>\n      "
                 "<ymax>7</ymax>"));
  const Path sets = scratch / "out" / "ImageSets" / "Main";
  CHECK(read_file(sets / "train.txt") == "a\n");
  CHECK(read_file(sets / "A&B_train.txt") == "a  1\nb  1\n");
  CHECK(read_file(sets / "No__finding__train.txt") == "a -1\nb  0\n");
}

TEST_CASE("class folders come back as they were", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5", 16);
  const Store store(scratch / "set.h5");
  export_store(store, to("folder"), scratch / "out", 2);
  CHECK(below(scratch / "out") == with_tables({"test/Fractured/image5.png",
                                               "train/Fractured/image1.png",
                                               "train/Fractured/image3.png",
                                               "train/Non_fractured/image0.png",
                                               "train/Non_fractured/image2.png",
                                               "val/Non_fractured/image4.png"}));
  const Manifest back = read_dataset(scratch / "out");
  CHECK(back.format == "folder");
  REQUIRE(back.samples.size() == 6);
  for (const auto& sample : back.samples) {
    const StorePart& part = store.part(sample.part);
    const auto at = std::find(part.ids.begin(), part.ids.end(), sample.id) - part.ids.begin();
    REQUIRE(at < part.size());
    CHECK(back.class_names[static_cast<size_t>(sample.exclusive_class())] ==
          store.info().class_names[static_cast<size_t>(at >= 0 && part.labels[at][1] == 1)]);
    const DecodedImage decoded = decode_image(sample.file);
    CHECK(same_pixels(decoded.pixels, store.image(sample.part, at)));
  }
}

TEST_CASE("a row that is not of one class has no class folder", "[export]") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.multi_label = true;
  StoreWriter writer(scratch / "set.h5", info, 2);
  for (const std::vector<int8_t>& labels :
       {std::vector<int8_t>{1, 1}, std::vector<int8_t>{0, -1}}) {
    auto row = small_row(cat("row", int{labels[0]}), 1);
    row.labels = labels;
    writer.add(labels[0] ? "train" : "test", row);
  }
  writer.finish();
  const Store store(scratch / "set.h5");
  const Error both = error_of([&] { plan_export(store, to("folder")); });
  CHECK(both.code() == Exit::bad_data);
  CHECK(std::string(both.what()) ==
        "image 'row1' cannot lie in one class folder, its classes are: Non_fractured, Fractured; "
        "use --to csv, imagefolder or coco");
  ExportOptions options = to("folder");
  options.part = "test";
  const Error none = error_of([&] { export_store(store, options, scratch / "out", 1); });
  CHECK(contains(none.what(), "its classes are: none"));
  CHECK_FALSE(fs::exists(scratch / "out"));

  export_store(store, to("imagefolder"), scratch / "out", 1);
  const Names rows = lines_of(scratch / "out" / "train" / "metadata.jsonl");
  CHECK(Json::parse(rows.at(0))["labels"].dump() == R"(["Non_fractured","Fractured"])");
  const Json unknown = Json::parse(lines_of(scratch / "out" / "test" / "metadata.jsonl").at(0));
  CHECK(unknown["labels"].empty());
  CHECK(unknown["labels_unknown"].dump() == R"(["Fractured"])");
  CHECK(lines_of(scratch / "out" / "labels.csv").at(2) ==
        "row0,test/row0.png,test,group of row0,0,-1,real,frontal,61");
}

TEST_CASE("imagefolder: a line of JSON an image", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  export_store(Store(scratch / "set.h5"), to("imagefolder"), scratch / "out", 1);
  const Names lines = lines_of(scratch / "out" / "train" / "metadata.jsonl");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == R"({"file_name":"image0.png","id":"image0","label":"Non_fractured",)"
                    R"("objects":{"bbox":[],"categories":[]}})");
  CHECK(lines[1] ==
        R"({"file_name":"image1.png","id":"image1","label":"Fractured","objects":{"bbox":)"
        R"([[1.0,2.0,3.0,4.0],[5.0,5.0,1.0,2.0]],"categories":["Fractured","Fractured"]}})");
  CHECK(Json::parse(lines[3])["objects"].is_null());
  CHECK(fs::exists(scratch / "out" / "train" / "image3.png"));
}

TEST_CASE("tables: boxes, labels, provenance", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  export_store(Store(scratch / "set.h5"), to("csv"), scratch / "out", 1);
  const CsvTable boxes = read_csv(scratch / "out" / "boxes.csv");
  REQUIRE(boxes.rows.size() == 4);
  CHECK(boxes.columns == Names{"id", "file", "class", "x0", "y0", "x1", "y1", "polygons"});
  CHECK(boxes.rows[0] ==
        Names{"image1", "images/train/image1.png", "Fractured", "1", "2", "4", "6", "1 2 4 2 4 6"});
  CHECK(boxes.rows[1].back().empty());
  const CsvTable labels = read_csv(scratch / "out" / "labels.csv");
  CHECK(
      labels.columns ==
      Names{"id", "file", "part", "group", "Non_fractured", "Fractured", "origin", "view", "age"});
  REQUIRE(labels.rows.size() == 6);
  CHECK(labels.rows[1] == Names{"image1",
                                "images/train/image1.png",
                                "train",
                                "group of image1",
                                "0",
                                "1",
                                "real",
                                "",
                                "7.25"});
  CHECK(labels.rows[3][6] == "augmented");
  const CsvTable made = read_csv(scratch / "out" / "provenance.csv");
  CHECK(made.rows[3] == Names{"image3",
                              "augmented",
                              "image1",
                              "Rotate:15",
                              "9223372036854775808",
                              "0.5",
                              "0",
                              "images/image3.png",
                              "0.5",
                              "0.25",
                              "1",
                              "2"});
}

TEST_CASE("columns that share a name are told apart", "[export]") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.class_names = {"id", "origin"};
  info.meta_columns = {"file", "id"};
  StoreWriter writer(scratch / "set.h5", info, 1);
  writer.add("train", small_row("a", 0));
  writer.finish();
  export_store(Store(scratch / "set.h5"), to("csv"), scratch / "out", 1);
  CHECK(read_csv(scratch / "out" / "labels.csv").columns == Names{"id",
                                                                  "file",
                                                                  "part",
                                                                  "group",
                                                                  "class_id",
                                                                  "origin",
                                                                  "evenray_origin",
                                                                  "meta_file",
                                                                  "meta_id"});
}

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
  CHECK(code([&] {
          export_images(images_at(scratch / "in" / "z.png"), to("png"), scratch / "no", 1);
        }) == Exit::bad_data);
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
