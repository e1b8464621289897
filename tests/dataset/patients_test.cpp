// SPDX-License-Identifier: Apache-2.0
#include "dataset/patients.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/text.hpp"
#include "dataset/audit.hpp"
#include "dataset/split.hpp"
#include "tests/dataset/grouped.hpp"
#include "tests/dataset/test_folder.hpp"

using namespace evenray;

namespace {

ReadOptions by(const std::string& patient) {
  ReadOptions options;
  options.patient = patient;
  return options;
}

std::set<std::string> patients_of(const Manifest& manifest) {
  std::set<std::string> out;
  for (const auto& sample : manifest.samples) out.insert(sample.patient);
  return out;
}

/// Returns how many patients the default split puts into several parts.
size_t torn_patients(const Manifest& manifest) {
  std::map<std::string, std::set<std::string>> parts;
  const auto rows = split_of(manifest, scan_images(manifest, 2), {});
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i].fault.empty()) parts[manifest.samples[i].patient].insert(rows[i].split);
  return static_cast<size_t>(std::count_if(
      parts.begin(), parts.end(), [](const auto& patient) { return patient.second.size() > 1; }));
}

/// A picture that no other `number` resembles.
void picture(const TestFolder& folder, const std::string& name, int number) {
  cv::Mat image(24, 24, CV_8UC1);
  cv::RNG random(static_cast<uint64_t>(number) + 1);
  random.fill(image, cv::RNG::UNIFORM, 0, 255);
  folder.file(name, encode_png(image));
}

}  // namespace

TEST_CASE("folders name patients as in MURA and CheXpert") {
  const TestFolder folder;
  for (int i = 0; i < 36; ++i) {
    const bool rare = i >= 18;
    picture(folder,
            cat(rare ? "fracture" : "normal",
                "/patient",
                rare ? "1" : "0",
                i / 3 % 6,
                "/study1/image",
                i % 3,
                ".png"),
            i);
  }
  const Manifest manifest = read_dataset(folder.text());
  CHECK(patients_of(manifest).size() == 12);
  CHECK(describe_patients(manifest) == "12 patients, from folders (patient00)");
  CHECK(describe_groups(manifest, "auto") ==
        "12 patients, from folders (patient00); kept together too: copies of one picture");
  CHECK(torn_patients(manifest) == 0);
}

TEST_CASE("file names name patients as in Kermany's set and ChestX-ray14") {
  const TestFolder kermany, nih, other;
  kermany.image("PNEUMONIA/person1_bacteria_1.png");
  kermany.image("PNEUMONIA/person1_virus_2.png");
  kermany.image("PNEUMONIA/person2_virus_3.png");
  kermany.image("NORMAL/IM-0115-0001.png");
  kermany.image("NORMAL/IM-0115-0002.png");
  CHECK(describe_patients(read_dataset(kermany.text())) ==
        "3 patients, from file names (person1) and file names (IM-0115)");
  nih.image("a/00000001_000.png");
  nih.image("b/00000001_001.png");
  nih.image("b/00000002_000.png");
  CHECK(patients_of(read_dataset(nih.text())) == std::set<std::string>{"00000001", "00000002"});
  // Names that only look so: no patient has two images, and not all images have the form.
  other.image("a/case1_x.png");
  other.image("a/case2_x.png");
  other.image("b/photo.png");
  const Manifest unknown = read_dataset(other.text());
  CHECK(describe_patients(unknown) == "patients are unknown");
  CHECK(describe_groups(unknown, "auto") ==
        "patients are unknown; kept together: copies of one picture");
  CHECK(describe_groups(unknown, "none") ==
        "patients are unknown; every image is a separate group (--group none)");
}

TEST_CASE("a field of COCO's images names patients") {
  const TestFolder folder;
  std::string images, boxes;
  for (int i = 0; i < 30; ++i) {
    picture(folder, cat("images/", i, ".png"), i);
    images += cat(i ? "," : "",
                  R"({"id":)",
                  i,
                  R"(,"file_name":")",
                  i,
                  R"(.png","width":24,"height":24,)",
                  R"("patient_id":"P)",
                  i / 3,
                  R"(","ward":)",
                  i % 2,
                  "}");
    boxes += cat(i ? "," : "",
                 R"({"id":)",
                 i,
                 R"(,"image_id":)",
                 i,
                 R"(,"category_id":)",
                 i / 3 % 2,
                 R"(,"bbox":[1,1,4,4]})");
  }
  folder.file("annotations.json",
              cat(R"({"images":[)",
                  images,
                  R"(],"annotations":[)",
                  boxes,
                  R"(],"categories":[{"id":0,"name":"a"},{"id":1,"name":"b"}]})"));
  const Manifest manifest = read_dataset(folder.text());
  CHECK(describe_patients(manifest) == "10 patients, from column 'patient_id'");
  CHECK(manifest.meta_columns == Names{"ward"});
  CHECK(torn_patients(manifest) == 0);
  const Manifest wards = read_dataset(folder.text(), by("ward"));
  CHECK(patients_of(wards) == std::set<std::string>{"0", "1"});
  CHECK(wards.meta_columns == Names{"patient_id"});
}

TEST_CASE("an expression names patients in paths") {
  const TestFolder folder;
  folder.image("a/anna.1.png");
  folder.image("a/anna.2.png");
  folder.image("b/bert.1.png");
  folder.image("b/unnamed.png");
  const Manifest manifest = read_dataset(folder.text(), by("path:/([a-z]+)\\.[0-9]"));
  CHECK(patients_of(manifest) == std::set<std::string>{"", "anna", "bert"});
  CHECK(describe_patients(manifest) ==
        "2 patients, from paths that match '/([a-z]+)\\.[0-9]'; 1 image without a patient");

  using Failure = std::pair<int, std::string>;
  const auto fails = [&](const std::string& patient, Exit code, const std::string& part) {
    const Failure found = failure(folder.text(), by(patient));
    CHECK(found.first == static_cast<int>(code));
    CHECK_THAT(found.second, Catch::Contains(part));
  };
  fails("path:(", Exit::config, "is not a regular expression");
  fails("path:anna", Exit::config, "has no group");
  fails("path:(?=a)(b)", Exit::config, "at '(?='; look-ahead");
  fails("path:(zoe)", Exit::bad_data, "no path matches '(zoe)' (the first path: a/anna.1.png)");
  fails("paitent", Exit::bad_data, "unknown column 'paitent'");
}

TEST_CASE("no expression takes long, however long the path") {
  const TestFolder folder;
  const std::string name(200, 'a');
  std::string folders;
  for (int i = 0; i < 12; ++i) folders += name + "/";
  folder.image("x/" + folders + name + ".png");
  for (const char* text : {"path:(a+)+b", "path:((a*)*)*b", "path:(.|a)*(a|aa)+$b"}) {
    const auto found = failure(folder.text(), by(text));
    CHECK(found.first == static_cast<int>(Exit::bad_data));
    CHECK_THAT(found.second, Catch::Contains("no path matches"));
  }
}

TEST_CASE("parts that come with a collection are audited for leaks") {
  const TestFolder folder;
  picture(folder, "train/a/patient1_1.png", 1);
  picture(folder, "train/b/patient2_1.png", 2);
  picture(folder, "test/a/patient1_2.png", 3);
  picture(folder, "test/b/patient3_1.png", 4);
  picture(folder, "test/b/patient3_2.png", 2);
  const Manifest manifest = read_dataset(folder.text());
  std::vector<std::string> found;
  for (const auto& finding : findings_of(manifest, scan_images(manifest, 1)))
    if (finding.kind.starts_with("leak_")) found.push_back(finding.kind + " " + finding.detail);
  CHECK(found == Names{"leak_duplicate one picture is in test and train",
                       "leak_patient patient patient1 is in test and train"});
}
