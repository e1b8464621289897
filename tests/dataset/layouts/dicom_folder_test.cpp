// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/dicom_folder.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "dataset/audit.hpp"
#include "dataset/pack.hpp"
#include "dataset/reader.hpp"
#include "dataset/split.hpp"
#include "dataset/summary/summary.hpp"
#include "tests/dataset/dicom/made.hpp"
#include "tests/dataset/grouped.hpp"
#include "tests/dataset/test_folder.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// A folder of its own with a key of its own, which readers without a parameter find too.
class DicomFolder {
 public:
  DicomFolder() { ::setenv("EVENRAY_KEY", key().c_str(), 1); }
  ~DicomFolder() { ::unsetenv("EVENRAY_KEY"); }
  DicomFolder(const DicomFolder&) = delete;
  DicomFolder& operator=(const DicomFolder&) = delete;
  Path key() const { return scratch_ / "keys" / "key"; }
  Path root() const { return scratch_ / "set"; }

  /// `picture` makes the pixels; burned: the flag, "" for none.
  void add(const std::string& name,
           const std::string& patient,
           int picture,
           const std::string& burned = "NO",
           const std::string& study = "1.2") {
    DicomMaker maker;
    maker.text(0x00080060, "CS", "DX").text(0x00100010, "PN", "Secret^Name");
    maker.text(0x00100020, "LO", patient).text(0x00101010, "AS", "042Y");
    maker.text(0x0020000D, "UI", study).text(0x0020000E, "UI", study + ".1");
    maker.image(40, 30);
    if (!burned.empty()) maker.text(0x00280301, "CS", burned);
    std::vector<int> cells;
    for (int i = 0; i < 40 * 30; ++i)
      cells.push_back((i * (7 + 13 * picture) + i / 30 * picture) % 4096);
    write_text(root() / name, maker.pixels(cells).bytes());
  }
  Manifest read() const { return read_dataset(root().string()); }

 private:
  ScratchFolder scratch_;
};

size_t count_kind(const std::vector<Finding>& findings, const std::string& kind) {
  size_t count = 0;
  for (const auto& finding : findings) count += finding.kind == kind;
  return count;
}

}  // namespace

TEST_CASE("DICOM files in class folders are read with their facts") {
  DicomFolder folder;
  folder.add("Fractured/IM1", "A", 1, "YES");
  folder.add("Fractured/IM2.dcm", "B", 2, "");
  folder.add("Healthy/deep/IM3", "A", 3);
  folder.add("loose", "C", 4);
  write_text(folder.root() / "Healthy" / "readme.txt", "no picture");
  write_text(folder.root() / "Healthy" / "report",
             DicomMaker().text(0x00080060, "CS", "SR").bytes());
  write_text(folder.root() / "DICOMDIR", DicomMaker().bytes());
  const Manifest manifest = folder.read();
  CHECK(manifest.format == "dicom");
  CHECK(manifest.class_names == std::vector<std::string>{"Fractured", "Healthy"});
  CHECK_FALSE(manifest.multi_label);
  REQUIRE(manifest.samples.size() == 3);
  const Sample& first = manifest.samples[0];
  CHECK(first.id == "IM1");
  CHECK(first.labels == std::vector<int8_t>{1, 0});
  CHECK(first.patient.size() == 16);
  CHECK(first.patient == manifest.samples[2].patient);
  CHECK(first.patient != manifest.samples[1].patient);
  REQUIRE(first.meta.size() == manifest.meta_columns.size());
  CHECK(first.meta[0] == "DX");
  CHECK(first.meta[5] == "40");
  CHECK(first.meta[11] == "yes");
  for (const auto& sample : manifest.samples) {
    for (const auto& text : sample.meta) CHECK_FALSE(contains(text, "Secret"));
  }
  CHECK(count_kind(manifest.findings, "burned_in") == 1);
  CHECK(count_kind(manifest.findings, "burned_in_unknown") == 1);
  CHECK(count_kind(manifest.findings, "unlisted_file") == 2);
  const auto findings = findings_of(manifest, scan_images(manifest, 1));
  CHECK(contains(audit_html(manifest, findings), "1 of 3 headers do not state"));
  CHECK(describe_finding_kind("burned_in") != "");
}

TEST_CASE("of DICOM files, links to folders are followed and empty class folders are classes") {
  DicomFolder folder;
  folder.add("Fractured/IM1", "A", 1);
  folder.add("Fractured/IM2", "B", 2);
  folder.add("Healthy/IM3", "A", 3);
  std::filesystem::create_directory(folder.root() / "Unclear");
  std::filesystem::create_directory_symlink("Healthy", folder.root() / "Linked");
  const Manifest manifest = folder.read();
  CHECK(manifest.class_names ==
        std::vector<std::string>{"Fractured", "Healthy", "Linked", "Unclear"});
  CHECK(manifest.samples.size() == 4);
  CHECK(count_kind(manifest.findings, "empty_class") == 1);
}

TEST_CASE("the same key gives the same patients, another key others") {
  DicomFolder folder;
  folder.add("a/1", "A", 1);
  folder.add("b/2", "A", 2);
  const auto patient = [&](const Path& key) {
    return read_dicom_folder(folder.root().string(), key).samples[0].patient;
  };
  CHECK(patient({}) == patient(folder.key()));
  CHECK(patient(folder.key()) != patient(folder.root() / ".." / "other"));
}

TEST_CASE("folders of a split hold class folders") {
  DicomFolder folder;
  folder.add("train/yes/1", "A", 1);
  folder.add("train/no/2", "A", 2);
  folder.add("valid/no/3", "B", 3);
  const Manifest manifest = folder.read();
  CHECK(manifest.class_names == std::vector<std::string>{"no", "yes"});
  std::set<std::string> parts;
  for (const auto& sample : manifest.samples) parts.insert(sample.id + sample.part);
  CHECK(parts == std::set<std::string>{"1train", "2train", "3val"});
}

TEST_CASE(
    "a hospital's export tells no classes, and is inspected, audited and split all the same") {
  DicomFolder folder;
  for (int p = 0; p < 8; ++p) {
    for (int i = 0; i < 2; ++i)
      folder.add(
          cat("export/PAT", p, "/STUDY/SERIES/IM", i), cat("P", p), 2 * p + i, "NO", cat("1.", p));
  }
  const Manifest manifest = folder.read();
  CHECK(manifest.class_names.empty());
  CHECK(manifest.multi_label);
  REQUIRE(manifest.samples.size() == 16);
  CHECK(manifest.samples[0].labels.empty());
  CHECK(manifest.samples[0].exclusive_class() == -1);
  const auto facts = scan_images(manifest, 1);
  CHECK(facts[0].bits == 16);
  const Json inspect = inspect_json(manifest, facts);
  CHECK(inspect.at("images") == 16);
  CHECK(inspect.at("classes").empty());
  CHECK(contains(inspect_text(inspect), "modality"));
  CHECK(count_kind(findings_of(manifest, facts), "unreadable") == 0);
  const auto split = split_of(manifest, facts, {});
  CHECK(split.size() == 16);
  ScratchFolder scratch;
  const auto error = error_of([&] { pack(manifest, split, {}, {}, scratch / "set.h5", 1); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "set: no classes are known"));
}

TEST_CASE("images without labels are unknown beside a labelled source") {
  DicomFolder labelled, bare;
  labelled.add("x/1", "A", 1);
  labelled.add("y/2", "A", 2);
  bare.add("1", "B", 3);
  const Manifest all = read_datasets({labelled.root().string(), bare.root().string()});
  CHECK(all.multi_label);
  CHECK(all.class_names == std::vector<std::string>{"x", "y"});
  REQUIRE(all.samples.size() == 3);
  CHECK(all.samples[0].labels == std::vector<int8_t>{-1, -1});
}

TEST_CASE("the key's file may be named") {
  DicomFolder folder;
  folder.add("1", "A", 1);
  ReadOptions options;
  options.key = (folder.root() / ".." / "named").string();
  const Manifest manifest = read_dataset(folder.root().string(), options);
  CHECK(std::filesystem::file_size(options.key) == 32);
  CHECK(manifest.samples[0].patient !=
        read_dicom_folder(folder.root().string(), folder.key()).samples[0].patient);
}

TEST_CASE("packed DICOM files keep their 16 bits") {
  DicomFolder folder;
  for (int i = 0; i < 12; ++i) folder.add(cat(i % 2 ? "yes/" : "no/", i), cat("P", i), i);
  folder.add("yes/again", "P0", 20);
  const Manifest manifest = folder.read();
  REQUIRE(manifest.class_names.size() == 2);
  const auto facts = scan_images(manifest, 1);
  ScratchFolder scratch;
  PackOptions options;
  options.bits = 16;
  options.size_px = {40, 30};
  const auto result =
      pack(manifest, split_of(manifest, facts, {}), {}, options, scratch / "set.h5", 1);
  int64_t images = 0;
  for (const auto& [part, counts] : result.counts) {
    for (const auto& [name, count] : counts) images += count;
  }
  CHECK(images == 13);
  const Store store(scratch / "set.h5");
  CHECK(store.info().bits == 16);
  const cv::Mat kept = store.image("train", 0);
  double brightest = 0;
  cv::minMaxLoc(kept, nullptr, &brightest);
  CHECK(brightest == 65535);
}

TEST_CASE("folders of other images are none of DICOM, and one of text is no set") {
  DicomFolder folder;
  write_text(folder.root() / "a" / "x.txt", "x");
  CHECK_FALSE(is_dicom_layout(folder.root().string()));
  folder.add("a/1", "A", 1);
  CHECK(is_dicom_layout(folder.root().string()));
  write_text(folder.root() / "a" / "2.png", encode_png(cv::Mat::zeros(4, 4, CV_8UC1)));
  CHECK_FALSE(is_dicom_layout(folder.root().string()));
  ScratchFolder empty;
  write_text(empty / "notes", "x");
  const auto error = error_of([&] { read_dataset(empty.path().string(), with("dicom")); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "no DICOM file with pixels"));
}

TEST_CASE("in other layouts DICOM files are known by content, and their headers count") {
  DicomFolder folder;
  folder.add("RG1", "p1", 1, "YES");
  folder.add("1.2.840.7", "p2", 2, "NO");
  folder.add("c.dcm", "p1", 3, "");
  write_text(folder.root() / "list.csv",
             "file,label,sex\nRG1,sick,F\n1.2.840.7,well,M\nc.dcm,well,F\n");
  ReadOptions options;
  options.columns.path = "file";
  options.columns.label = "label";
  const Manifest manifest = read_dataset(folder.root().string(), options);
  CHECK(manifest.format == "table");
  REQUIRE(manifest.samples.size() == 3);
  const Sample &second = manifest.samples[0], &first = manifest.samples[1];
  CHECK(first.id == "RG1");
  CHECK(first.patient.size() == 16);
  CHECK(first.patient == manifest.samples[2].patient);
  CHECK(first.patient != second.patient);
  CHECK(manifest.meta_columns[0] == "sex");
  CHECK(manifest.meta_columns[1] == "modality");
  CHECK(std::count(manifest.meta_columns.begin(), manifest.meta_columns.end(), "sex") == 1);
  CHECK(first.meta[0] == "F");
  CHECK(first.meta[1] == "DX");
  CHECK(count_kind(manifest.findings, "burned_in") == 1);
  CHECK(count_kind(manifest.findings, "burned_in_unknown") == 1);
  CHECK(count_kind(manifest.findings, "missing_file") == 0);

  // Beside other pictures they are of their class, too.
  DicomFolder mixed;
  mixed.add("sick/RG1", "p1", 1);
  mixed.add("DICOMDIR", "p1", 1);
  write_text(mixed.root() / "well/b.png", encode_png(TestFolder::grey()));
  const Manifest both = mixed.read();
  CHECK(both.format == "folder");
  CHECK(both.class_names == std::vector<std::string>{"sick", "well"});
  REQUIRE(both.samples.size() == 2);
  CHECK(both.samples[0].meta[0] == "DX");
  CHECK(both.samples[1].meta[0].empty());
  CHECK(both.samples[1].patient.empty());
}
