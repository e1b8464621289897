// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "core/parallel.hpp"
#include "dataset/dicom/dicom.hpp"
#include "tests/dataset/dicom/made.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

std::string golden_file(const std::string& name) {
  return read_file(golden_path("dataset/dicom/" + name));
}

}  // namespace

TEST_CASE("facts are codes, numbers and hashes; names, dates and comments stay behind") {
  const std::string key(32, 'k');
  DicomMaker maker;
  maker.text(0x00080018, "UI", "1.2.3.4")
      .text(0x00080020, "DA", "20240131")
      .text(0x00080060, "CS", "dx")
      .text(0x00100010, "PN", "Secret^Name")
      .text(0x00100020, "LO", "PID-77")
      .text(0x00100030, "DA", "19700101")
      .text(0x00100040, "CS", "F")
      .text(0x00101010, "AS", "053Y")
      .text(0x00104000, "LT", "a comment")
      .text(0x00180015, "CS", "see comment: Mr. Name")
      .text(0x00185101, "CS", "AP")
      .text(0x0020000D, "UI", "1.2.3")
      .text(0x00200062, "CS", "L")
      .image(2, 3, 10, false, "MONOCHROME1")
      .text(0x00280030, "DS", "0.15\\0.2")
      .text(0x00280301, "CS", "YES")
      .window("550\\1", "1024\\2")
      .pixels(std::vector<int>(6, 0));
  const DicomFacts facts = dicom_facts(maker.bytes(), key);
  CHECK(facts.fault == "");
  CHECK(facts.modality == "DX");
  CHECK(facts.body_part == "");
  CHECK(facts.view_position == "AP");
  CHECK(facts.laterality == "L");
  CHECK(facts.sex == "F");
  CHECK(facts.age_years == 50);
  CHECK(facts.row_spacing_mm == .15);
  CHECK(facts.column_spacing_mm == .2);
  CHECK(cat(facts.rows, " ", facts.columns, " ", facts.bits_stored) == "2 3 10");
  CHECK(facts.photometric == "MONOCHROME1");
  CHECK(facts.syntax == "1.2.840.10008.1.2.1");
  CHECK(facts.window_center == 550.);
  CHECK(facts.window_width == 1024.);
  CHECK(facts.burned_in == true);
  CHECK(facts.has_pixels);
  CHECK(facts.series == "");
  // printf 'patient:PID-77' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
  CHECK(facts.patient == "d92bab61b8ae114c");
  CHECK(facts.study.size() == 16);
  CHECK(facts.instance.size() == 16);
  CHECK(dicom_facts(maker.bytes(), std::string(32, 'j')).patient != facts.patient);
  ScratchFolder scratch;
  write_text(scratch / "a", maker.bytes());
  CHECK(read_dicom_facts(scratch / "a", key).patient == facts.patient);
  CHECK(dicom_facts(golden_file("deflated.dcm"), key).modality == "DX");

  const auto age = [&](const char* text) {
    return dicom_facts(DicomMaker().text(0x00101010, "AS", text).bytes(), key).age_years;
  };
  CHECK(age("007M") == 0);
  CHECK(age("064M") == 5);
  CHECK(age("300W") == 5);
  CHECK(age("009D") == 0);
  CHECK(age("104Y") == 90);
  CHECK_FALSE(age("54"));
  CHECK_FALSE(age("-54Y"));
}

TEST_CASE("the key is made once, for its owner alone") {
  ScratchFolder scratch;
  const Path file = scratch / "config" / "key";
  const std::string key = dicom_key(file);
  CHECK(key.size() == 32);
  CHECK(dicom_key(file) == key);
  namespace fs = std::filesystem;
  CHECK((fs::status(file).permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(std::distance(fs::directory_iterator(file.parent_path()), fs::directory_iterator()) == 1);

  fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
  const auto open = error_of([&] { dicom_key(file); });
  CHECK(open.code() == Exit::missing_input);
  CHECK(contains(open.what(), "other users have access to this key; run chmod 600"));
  write_text(scratch / "short", "abc");
  fs::permissions(scratch / "short", fs::perms::owner_read);
  const auto shorter = error_of([&] { dicom_key(scratch / "short"); });
  CHECK(shorter.code() == Exit::bad_data);
  CHECK(contains(shorter.what(), "has 3 bytes, but a key has 32"));
  std::vector<std::string> keys(8);
  parallel_for(8, 4, [&](size_t i) { keys[i] = dicom_key(scratch / "raced"); });
  CHECK(keys == std::vector<std::string>(8, keys[0]));
}
