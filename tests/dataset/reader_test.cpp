// SPDX-License-Identifier: Apache-2.0
#include "dataset/reader.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/dataset/drawn.hpp"

using namespace evenray;

namespace {

std::vector<std::string> ids(const Manifest& manifest) {
  std::vector<std::string> out;
  for (const auto& sample : manifest.samples) out.push_back(sample.id);
  return out;
}

std::vector<std::string> kinds(const Manifest& manifest) {
  std::vector<std::string> out;
  for (const auto& finding : manifest.findings)
    out.push_back(finding.kind + " " + join(finding.ids));
  return out;
}

const Sample& sample_of(const Manifest& manifest, const std::string& id) {
  const auto found = std::find_if(manifest.samples.begin(),
                                  manifest.samples.end(),
                                  [&](const Sample& s) { return s.id == id; });
  REQUIRE(found != manifest.samples.end());
  return *found;
}

/// The exit code and message of a failing read.
std::pair<int, std::string> failure(const std::string& path, const std::string& format = "auto") {
  try {
    read_dataset(path, format);
  } catch (const Error& error) {
    return {static_cast<int>(error.code()), error.what()};
  }
  return {0, ""};
}

using Names = std::vector<std::string>;

/// A folder to fill with little files.
struct TestFolder : ScratchFolder {
  std::string text() const { return path().string(); }
  void file(const std::string& name, const std::string& bytes) const {
    write_text(path() / name, bytes);
  }
  void image(const std::string& name) const { file(name, encode_png(grey())); }
  static cv::Mat grey() { return cv::Mat(4, 6, CV_8UC1, cv::Scalar(9)); }
};

/// Three images: one fractured with a box, one not, one whose table row contradicts its folder and
/// box, or has its box on another image.
void write_three(const TestFolder& folder, const std::string& rows, const Json& boxes_on = 1) {
  write_fracatlas(folder.path(),
                  rows,
                  {{"IMG0000001.jpg", true, TestFolder::grey()},
                   {"IMG0000003.jpg", true, TestFolder::grey()},
                   {"IMG0000002.jpg", false, TestFolder::grey()}},
                  {{{"id", 0},
                    {"image_id", 0},
                    {"category_id", 0},
                    {"bbox", {1, 1, 2.5, 2}},
                    {"segmentation", {{1, 1, 3.5, 1, 2, 3}}}},
                   {{"id", 1},
                    {"image_id", boxes_on},
                    {"category_id", 0},
                    {"bbox", {0, 0, 2, 2}},
                    {"segmentation", {{"counts", {1}}, {"size", {4, 6}}}}}});
}

constexpr const char* kRows =
    "IMG0000001.jpg,1,0,1,1,1\r\nIMG0000002.jpg,0,0,0,0,1\r\nIMG0000003.jpg,0,1,0,1,0\r\n";

}  // namespace

TEST_CASE("a folder a class") {
  TestFolder folder;
  folder.image("Fractured/b.png");
  folder.image("Fractured/deep/c.JPG");
  folder.image("Non_fractured/a.jpeg");
  folder.image("Non_fractured/.hidden.png");
  folder.image(".trash/z.png");
  folder.file("Non_fractured/notes.txt", "x");
  folder.file("README.md", "x");
  make_folder(folder / "empty");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "folder");
  CHECK(manifest.source == Path(folder.text()).filename().string());
  CHECK(manifest.class_names == Names{"Fractured", "Non_fractured"});
  CHECK(ids(manifest) == Names{"a", "b", "c"});
  CHECK(sample_of(manifest, "a").exclusive_class() == 1);
  CHECK(sample_of(manifest, "c").labels == std::vector<int8_t>{1, 0});
  CHECK(sample_of(manifest, "c").source_path == "Fractured/deep/c.JPG");
  CHECK(std::filesystem::is_regular_file(sample_of(manifest, "c").file));
  CHECK_FALSE(sample_of(manifest, "a").running_id);
  CHECK_FALSE(sample_of(manifest, "a").boxes_known);
  CHECK(sample_of(manifest, "a").part == "");
  CHECK(manifest.findings.empty());
}

TEST_CASE("a fixed split is kept, also one that lacks a part") {
  const auto parts = [](const Names& folders) {
    TestFolder folder;
    for (const auto& name : folders) {
      folder.image(name + "/sick/" + name + "1.png");
      folder.image(name + "/well/" + name + "2.png");
    }
    const Manifest manifest = read_dataset(folder.text() + "/");
    CHECK(manifest.class_names == Names{"sick", "well"});
    std::map<std::string, int> counts;
    for (const auto& sample : manifest.samples) ++counts[sample.part];
    return counts;
  };
  using Counts = std::map<std::string, int>;
  CHECK(parts({"train", "valid", "test"}) == Counts{{"test", 2}, {"train", 2}, {"val", 2}});
  CHECK(parts({"Train", "validation"}) == Counts{{"train", 2}, {"val", 2}});
  CHECK(parts({"train", "test"}) == Counts{{"test", 2}, {"train", 2}});
  CHECK(parts({"train"}) == Counts{{"train", 2}});
}

TEST_CASE("one wrapping folder is entered") {
  TestFolder folder;
  folder.file("README.md", "x");
  folder.image("Set/train/sick/1.png");
  folder.image("Set/test/well/2.png");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.class_names == Names{"sick", "well"});
  CHECK(sample_of(manifest, "1").part == "train");
  CHECK(sample_of(manifest, "1").source_path == "Set/train/sick/1.png");

  TestFolder single;
  single.image("sick/1.png");
  CHECK(read_dataset(single.text()).class_names == Names{"sick"});
}

TEST_CASE("stems that collide become paths") {
  TestFolder folder;
  folder.image("a/1.png");
  folder.image("b/1.png");
  folder.image("b/2.png");
  folder.image("b/3.png");
  folder.image("b/3.jpg");
  CHECK(ids(read_dataset(folder.text())) == Names{"2", "a/1", "b/1", "b/3.jpg", "b/3.png"});
}

TEST_CASE("images outside of the class folders are found") {
  TestFolder folder;
  folder.image("a/1.png");
  folder.image("b/2.png");
  folder.image("stray.png");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.samples.size() == 2);
  CHECK(kinds(manifest) == Names{"unlisted_file stray"});
}

TEST_CASE("NIH names tell the patient, if all are such names") {
  TestFolder folder;
  folder.image("a/00000012_000.png");
  folder.image("a/00000012_003.png");
  folder.image("b/00000013_000.png");
  CHECK(sample_of(read_dataset(folder.text()), "00000012_003").patient == "00000012");
  folder.image("b/other.png");
  CHECK(sample_of(read_dataset(folder.text()), "00000012_003").patient == "");
}

TEST_CASE("what cannot be read as a set says so") {
  TestFolder folder;
  CHECK(failure(folder.text()) == std::pair{65, folder.text() + ": an empty folder"});
  folder.file("a/x.dcm", "x");
  folder.file("a/y.dcm", "x");
  CHECK(failure(folder.text()) ==
        std::pair{65, folder.text() + ": no PNG or JPEG file (found: 2 .dcm)"});
  folder.image("1.png");
  CHECK(failure(folder.text()).first == 65);
  CHECK(failure(folder.text()).second.find("no class folder") != std::string::npos);
  CHECK(failure(folder.text() + "/none").first == 66);
  CHECK(failure(folder.text() + "/1.png").first == 65);
  CHECK(failure(folder.text(), "foldr").first == 2);
  CHECK(failure(folder.text(), "foldr").second.find("did you mean 'folder'") != std::string::npos);
  CHECK(failure(folder.text(), "phantom").first == 2);
}

TEST_CASE("FracAtlas: folder and box beat the table") {
  TestFolder folder;
  write_three(folder, kRows);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "fracatlas");
  CHECK(manifest.class_names == Names{"Non_fractured", "Fractured"});
  CHECK(manifest.meta_columns == Names{"hand", "hardware", "frontal"});
  CHECK(manifest.samples[0].running_id);
  CHECK(manifest.licence == "");
  REQUIRE(ids(manifest) == Names{"IMG0000001", "IMG0000002", "IMG0000003"});
  const Sample& first = manifest.samples[0];
  CHECK(first.labels == std::vector<int8_t>{0, 1});
  CHECK(first.meta == Names{"1", "0", "1"});
  CHECK(first.boxes_known);
  REQUIRE(first.boxes.size() == 1);
  CHECK(first.boxes[0].label == 1);
  CHECK(first.boxes[0].x1 == 3.5f);
  CHECK(first.boxes[0].y1 == 3);
  REQUIRE(first.boxes[0].rings.size() == 1);
  CHECK(first.boxes[0].rings[0] == std::vector<cv::Point2f>{{1, 1}, {3.5, 1}, {2, 3}});
  CHECK(manifest.samples[1].exclusive_class() == 0);
  CHECK(manifest.samples[1].boxes_known);
  CHECK(manifest.samples[2].exclusive_class() == 1);
  CHECK(manifest.samples[2].boxes[0].rings.empty());
  REQUIRE(kinds(manifest) == Names{"label_conflict IMG0000003"});
  CHECK(manifest.findings[0].detail ==
        "table: fractured=0, fracture_count=1; folder: Fractured; boxes: 1; taken as Fractured");
}

TEST_CASE("FracAtlas: a box beats the folder; files and rows without each other are found") {
  TestFolder folder;
  write_three(
      folder, "IMG0000001.jpg,1,0,1,1,1\nIMG0000002.jpg,0,0,0,0,1\nIMG0000009.jpg,0,1,0,0,0\n", 2);
  folder.file("ATTRIBUTION.txt", "Data: (stated to be CC BY 4.0, ...)");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.licence == "CC BY 4.0");
  CHECK(sample_of(manifest, "IMG0000002").exclusive_class() == 1);
  CHECK(sample_of(manifest, "IMG0000003").exclusive_class() == 1);
  CHECK(sample_of(manifest, "IMG0000003").meta == Names{"", "", ""});
  CHECK(kinds(manifest) ==
        Names{"label_conflict IMG0000002", "missing_file IMG0000009", "unlisted_file IMG0000003"});
}

TEST_CASE("FracAtlas: faults of the table and the annotations") {
  TestFolder folder;
  write_three(folder, cat(kRows, "IMG0000001.jpg,1,0,1,1,1\n"));
  CHECK(failure(folder.text()).first == 65);
  CHECK(failure(folder.text()).second.find("image_id IMG0000001.jpg stands there twice") !=
        std::string::npos);
  write_three(folder, "IMG0000001.jpg,1,0,yes,1,1\n");
  CHECK(failure(folder.text()).second.find("fractured is 'yes', not 0 or 1") != std::string::npos);
  write_three(folder, kRows, 77);
  CHECK(failure(folder.text()).first == 65);
  CHECK(failure(folder.text()).second.find("a box on image 77, which is not listed") !=
        std::string::npos);
  write_three(folder, kRows, "x");
  CHECK(failure(folder.text()).first == 65);
  CHECK(failure(folder.text()).second.find("boxes.json: not COCO annotations") !=
        std::string::npos);
  folder.file("Annotations/COCO JSON/boxes.json", "{");
  CHECK(failure(folder.text()).first == 65);
  folder.file("dataset.csv", "image_id,hand\nIMG0000001.jpg,1\n");
  CHECK(failure(folder.text()).first == 65);
  CHECK(failure(folder.text()).second.find("missing column 'fractured'") != std::string::npos);
}

TEST_CASE("FracAtlas without annotations knows no boxes") {
  TestFolder folder;
  write_three(folder, kRows);
  std::filesystem::remove_all(folder / "Annotations");
  const Manifest manifest = read_dataset(folder.text());
  CHECK_FALSE(manifest.samples[0].boxes_known);
  CHECK(manifest.samples[0].boxes.empty());
}

TEST_CASE("a name that is not UTF-8 is refused") {
  TestFolder bytes;
  bytes.image("well/M\xFCller.png");
  CHECK(failure(bytes.text()).first == 65);
  CHECK(failure(bytes.text()).second.find("is not UTF-8") != std::string::npos);
}

TEST_CASE("a folder that cannot be read is missing input") {
  TestFolder folder;
  folder.image("well/a.png");
  CHECK(failure(folder.text() + "/well/a.png/below").first == 66);
  CHECK(failure(folder.text() + "/" + std::string(300, 'x')).first == 66);
  std::filesystem::create_directory_symlink("loop", folder / "loop");
  const auto [code, message] = failure(folder.text());
  CHECK(code == 66);
  CHECK(message.find("loop") != std::string::npos);
}

TEST_CASE("several sources become one") {
  TestFolder folder;
  folder.image("one/set/well/a.png");
  folder.image("one/set/sick/b.png");
  folder.image("two/set/other/a.png");
  folder.image("two/set/well/00000001_001.png");
  const Manifest all = read_datasets({folder.text() + "/one/set", folder.text() + "/two/set"});
  CHECK(all.source == "set+set-2");
  CHECK(all.format == "folder");
  CHECK(all.class_names == Names{"sick", "well", "other"});
  CHECK(ids(all) == Names{"set-2/00000001_001", "set-2/a", "set/a", "set/b"});
  CHECK(sample_of(all, "set/a").labels == std::vector<int8_t>{0, 1, 0});
  CHECK(sample_of(all, "set-2/a").labels == std::vector<int8_t>{0, 0, 1});
  CHECK(sample_of(all, "set-2/a").source_path == "set-2/other/a.png");
  CHECK(read_datasets({folder.text() + "/one/set"}).samples[0].id == "a");
  // Number 1 of one hospital is not number 1 of the other.
  folder.image("three/set/well/00000001_001.png");
  folder.image("four/set/well/00000001_002.png");
  const Manifest same = read_datasets({folder.text() + "/three/set", folder.text() + "/four/set"});
  CHECK(same.samples[0].patient == "set-2/00000001");
  CHECK(same.samples[1].patient == "set/00000001");
}

TEST_CASE("a table and a folder become one") {
  TestFolder folder, plain;
  write_three(folder, kRows);
  plain.image("Wrist/x.png");
  plain.image("Fractured/y.png");
  const Manifest all = read_datasets({plain.text(), folder.text()});
  CHECK(all.class_names == Names{"Fractured", "Wrist", "Non_fractured"});
  CHECK(all.meta_columns == Names{"hand", "hardware", "frontal"});
  CHECK(all.format == "folder+fracatlas");
  for (const auto& sample : all.samples) {
    CHECK(sample.labels.size() == 3);
    CHECK(sample.meta.size() == 3);
    CHECK(sample.running_id == sample.file.stem().string().starts_with("IMG"));
    for (const auto& box : sample.boxes) CHECK(box.label == 0);
  }
  REQUIRE(all.findings.size() == 1);
  CHECK(all.findings[0].ids[0].ends_with("/IMG0000003"));
}

TEST_CASE("phantoms are a source") {
  CHECK(format_names() == Names{"auto", "phantom", "fracatlas", "dicom", "folder"});
  const Manifest manifest = read_dataset("phantom:images=24,seed=3");
  CHECK(manifest.samples.size() == 24);
}

TEST_CASE("the real FracAtlas", "[data]") {
  const auto folder = real_data("fracatlas");
  if (folder.empty()) return;
  const Manifest manifest = read_dataset(folder);
  CHECK(manifest.samples.size() == 2980);
  CHECK(manifest.licence == "CC BY 4.0");
  CHECK(manifest.meta_columns.size() == 10);
  CHECK(kinds(manifest) == Names{"label_conflict IMG0003298"});
  size_t fractured = 0, boxes = 0;
  for (const auto& sample : manifest.samples) {
    fractured += sample.exclusive_class() == 1;
    boxes += sample.boxes.size();
  }
  CHECK(fractured == 490);
  CHECK(boxes == 640);
}

TEST_CASE("the real NIH folders", "[data]") {
  const auto folder = real_data("nih1000-64px");
  if (folder.empty()) return;
  const Manifest manifest = read_dataset(folder);
  CHECK(manifest.class_names == Names{"0_normal", "1_abnormal"});
  std::map<std::string, int> parts;
  std::set<std::string> patients;
  for (const auto& sample : manifest.samples) {
    ++parts[sample.part];
    patients.insert(sample.patient);
  }
  CHECK(parts == std::map<std::string, int>{{"test", 200}, {"train", 600}, {"val", 200}});
  CHECK(patients.size() > 100);
  CHECK(patients.begin()->size() == 8);
}
