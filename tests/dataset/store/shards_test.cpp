// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "dataset/reader.hpp"
#include "dataset/store/manifest.hpp"
#include "tests/dataset/store/small_store.hpp"

using namespace evenray;

namespace {

/// Two images of 12 x 10 px a shard.
constexpr StoreForm kThree{.shard_bytes = 250};

std::vector<std::string> names_in(const Path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// What Store and check_store say of it, both the same.
std::string refusal(const Path& path) {
  const Error error = error_of([&] { Store store(path); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(check_store(path).value_or("") == error.what());
  return error.what();
}

void change_manifest(const Path& folder, const std::function<void(Json&)>& change) {
  Json json = read_json(folder / kManifestFile);
  change(json);
  write_json(folder / kManifestFile, json);
}

/// A store of one row a shard: `first` of train, `second` of `part`.
void write_pair(const Path& path,
                const StoreRow& first,
                const std::string& part,
                const StoreRow& second,
                const StoreInfo& info = small_info()) {
  StoreWriter writer(path, info, 2, {.shard_bytes = 1});
  writer.add("train", first);
  writer.add(part, second);
  writer.finish();
}

/// The first shard of `a` with the second of `b`, and a manifest that fits both.
void mix(const Path& a, const Path& b) {
  const std::string second = shard_name(1);
  const Json other = read_json(b / kManifestFile);
  std::filesystem::copy_file(
      b / second, a / second, std::filesystem::copy_options::overwrite_existing);
  change_manifest(a, [&](Json& json) { json["shards"][1] = other["shards"][1]; });
}

}  // namespace

TEST_CASE("a store in shards is the same store", "[store]") {
  const ScratchFolder folder;
  const int bits = GENERATE(8, 16);
  const uint64_t shard_bytes = GENERATE(1, 250, 500);
  const std::string digest = write_small(folder / "one.h5", bits);
  const StoreForm form{GENERATE(-1, 3), GENERATE(false, true), shard_bytes};
  CHECK(write_small(folder / "set.h5", bits, form, true) == digest);
  CHECK_FALSE(std::filesystem::exists(folder / "set.h5"));
  const Path name =
      GENERATE(as<std::string>{}, "set.h5", "set.h5.d", "set.h5.d/", "set.h5.d/manifest.json");
  const Store one(folder / "one.h5"), store(folder / name);
  CHECK(store.content_digest() == digest);
  CHECK(store.info().meta_columns == one.info().meta_columns);
  CHECK(store.info().config == one.info().config);
  CHECK(store.balanced_index() == one.balanced_index());
  CHECK(store.part("train").provenance[3].parent == 1);
  for (const char* part : kParts) {
    const StorePart &a = one.part(part), &b = store.part(part);
    CHECK(a.ids == b.ids);
    CHECK(a.meta == b.meta);
    REQUIRE(b.boxes.size() == a.boxes.size());
    for (size_t i = 0; i < a.boxes.size(); ++i) {
      REQUIRE(b.boxes[i].size() == a.boxes[i].size());
      for (size_t k = 0; k < a.boxes[i].size(); ++k)
        CHECK(b.boxes[i][k].rings == a.boxes[i][k].rings);
      const auto row = static_cast<int64_t>(i);
      CHECK(cv::countNonZero(one.image(part, row) != store.image(part, row)) == 0);
    }
  }
  CHECK(check_store(folder / name) == std::nullopt);
}

TEST_CASE("shards are named in the manifest, with their rows", "[store]") {
  const ScratchFolder folder;
  const std::string digest = write_small(folder / "set.h5", 8, kThree);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"set.h5.d"});
  CHECK(
      names_in(folder / "set.h5.d") ==
      std::vector<std::string>{"manifest.json", "shard-0000.h5", "shard-0001.h5", "shard-0002.h5"});
  const Json json = read_json(folder / "set.h5.d" / kManifestFile);
  CHECK(json["schema"] == "evenray-shards-1");
  CHECK(json["content_digest"] == digest);
  CHECK(json["shards"][1]["rows"] == Json{{"train", 2}, {"val", 0}, {"test", 0}});
  CHECK(json["shards"][2]["rows"] == Json{{"train", 0}, {"val", 1}, {"test", 1}});
  CHECK(contains(refusal(folder / "set.h5.d/shard-0001.h5"), "one of 3 shards; give the folder"));
}

TEST_CASE("shards are a collection to read", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "set.h5", 8, kThree);
  const std::string name = GENERATE(as<std::string>{}, "set.h5", "set.h5.d");
  const Manifest manifest = read_dataset((folder / name).string());
  CHECK(manifest.format == "store");
  CHECK(manifest.samples.size() == 5);
  CHECK(cv::countNonZero(manifest.samples[4].draw() != small_row("image5", 1).image) == 0);
}

TEST_CASE("a store replaces one of its name in either form", "[store]") {
  const ScratchFolder folder;
  const Path path = folder / "set.h5";
  const auto names = [&] { return names_in(folder.path()); };
  write_small(path);
  write_small(path, 8, kThree);
  CHECK(names() == std::vector<std::string>{"set.h5.d"});
  write_small(path, 16, {.shard_bytes = 1});
  CHECK(Store(path).info().bits == 16);
  CHECK(names_in(folder / "set.h5.d").size() == 7);
  write_small(path, 8, {.shard_bytes = 720});
  CHECK(names() == std::vector<std::string>{"set.h5"});
  write_text(folder / "set.h5.d/notes", "mine");
  const Error error = error_of([&] { write_small(path); });
  CHECK(error.code() == Exit::cannot_create);
  CHECK(contains(error.what(), "set.h5.d exists and cannot be replaced"));
}

TEST_CASE("removing a store leaves what is not its own", "[store]") {
  const ScratchFolder folder;
  const Path path = folder / "set.h5", shards = folder / "set.h5.d";
  write_small(path, 8, kThree);
  remove_store(path);
  CHECK(std::filesystem::is_empty(folder.path()));
  write_small(path, 8, kThree);
  write_text(shards / "notes", "mine");
  change_manifest(shards, [](Json& json) { json["shards"][0]["file"] = "notes"; });
  remove_store(shards);
  CHECK(names_in(shards) == std::vector<std::string>{"notes"});
  CHECK_FALSE(find_store(shards));
  CHECK_FALSE(find_store(path));
  CHECK(error_of([&] { Store store(shards); }).code() == Exit::missing_input);
  CHECK(error_of([&] { Store store(path); }).code() == Exit::missing_input);
}

TEST_CASE("shards that are not finished, or too many, leave nothing behind", "[store]") {
  const ScratchFolder folder;
  {
    StoreWriter writer(folder / "a.h5", small_info(), 2, {.shard_bytes = 1});
    writer.add("train", small_row("a", 1));
    writer.add("train", small_row("b", 1));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
  const Error error = error_of([&] {
    StoreWriter writer(folder / "a.h5", small_info(), 1, {.shard_bytes = 1});
    for (size_t i = 0; i <= kMaxShards; ++i) writer.add("train", small_row(cat(i), 0));
  });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "more than 512 shards"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a manifest is believed in nothing", "[store]") {
  const ScratchFolder folder;
  const Path set = folder / "set.h5.d", first = set / shard_name(0);
  write_small(folder / "set.h5", 8, kThree);
  std::string expected;
  const auto change = [&](const std::function<void(Json&)>& how) { change_manifest(set, how); };
  SECTION("a name that leads out") {
    const std::string name =
        GENERATE(as<std::string>{}, "../set.h5", "/etc/passwd", "..", "", "x/y");
    change([&](Json& json) { json["shards"][0]["file"] = name; });
    expected = "must be the plain name of a file in this folder";
  }
  SECTION("a file that is not there") {
    std::filesystem::remove(first);
    expected = "shard shard-0000.h5 is missing";
  }
  SECTION("a link") {
    std::filesystem::rename(first, folder / "elsewhere.h5");
    std::filesystem::create_symlink(folder / "elsewhere.h5", first);
    expected = "is a link or not a file";
  }
  SECTION("a shard twice") {
    change([](Json& json) { json["shards"][1] = json["shards"][0]; });
    expected = "lists shard-0000.h5 twice";
  }
  SECTION("another order") {
    change([](Json& json) { std::swap(json["shards"][1], json["shards"][0]); });
    expected = "is not shard 0 of 3";
  }
  SECTION("one left out") {
    change([](Json& json) { json["shards"].erase(2); });
    expected = "is not shard 0 of 2";
  }
  SECTION("none") {
    change([](Json& json) { json["shards"] = Json::array(); });
    expected = "0 shards";
  }
  SECTION("other rows") {
    change([](Json& json) { json["shards"][1]["rows"]["train"] = 3; });
    expected = "shard-0001.h5 has 2 rows of train, not 3";
  }
  SECTION("rows that are no number") {
    const Json rows = GENERATE(as<Json>{}, -1, 1.5, "2", nullptr, uint64_t{1} << 63);
    change([&](Json& json) { json["shards"][1]["rows"]["train"] = rows; });
    expected = "rows of train is missing or not a number";
  }
  SECTION("another digest of a shard") {
    change([](Json& json) { json["shards"][1]["content_digest"] = std::string(64, '0'); });
    expected = "its content_digest differs";
  }
  SECTION("a digest that is none") {
    change([](Json& json) { json["content_digest"] = "abc"; });
    expected = "content_digest is not a SHA-256";
  }
  SECTION("another version") {
    change([](Json& json) { json["schema"] = "evenray-shards-2"; });
    expected = "this program reads evenray-shards-1";
  }
  SECTION("no JSON") {
    write_text(set / kManifestFile, "{\"schema\": \"evenray-shards-1\", ");
    expected = "not JSON";
  }
  SECTION("a damaged shard") {
    flip_bit(first);
    expected = "shard-0000.h5: damaged";
  }
  SECTION("a whole store among them") {
    write_small(folder / "one.h5");
    std::filesystem::rename(folder / "one.h5", first);
    expected = "shard-0000.h5 is not shard 0 of 3";
  }
  CHECK(contains(refusal(set), expected));
}

TEST_CASE("a false digest of the whole is found by the check", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "set.h5", 8, kThree);
  change_manifest(folder / "set.h5.d",
                  [](Json& json) { json["content_digest"] = std::string(64, '0'); });
  CHECK(contains(check_store(folder / "set.h5").value_or(""), "content_digest is 0000"));
}

TEST_CASE("shards of different stores do not pass for one", "[store]") {
  const ScratchFolder folder;
  const Path a = folder / "a.h5.d", b = folder / "b.h5.d";
  write_pair(folder / "a.h5", small_row("a", 0), "val", small_row("b", 1));
  StoreRow other = small_row("c", 1);
  StoreInfo info = small_info();
  SECTION("other classes") {
    info.class_names = {"x", "y"};
    write_pair(folder / "b.h5", small_row("q", 0), "val", other, info);
    mix(a, b);
    CHECK(contains(refusal(a), "does not belong to the earlier shards"));
  }
  SECTION("other columns") {
    info.meta_columns = {"view", "sex"};
    write_pair(folder / "b.h5", small_row("q", 0), "val", other, info);
    mix(a, b);
    CHECK(contains(refusal(a), "does not belong to the earlier shards"));
  }
  SECTION("a column of another type") {
    other.meta = {"frontal", "old"};
    write_pair(folder / "b.h5", small_row("q", 0), "val", other);
    mix(a, b);
    CHECK(contains(check_store(a).value_or(""), "meta/age has another type"));
  }
  SECTION("an id twice") {
    other.id = "a";
    write_pair(folder / "b.h5", small_row("q", 0), "val", other);
    mix(a, b);
    CHECK(contains(check_store(a).value_or(""), "/val row 0 (a): this id occurs twice"));
  }
  SECTION("a group in two parts") {
    other.group = small_row("a", 0).group;
    write_pair(folder / "b.h5", small_row("q", 0), "val", other);
    mix(a, b);
    CHECK(contains(check_store(a).value_or(""), "is also in /train"));
  }
  SECTION("a parent that is not there") {
    other.provenance = {Origin::copy, 2, "", 0};
    write_pair(folder / "b.h5", small_row("q", 0), "train", other);
    mix(a, b);
    CHECK(contains(check_store(a).value_or(""), "has parent row 2 of 2"));
  }
}
