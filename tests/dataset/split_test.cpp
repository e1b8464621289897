// SPDX-License-Identifier: Apache-2.0
#include "dataset/split.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "core/csv.hpp"
#include "core/parallel.hpp"
#include "dataset/assign.hpp"
#include "dataset/reader.hpp"
#include "tests/dataset/drawn.hpp"
#include "tests/dataset/grouped.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

using Shares = std::map<std::string, std::array<double, 2>>;

/// Share of each class's faultless rows by split (or "fold 0" ...).
Shares shares_of(const Manifest& manifest, const std::vector<SplitRow>& rows) {
  Shares counts;
  std::array<double, 2> totals{};
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].fault.empty() && rows[i].fault != "duplicate_group") continue;
    const auto c = static_cast<size_t>(manifest.samples[i].exclusive_class());
    ++counts[rows[i].fold.empty() ? rows[i].split : "fold " + rows[i].fold][c];
    ++totals[c];
  }
  for (auto& [part, count] : counts) {
    for (size_t c = 0; c < 2; ++c) count[c] /= totals[c];
  }
  return counts;
}

bool groups_whole(const std::vector<SplitRow>& rows) {
  std::map<std::string, std::string> part_of;
  for (const auto& row : rows) {
    const std::string part = row.split + row.fold;
    if (part_of.emplace(row.group, part).first->second != part) return false;
  }
  return true;
}

std::string text_of(const std::vector<SplitRow>& rows) {
  const ScratchFolder folder;
  write_split(folder / "split.csv", rows);
  return read_file(folder / "split.csv");
}

Manifest with_patients(int rows, int views) {
  Manifest manifest = drawn_manifest(rows, 5);
  for (int i = 0; i < rows; ++i) manifest.samples[i].patient = cat("p", i / views);
  return manifest;
}

}  // namespace

TEST_CASE("groups by patient, picture and visit", "[split]") {
  Manifest manifest = drawn_manifest(20);
  const std::vector<std::vector<size_t>> duplicates = {{2, 13}};
  CHECK(group_names(manifest, duplicates, "none")[13] == "00013");
  auto names = group_names(manifest, duplicates, "auto");
  CHECK(names[13] == "00002");
  CHECK(names[3] == "00003");
  for (auto& sample : manifest.samples) sample.sequential_id = true;
  names = group_names(manifest, duplicates, "auto");  // 0-7 and 8-15 meet through 2 and 13
  CHECK(names[3] == "00000");
  CHECK(names[15] == "00000");
  CHECK(names[16] == "00016");
  manifest.samples[4].patient = "p";
  names = group_names(manifest, duplicates, "auto");
  CHECK(names[4] == "p");
  CHECK(names[5] == "00000");
  CHECK(group_names(manifest, duplicates, "patient")[5] == "00005");
  CHECK(error_of([&] { group_names(drawn_manifest(3), {}, "patient"); }).code() == Exit::bad_data);
}

TEST_CASE("a picture under two patients links both", "[split]") {
  Manifest manifest = drawn_manifest(6);
  manifest.samples[1].patient = manifest.samples[2].patient = "p";
  manifest.samples[3].patient = manifest.samples[4].patient = "q";
  const auto names = group_names(manifest, {{0, 2, 4}}, "auto");
  CHECK(names == std::vector<std::string>{"p", "p", "p", "p", "p", "00005"});
}

TEST_CASE("a split keeps groups whole and classes in their shares", "[split]") {
  const Manifest manifest = with_patients(400, 3);
  const auto facts = scan_images(manifest, 2);
  SplitOptions options;
  const auto rows = split_of(manifest, facts, options);
  REQUIRE(rows.size() == 400);
  CHECK(groups_whole(rows));
  const auto shares = shares_of(manifest, rows);
  for (size_t c = 0; c < 2; ++c) {
    CHECK(shares.at("train")[c] == Approx(.7).margin(.02));
    CHECK(shares.at("val")[c] == Approx(.15).margin(.02));
    CHECK(shares.at("test")[c] == Approx(.15).margin(.02));
  }
  CHECK(text_of(split_of(manifest, facts, options)) == text_of(rows));
  options.seed = 2;
  CHECK(text_of(split_of(manifest, facts, options)) != text_of(rows));
}

TEST_CASE("folds with a locked test", "[split]") {
  const Manifest manifest = with_patients(300, 2);
  const auto facts = scan_images(manifest, 2);
  SplitOptions options;
  options.folds = 5;
  options.hold_out = .2;
  const auto rows = split_of(manifest, facts, options);
  CHECK(groups_whole(rows));
  for (const auto& row : rows) CHECK((row.split == "test") == row.fold.empty());
  const auto shares = shares_of(manifest, rows);
  CHECK(shares.size() == 6);
  for (const auto& [part, share] : shares) {
    INFO(part);
    CHECK(share[0] == Approx(part == "test" ? .2 : .16).margin(.02));
    CHECK(share[1] == Approx(part == "test" ? .2 : .16).margin(.02));
  }
  CHECK(contains(text_of(rows), "id,path,group,split,fold,fault\n"));
}

TEST_CASE("faults go into the table", "[split]") {
  Manifest manifest = drawn_manifest(300, 3);
  manifest.samples[1].draw = manifest.samples[0].draw;  // 0 is Fractured, 1 is not
  for (int i : {7, 10, 13})
    manifest.samples[i].draw = manifest.samples[4].draw;  // all Non_fractured
  auto facts = scan_images(manifest, 2);
  facts[20].truncated = true;
  facts[21].readable = false;
  SplitOptions options;
  std::string later;
  const auto pictures = group_pictures(manifest, facts, hardware_threads());
  for (options.seed = 1; options.seed < 40; ++options.seed) {
    const auto rows = make_split(manifest, facts, pictures, options);
    CHECK(rows[0].fault == "duplicate_conflict");
    CHECK(rows[1].fault == "duplicate_conflict");
    CHECK(rows[20].fault == "truncated");
    CHECK(rows[21].fault == "unreadable");
    CHECK(rows[4].fault.empty());
    CHECK(rows[7].fault == (rows[7].split == "test" ? "duplicate_group" : ""));
    later += rows[13].fault;
  }
  CHECK(contains(later, "duplicate_group"));
}

TEST_CASE("a layout that fixes parts is kept", "[split]") {
  Manifest manifest = drawn_manifest(60, 3);
  for (int i = 0; i < 60; ++i)
    manifest.samples[i].part = i < 40 ? "train" : i < 50 ? "val" : "test";
  manifest.samples[55].draw = manifest.samples[4].draw;
  auto facts = scan_images(manifest, 2);
  auto rows = split_of(manifest, facts, {});
  for (int i = 0; i < 60; ++i) CHECK(rows[i].split == manifest.samples[i].part);
  CHECK(rows[4].fault == "leak_duplicate");
  CHECK(rows[55].fault.empty());
  facts[4].truncated = true;  // --keep truncated must not bring it back beside its copy in test
  CHECK(split_of(manifest, facts, {})[4].fault == "leak_duplicate");
  facts[4].truncated = false;
  facts[55].truncated = true;
  rows = split_of(manifest, facts, {});
  CHECK(rows[4].fault.empty());
  CHECK(rows[55].fault == "leak_duplicate");
  facts[55].truncated = false;
  for (auto& sample : manifest.samples) {
    if (sample.part == "val") sample.part = "train";
  }
  rows = split_of(manifest, facts, {});
  int val = 0;
  for (int i = 0; i < 60; ++i) {
    CHECK((rows[i].split == "test") == (i >= 50));
    val += rows[i].split == "val";
  }
  CHECK(val == Approx(50 * .15 / .85).margin(2));
}

TEST_CASE("too few groups, and options that make no sense", "[split]") {
  Manifest manifest = drawn_manifest(12, 6);  // two fractured
  const auto facts = scan_images(manifest, 1);
  const Error error = error_of([&] { split_of(manifest, facts, {}); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "class Fractured has 2 groups"));
  SplitOptions options;
  options.ratios = {.5, .5, .5};
  CHECK(error_of([&] { options.check(); }).code() == Exit::config);
  options = {};
  options.folds = 2;
  CHECK(error_of([&] { options.check(); }).code() == Exit::config);
  options = {};
  options.hold_out = .2;
  CHECK(error_of([&] { options.check(); }).code() == Exit::config);
  options = {};
  options.group = "patients";
  CHECK(contains(error_of([&] { options.check(); }).what(), "did you mean 'patient'"));
}

TEST_CASE("every part gets a class that has as many groups as parts", "[split]") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<std::vector<int64_t>> counts = {
        {0, 3}, {0, 1}, {9, 1}, {5, 0}, {7, 0}, {2, 0}, {1, 0}, {4, 0}};
    const auto parts = assign_groups(counts, {.7, .15, .15}, Rng(seed));
    std::set<size_t> with_rare{parts[0], parts[1], parts[2]};
    CHECK(with_rare.size() == 3);
  }
}

TEST_CASE("split.csv is read back, and checked", "[split]") {
  const ScratchFolder folder;
  const Path path = folder / "split.csv";
  write_split(
      path,
      {{"a", "x/a,1.png", "g", "train", "", ""}, {"b", "b.png", "g", "test", "", "truncated"}});
  CHECK(read_file(path) ==
        "id,path,group,split,fault\na,\"x/a,1.png\",g,train,\nb,b.png,g,test,truncated\n");
  auto rows = read_split(path);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].path == "x/a,1.png");
  CHECK(rows[1].fault == "truncated");
  CHECK(rows[1].fault_known);
  const auto fault = [&](const std::string& text) {
    std::ofstream(path) << text;
    return error_of([&] { rows = read_split(path); });
  };
  CHECK(fault("id,path,group,split\na,a,a,val\n").code() == Exit::done);
  CHECK(!rows[0].fault_known);
  CHECK(fault("split,id\nval,a\n").code() == Exit::done);
  CHECK(rows[0].id == "a");
  CHECK(rows[0].split == "val");
  CHECK(rows[0].group.empty());
  CHECK(contains(fault("path,split\na,val\n").what(), "needs the columns id and split"));
  CHECK(contains(fault("id,path,group,split\na,a,a,val\na,a,a,val\n").what(),
                 "line 3: id 'a' occurs twice"));
  CHECK(contains(fault("id,path,group,split\na,a,a,valid\n").what(), "split is 'valid'"));
  CHECK(contains(fault("id,path,group,split,fold\na,a,a,train,x\n").what(), "fold is 'x'"));
  CHECK(fault("id,path,group,split\n").code() == Exit::bad_data);
  CHECK(error_of([&] { read_split(folder / "none.csv"); }).code() == Exit::missing_input);
}

TEST_CASE("a table's record tells how it was made, while it is that table", "[split]") {
  const ScratchFolder folder;
  const Path path = folder / "split.csv";
  SplitRecord record;
  record.options.seed = 7;
  record.published = "nih";
  write_split(path, {{"a", "a.png", "g", "train", "", ""}}, &record);
  CHECK(read_split_settings(path) == split_settings(record));
  CHECK(contains(read_split_settings(path), "[split]\n"));
  CHECK(contains(read_split_settings(path), "seed = 7\n"));
  CHECK(contains(read_split_settings(path), "nih"));
  std::ofstream(path, std::ios::app) << "b,b.png,h,test,\n";
  CHECK(contains(read_split_settings(path), "changed after its record"));
  std::filesystem::remove(folder / "split.csv.toml");
  CHECK(contains(read_split_settings(path), "there is no record beside"));
}

TEST_CASE("FracAtlas splits by visits without leaks", "[split][data]") {
  const Path root = real_data("fracatlas");
  if (root.empty()) return;
  const Manifest manifest = read_dataset(root);
  const auto facts = scan_images(manifest, hardware_threads());
  const auto pictures = group_pictures(manifest, facts, hardware_threads());
  const auto rows = make_split(manifest, facts, pictures, {});
  CHECK(groups_whole(rows));
  for (const auto& [part, share] : shares_of(manifest, rows)) {
    INFO(part);
    CHECK(share[0] == Approx(part == "train" ? .7 : .15).margin(.01));
    CHECK(share[1] == Approx(part == "train" ? .7 : .15).margin(.01));
  }
  const auto findings = audit(manifest, facts, pictures, &rows);
  CHECK(std::none_of(
      findings.begin(), findings.end(), [](const auto& f) { return f.kind.starts_with("leak"); }));
}

TEST_CASE("one of several sources may be the external test", "[split]") {
  Manifest manifest = drawn_manifest(40);
  manifest.sources = {"near", "far"};
  for (size_t i = 0; i < 40; ++i) manifest.samples[i].id.insert(0, i < 30 ? "near/" : "far/");
  manifest.samples[2].part = "test";
  manifest.samples[35].part = "train";
  manifest.samples[37].draw = manifest.samples[1].draw;  // a picture of both
  hold_out_source(manifest, "far");
  const auto rows = split_of(manifest, scan_images(manifest, 2), {});
  std::map<std::string, int> counts;
  for (size_t i = 0; i < 40; ++i) {
    CHECK((rows[i].split == "test") == (i >= 30));
    ++counts[rows[i].split];
  }
  CHECK(counts["val"] > 2);
  CHECK(rows[1].fault == "leak_duplicate");
  CHECK(rows[37].fault == "");
  CHECK(error_of([&] { hold_out_source(manifest, "fra"); }).code() == Exit::usage);
  manifest.sources.clear();
  CHECK(contains(error_of([&] { hold_out_source(manifest, "far"); }).what(), "several sources"));
}

TEST_CASE("of NIH's labels each part gets its share to within a patient", "[split][data]") {
  const auto folder = real_data("formats");
  if (folder.empty()) return;
  const CsvTable table = read_csv(folder / "Data_Entry_2017_first40000.csv");
  const size_t labels = table.require("Finding Labels"), patient = table.require("Patient ID");
  std::map<std::string, size_t> class_of, group_of;
  std::vector<std::map<size_t, int64_t>> rows;
  for (const auto& row : table.rows) {
    const size_t group = group_of.emplace(row[patient], group_of.size()).first->second;
    rows.resize(group_of.size());
    for (const auto& label : split_text(row[labels], '|'))
      ++rows[group][class_of.emplace(label, class_of.size()).first->second];
  }
  REQUIRE(class_of.size() == 15);
  std::vector<std::vector<int64_t>> counts(rows.size(), std::vector<int64_t>(class_of.size()));
  for (size_t g = 0; g < rows.size(); ++g) {
    for (const auto& [c, count] : rows[g]) counts[g][c] = count;
  }
  const std::vector<double> shares = {.7, .15, .15};
  const auto part_of = assign_groups(counts, shares, Rng(3));
  for (const auto& [name, c] : class_of) {
    std::array<double, 3> have{};
    double total = 0, largest = 0;
    for (size_t g = 0; g < counts.size(); ++g) {
      const auto count = static_cast<double>(counts[g][c]);
      have[part_of[g]] += count;
      total += count;
      largest = std::max(largest, count);
    }
    for (size_t p = 0; p < 3; ++p) {
      INFO(name << " " << total << ", part " << p << ": " << have[p] << ", largest group "
                << largest);
      CHECK(std::abs(have[p] - shares[p] * total) <= largest);
    }
  }
}
