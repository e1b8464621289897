// SPDX-License-Identifier: Apache-2.0
#include "dataset/reader.hpp"

#include <map>
#include <set>

#include "dataset/store/store.hpp"
#include "tests/dataset/test_folder.hpp"

using namespace evenray;

TEST_CASE("a folder a class") {
  TestFolder folder;
  folder.image("Fractured/b.png");
  folder.image("Fractured/deep/c.JPG");
  folder.image("Non_fractured/a.jpeg");
  folder.image("Non_fractured/.hidden.png");
  folder.image(".trash/z.png");
  folder.file("Non_fractured/notes.txt", "x");
  folder.file("README.md", "x");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "folder");
  CHECK(manifest.source == Path(folder.text()).filename().string());
  CHECK(manifest.class_names == Names{"Fractured", "Non_fractured"});
  CHECK(ids(manifest) == Names{"a", "b", "c"});
  CHECK(sample_of(manifest, "a").exclusive_class() == 1);
  CHECK(sample_of(manifest, "c").labels == std::vector<int8_t>{1, 0});
  CHECK(sample_of(manifest, "c").source_path == "Fractured/deep/c.JPG");
  CHECK(std::filesystem::is_regular_file(sample_of(manifest, "c").file));
  CHECK_FALSE(sample_of(manifest, "a").sequential_id);
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

  // A picture beside it is told, and changes no class.
  folder.image("logo.png");
  const Manifest beside = read_dataset(folder.text());
  CHECK(beside.class_names == Names{"sick", "well"});
  CHECK(kinds(beside) == Names{"unlisted_file logo"});

  TestFolder single;
  single.image("sick/1.png");
  CHECK(read_dataset(single.text()).class_names == Names{"sick"});
}

TEST_CASE("folders beside train and test are no classes") {
  TestFolder folder;
  for (const char* name :
       {"train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png", "masks/1m.png"})
    folder.image(name);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.class_names == Names{"a", "b"});
  CHECK(manifest.samples.size() == 4);
  CHECK(manifest.samples[0].part == "train");
  CHECK(kinds(manifest) == Names{"unlisted_file 1m"});
}

TEST_CASE("a link that leads back to a folder around it is not followed") {
  TestFolder folder;
  for (const char* name : {"a/1.png", "b/2.png"}) folder.image(name);
  std::filesystem::create_directory_symlink("..", Path(folder.text()) / "a" / "loop");
  CHECK(read_dataset(folder.text()).samples.size() == 2);
  std::filesystem::create_directory(Path(folder.text()) / "c");
  std::filesystem::create_directory_symlink("../b", Path(folder.text()) / "c" / "more");
  CHECK(read_dataset(folder.text()).class_names == Names{"a", "b", "c"});
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

TEST_CASE("pictures of a kind that is not read are told") {
  TestFolder folder;
  folder.image("a/1.png");
  folder.image("b/2.png");
  folder.file("a/3.BMP", "BM");
  folder.file("b/4.webp", "RIFF");
  folder.file("b/.5.gif", "GIF89a");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(kinds(manifest) == Names{"unread_kind a/3.BMP, b/4.webp"});
  CHECK(manifest.findings[0].detail ==
        "files in a format that is not supported (.bmp, .webp): 2; convert them to PNG");
}

TEST_CASE("links that lead to nothing are told") {
  const TestFolder folder;
  folder.image("a/x.png");
  folder.image("b/y.png");
  std::filesystem::create_symlink("nothing.png", folder.path() / "a" / "dead.png");
  std::filesystem::create_symlink("round", folder.path() / "b" / "round");
  std::filesystem::create_directory_symlink("/no/folder", folder.path() / "c");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(ids(manifest) == Names{"x", "y"});
  CHECK(kinds(manifest) == Names{"dead_link a/dead.png, b/round, c"});
  const TestFolder set, other;
  set.image("in/x.png");
  std::filesystem::create_symlink("../in/x.png", set.path() / "in" / "inside.png");
  other.image("y.png");
  other.image("more/z.png");
  std::filesystem::create_symlink(other.path() / "y.png", set.path() / "in" / "out.png");
  std::filesystem::create_directory_symlink(other.path() / "more", set.path() / "more");
  CHECK(kinds(read_dataset(set.text())) == Names{"outside_link in/out.png, more"});
  const TestFolder dead;
  std::filesystem::create_symlink("nothing.png", dead.path() / "x.png");
  CHECK(failure(dead.text()) ==
        std::pair{65, dead.text() + ": no file, only links that lead to nothing (1)"});
}

TEST_CASE("a class folder without an image is a class, and told") {
  TestFolder folder;
  folder.image("a/x.png");
  folder.image("b/y.png");
  folder.file("d/z.bmp", "BM");
  folder.file("notes/readme.txt", "no class");
  for (const auto* name : {"c", "masks", "val"})
    std::filesystem::create_directory(folder.path() / name);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.class_names == Names{"a", "b", "c", "d"});
  CHECK(kinds(manifest) == Names{"empty_class c", "empty_class d", "unread_kind d/z.bmp"});
  CHECK(sample_of(manifest, "y").labels == std::vector<int8_t>{0, 1, 0, 0});

  const TestFolder parts;
  for (const auto* name : {"train/a/1.png", "train/b/2.png", "test/a/3.png"}) parts.image(name);
  std::filesystem::create_directories(parts.path() / "test" / "b");
  std::filesystem::create_directories(parts.path() / "test" / "c");
  const Manifest divided = read_dataset(parts.text());
  CHECK(divided.class_names == Names{"a", "b", "c"});
  CHECK(kinds(divided) == Names{"empty_class test/b", "empty_class test/c"});
  CHECK(sample_of(divided, "3").part == "test");

  // An empty folder does not make a class of a folder of all images.
  const TestFolder images;
  images.image("images/x.png");
  std::filesystem::create_directory(images.path() / "results");
  CHECK(failure(images.text()).first == 65);
}

TEST_CASE("NIH names tell the patient, if one has several images") {
  TestFolder folder;
  folder.image("a/00000012_000.png");
  folder.image("a/00000012_003.png");
  folder.image("b/00000013_000.png");
  CHECK(sample_of(read_dataset(folder.text()), "00000012_003").patient == "00000012");
  folder.image("b/other.png");
  CHECK(sample_of(read_dataset(folder.text()), "other").patient == "");
}

TEST_CASE("folders that may not be classes are refused, unless they are asked for") {
  TestFolder masks, only, table;
  for (const char* name : {"images/1.png", "masks/1m.png"}) masks.image(name);
  CHECK(failure(masks.text()) ==
        std::pair{65,
                  masks.text() + ": the folder masks is no class; give --format folder to take the "
                                 "folders as classes"});
  CHECK(read_dataset(masks.text(), with("folder")).class_names == Names{"images", "masks"});
  only.image("Images/1.png");
  only.file("labels/1.txt", "0 .5 .5 .1 .1");
  CHECK(failure(only.text())
            .second.find("the only folder of images, Images, is no class; not "
                         "read: labels/") != std::string::npos);
  for (const char* name : {"a/1.png", "b/2.png"}) table.image(name);
  table.file("dataset.csv", "filename,label\n1.png,x\n");
  CHECK(failure(table.text())
            .second.find(
                "the folders may not be the classes; not read: dataset.csv; for the table set "
                "data.columns.path and data.columns.label (its columns: filename,label)") !=
        std::string::npos);
}

TEST_CASE("what cannot be read as a set says so") {
  TestFolder folder;
  CHECK(failure(folder.text()) == std::pair{65, folder.text() + ": the folder is empty"});
  folder.file("a/x.gif", "x");
  folder.file("a/y.gif", "x");
  CHECK(failure(folder.text()) ==
        std::pair{65, folder.text() + ": no PNG, JPEG, TIFF or DICOM file (found: 2 .gif)"});
  folder.image("1.png");
  CHECK(failure(folder.text()).first == 65);
  CHECK(failure(folder.text()).second.find("no class folder") != std::string::npos);
  CHECK(failure(folder.text() + "/none").first == 66);
  CHECK(failure(folder.text() + "/1.png").first == 65);
  CHECK(failure(folder.text(), "foldr").first == 78);
  CHECK(failure(folder.text(), "foldr").second.find("did you mean 'folder'") != std::string::npos);
  CHECK(failure(folder.text(), "phantom").first == 2);
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
    CHECK(sample.sequential_id == sample.file.stem().string().starts_with("IMG"));
    for (const auto& box : sample.boxes) CHECK(box.label == 0);
  }
  REQUIRE(all.findings.size() == 1);
  CHECK(all.findings[0].ids[0].ends_with("/IMG0000003"));
}

TEST_CASE("phantoms are a source") {
  CHECK(format_names() == Names{"auto",
                                "phantom",
                                "store",
                                "medmnist",
                                "table",
                                "export",
                                "fracatlas",
                                "nih",
                                "vinbigdata",
                                "imagefolder",
                                "coco",
                                "yolo",
                                "voc",
                                "dicom",
                                "folder"});
  const Manifest manifest = read_dataset("phantom:images=24,seed=3");
  CHECK(manifest.samples.size() == 24);
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

TEST_CASE("a store is a source: its real rows with all that it knows") {
  const ScratchFolder folder;
  StoreInfo info;
  info.class_names = {"well", "sick"};
  info.height = 8;
  info.width = 6;
  info.source = "set";
  info.licence = "CC0";
  info.meta_columns = {"sex"};
  StoreWriter writer(folder / "set.h5", info, 3);
  const auto add = [&](const char* id, const char* part, Origin origin) {
    StoreRow row;
    row.image = cv::Mat(8, 6, CV_8UC1, cv::Scalar(id[0]));
    row.labels = {0, 1};
    row.id = row.source_path = id;
    row.group = std::string("patient of ") + part;
    row.meta = {"F"};
    row.boxes_known = true;
    row.boxes = {Box{1, 1, 3, 4, 1, {}}};
    row.provenance.origin = origin;
    if (origin == Origin::copy) row.provenance.parent = 0;
    writer.add(part, row);
  };
  add("a", "train", Origin::real);
  add("b", "train", Origin::copy);
  add("c", "test", Origin::real);
  writer.finish();
  const Manifest manifest = read_dataset(folder / "set.h5");
  CHECK(manifest.format == "store");
  CHECK(manifest.source == "set");
  CHECK(manifest.licence == "CC0");
  REQUIRE(ids(manifest) == Names{"a", "c"});
  CHECK(kinds(manifest) == Names{"not_real b"});
  using Rows = std::vector<std::array<int64_t, 4>>;
  CHECK(manifest.training_rows == Rows{{0, 0, 0, 0}, {1, 1, 0, 0}});
  const Sample& first = manifest.samples[0];
  CHECK(first.draw().at<uint8_t>(0, 0) == 'a');
  CHECK(first.exclusive_class() == 1);
  CHECK(first.boxes.at(0).y1 == 4);
  CHECK(first.patient.empty());
  CHECK(first.visit == "patient of train");
  CHECK(manifest.samples[1].part == "test");
  CHECK(first.meta == Names{"F"});
  write_text(folder / "text.h5", "no store");
  CHECK(failure((folder / "text.h5").string()).first == 65);
  write_text(folder / "cut.h5", read_file(folder / "set.h5").substr(0, 3000));
  CHECK(failure((folder / "cut.h5").string()).first == 65);
}
