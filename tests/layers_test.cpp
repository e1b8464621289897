// SPDX-License-Identifier: Apache-2.0
// Who may include whom. Each room's CMakeLists.txt states the rooms that it uses; CMake writes them
// to layers.txt ("name|door|uses|about", lowest rooms first). These tests hold every source against
// it: a file in no room, an include that is not stated or passes a closed door, a stated room that
// nothing includes. The tables of rooms in README.md and CONTRIBUTING.md are made from it;
// UPDATE_GOLDEN=1 rewrites them. Tests and benchmarks may include everything.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "core/files.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

struct Room {
  std::string name;
  std::set<std::string> door;  ///< the only headers that others may include; empty: all
  std::set<std::string> uses;
  std::string about;
};

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  for (const auto& word : split_text(text, ' '))
    if (!word.empty()) words.insert(word);
  return words;
}

std::vector<Room> read_layers(const std::string& text) {
  std::vector<Room> rooms;
  for (const auto& line : split_text(text, '\n')) {
    const auto parts = split_text(line, '|');
    if (parts.size() != 4) continue;
    Room room{parts[0], words_of(parts[1]), words_of(parts[2]), parts[3]};
    rooms.push_back(room);
  }
  return rooms;
}

const Room* find(const std::vector<Room>& rooms, const std::string& name) {
  const auto found =
      std::find_if(rooms.begin(), rooms.end(), [&](const Room& room) { return room.name == name; });
  return found == rooms.end() ? nullptr : &*found;
}

/// What a source includes in quotes, and of `rooms` also in angle brackets: "gan/gan.hpp".
std::vector<std::string> includes(const std::string& text, const std::vector<Room>& rooms) {
  static const std::regex include(R"(\s*#\s*include\s*(["<])([^">]+)[">].*)");
  std::vector<std::string> out;
  for (const auto& line : split_text(text, '\n')) {
    std::smatch found;
    if (!std::regex_match(line, found, include)) continue;
    const std::string name = found[2];
    if (found[1] == "\"" || find(rooms, Path(name).parent_path().string())) out.push_back(name);
  }
  return out;
}

std::vector<std::string> list(const std::set<std::string>& words) {
  return {words.begin(), words.end()};
}

/// What is wrong with `included` in a file of `room`; nullopt where nothing is.
std::optional<std::string> fault(const Room& room,
                                 const std::string& included,
                                 const std::vector<Room>& rooms) {
  const std::string folder = Path(included).parent_path().string();
  if (folder.empty()) return "is not spelt from the repository root";
  if (folder == room.name) return std::nullopt;
  const Room* other = find(rooms, folder);
  if (!other) return cat("no room is named '", folder, "'");
  if (!room.uses.contains(folder)) return cat(room.name, " does not state that it uses ", folder);
  if (!other->door.empty() && !other->door.contains(included))
    return cat("passes the closed door ", join(list(other->door)));
  return std::nullopt;
}

std::vector<Room> stated() {
  const char* build = std::getenv("EVENRAY_BUILD");
  REQUIRE(build);
  return read_layers(read_file(Path(build) / "layers.txt"));
}

/// All sources but those of tests and benchmarks, relative to the repository.
std::vector<Path> sources() {
  static const std::set<std::string> others{"build", "outputs", "tests", "bench"};
  std::vector<Path> files;
  namespace fs = std::filesystem;
  for (auto entry = fs::recursive_directory_iterator(source_folder()); entry != fs::end(entry);
       ++entry) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory() &&
        (name.starts_with('.') || (entry.depth() == 0 && others.contains(name))))
      entry.disable_recursion_pending();
    else if (name.ends_with(".cpp") || name.ends_with(".hpp"))
      files.push_back(entry->path().lexically_relative(source_folder()));
  }
  return files;
}

/// Rooms, the highest first, as README.md shows them.
std::string readme_table(std::vector<Room> rooms) {
  std::reverse(rooms.begin(), rooms.end());
  std::string out = "| room | what it does |\n|---|---|\n";
  for (const Room& room : rooms) out += cat("| `", room.name, "` | ", room.about, " |\n");
  return out;
}

/// Words with blanks between, in lines of at most 100 characters, the later ones indented by two.
std::string wrapped(const std::string& text) {
  std::string out;
  size_t column = 0;
  for (const auto& word : split_text(text, ' ')) {
    const bool fits = column + 1 + word.size() <= 100;
    if (column > 0) out += fits ? " " : "\n  ";
    column = column > 0 && fits ? column + 1 + word.size() : word.size() + (column > 0 ? 2 : 0);
    out += word;
  }
  return out + "\n";
}

/// Rooms, the lowest first, as CONTRIBUTING.md shows them: what each uses, and its door.
std::string contributing_table(const std::vector<Room>& rooms) {
  std::string out;
  for (const Room& room : rooms)
    out += wrapped(cat("- `",
                       room.name,
                       "` uses ",
                       room.uses.empty() ? "no other room" : join(list(room.uses)),
                       room.door.empty()            ? ""
                       : room.door.contains("none") ? "; nothing includes it"
                                                    : cat("; door: ", join(list(room.door))),
                       "."));
  return out;
}

/// The table between the two marks of a document is `table`.
void check_table(const std::string& document, const std::string& table) {
  const std::string begin = "<!-- rooms: tests/layers_test.cpp -->\n", end = "<!-- end -->\n";
  const Path path = source_folder() / document;
  std::string text = read_file(path);
  const size_t from = text.find(begin) + begin.size(), to = text.find(end);
  REQUIRE(from <= to);
  REQUIRE(to != std::string::npos);
  if (std::getenv("UPDATE_GOLDEN")) {
    write_atomic(path, text.replace(from, to - from, table));
    return;
  }
  CAPTURE(document);
  CHECK(text.substr(from, to - from) == table);
}

}  // namespace

TEST_CASE("each room uses rooms that are stated before it, so there is no circle") {
  std::set<std::string> known;
  for (const Room& room : stated()) {
    CAPTURE(room.name);
    CHECK(!room.about.empty());
    for (const auto& used : room.uses) {
      CAPTURE(used);
      CHECK(known.contains(used));
    }
    known.insert(room.name);
  }
  CHECK(known.size() > 15);
}

TEST_CASE("siblings never see one another") {
  const auto rooms = stated();
  for (const auto& [one, other] : {std::pair{"gan", "classifier"}, std::pair{"augment", "nn"}}) {
    REQUIRE((find(rooms, one) && find(rooms, other)));
    CHECK(!find(rooms, one)->uses.contains(other));
    CHECK(!find(rooms, other)->uses.contains(one));
  }
}

TEST_CASE("every source lies in a room and includes only what that states") {
  const auto rooms = stated();
  std::map<std::string, std::set<std::string>> included;
  for (const Path& file : sources()) {
    const std::string folder = file.parent_path().string();
    const Room* room = find(rooms, folder);
    if (!room) {
      FAIL_CHECK(file.string() << " lies in no room");
      continue;
    }
    for (const auto& name : includes(read_file(source_folder() / file), rooms)) {
      included[folder].insert(Path(name).parent_path().string());
      if (const auto found = fault(*room, name, rooms))
        FAIL_CHECK(file.string() << ": \"" << name << "\" " << *found);
    }
  }
  for (const Room& room : rooms) {
    for (const auto& used : room.uses) {
      CAPTURE(room.name, used);
      CHECK(included[room.name].contains(used));
    }
  }
}

TEST_CASE("every source of a room is built") {
  size_t built = 0;
  for (const Path& file : sources()) {
    if (file.extension() != ".cpp") continue;
    std::string listed = read_file(source_folder() / file.parent_path() / "CMakeLists.txt");
    for (char& c : listed)
      if (c == '\n' || c == ')') c = ' ';
    CAPTURE(file);
    CHECK(contains(listed, " " + file.filename().string() + " "));
    ++built;
  }
  CHECK(built > 100);
}

TEST_CASE("the tables of rooms are those of the build") {
  check_table("README.md", readme_table(stated()));
  check_table("CONTRIBUTING.md", contributing_table(stated()));
}

TEST_CASE("the faults are told apart") {
  const auto rooms = read_layers(
      "core|||a\nnn||core|b\nnn/store||core|c\ngan|gan/gan.hpp|nn core|d\nclassifier||nn core|e\n"
      "study||gan nn core|f\napp|none|study gan|g\n");
  REQUIRE(rooms.size() == 7);
  CHECK(includes("#include <map>\n  #include \"nn/loader.hpp\"\n// #include \"core/x.hpp\"\n"
                 "#include <torch/nn/module.h>\n# include <gan/gan.hpp> // x\n",
                 rooms) == std::vector<std::string>{"nn/loader.hpp", "gan/gan.hpp"});
  const auto in = [&](const char* room, const char* included) {
    return fault(*find(rooms, room), included, rooms);
  };
  CHECK_FALSE(in("gan", "gan/networks.hpp"));
  CHECK_FALSE(in("gan", "nn/loader.hpp"));
  CHECK_FALSE(in("study", "gan/gan.hpp"));
  CHECK(contains(*in("study", "gan/networks.hpp"), "closed door gan/gan.hpp"));
  CHECK(contains(*in("gan", "classifier/classifier.hpp"), "does not state"));
  CHECK(contains(*in("core", "nn/loader.hpp"), "does not state"));
  CHECK(contains(*in("nn", "nn/store/store.hpp"), "does not state that it uses nn/store"));
  CHECK(contains(*in("gan", "networks.hpp"), "root"));
  CHECK(contains(*in("gan", "vendor/x.hpp"), "no room"));
  CHECK(contains(*in("app", "gan/losses.hpp"), "closed door"));
}
