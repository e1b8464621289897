// SPDX-License-Identifier: Apache-2.0
// Who may include whom. Each room's CMakeLists.txt states the rooms it uses (layers.txt); a closed
// room is entered by its door alone: what the door itself includes comes with it and is not
// included past it. Tests and benchmarks look inside.
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// Rooms by floor, lowest first; rooms of one floor never see one another.
const std::vector<std::vector<std::string>> kFloors{
    {"core"}, {"dataset"}, {"augment"}, {"nn"}, {"gan", "classifier"}, {"study"}, {"app"}};

/// The one header that other rooms may include; rooms that are not named are open.
const std::map<std::string, std::string> kDoors{{"gan", "gan/gan.hpp"},
                                                {"classifier", "classifier/classifier.hpp"},
                                                {"study", "study/study.hpp"},
                                                {"app", ""}};

using Uses = std::map<std::string, std::set<std::string>>;

Uses read_layers(const std::string& text) {
  Uses uses;
  for (const auto& line : split_text(text, '\n')) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    auto& rooms = uses[line.substr(0, colon)];
    for (const auto& room : split_text(line.substr(colon + 1), ' '))
      if (!room.empty()) rooms.insert(room);
  }
  return uses;
}

int floor_of(const std::string& room) {
  for (size_t i = 0; i < kFloors.size(); ++i)
    for (const auto& name : kFloors[i])
      if (name == room) return static_cast<int>(i);
  return -1;
}

/// What a file includes in quotes, and of `rooms` also in angle brackets: "gan/gan.hpp".
std::vector<std::string> includes(const std::string& text, const Uses& rooms) {
  static const std::regex include(R"(\s*#\s*include\s*(["<])([^">]+)[">].*)");
  std::vector<std::string> out;
  for (const auto& line : split_text(text, '\n')) {
    std::smatch found;
    if (!std::regex_match(line, found, include)) continue;
    const std::string name = found[2];
    if (found[1] == "\"" || rooms.contains(name.substr(0, name.find('/')))) out.push_back(name);
  }
  return out;
}

/// What is wrong with `included` in a file of `room`; nullopt where nothing is.
std::optional<std::string> fault(const std::string& room,
                                 const std::string& included,
                                 const Uses& uses) {
  const size_t slash = included.find('/');
  if (slash == std::string::npos) return "is not spelt from the repository root";
  const std::string other = included.substr(0, slash);
  if (other == room) return std::nullopt;
  if (!uses.contains(other)) return cat("no room is named '", other, "'");
  if (!uses.at(room).contains(other)) return cat(room, " does not state that it uses ", other);
  const auto door = kDoors.find(other);
  if (door != kDoors.end() && door->second != included)
    return cat("passes the closed door ", door->second);
  return std::nullopt;
}

Uses stated() {
  const char* build = std::getenv("EVENRAY_BUILD");
  REQUIRE(build);
  return read_layers(read_file(Path(build) / "layers.txt"));
}

}  // namespace

TEST_CASE("each room states rooms of lower floors only") {
  const Uses uses = stated();
  size_t rooms = 0;
  for (const auto& floor : kFloors) rooms += floor.size();
  CHECK(uses.size() == rooms);
  for (const auto& [room, used] : uses) {
    CAPTURE(room);
    REQUIRE(floor_of(room) >= 0);
    for (const auto& other : used) {
      CAPTURE(other);
      CHECK(floor_of(other) >= 0);
      CHECK(floor_of(other) < floor_of(room));
    }
  }
}

TEST_CASE("no file includes a room that is not stated, or passes a closed door") {
  const Uses uses = stated();
  size_t files = 0;
  for (const auto& [room, used] : uses) {
    for (const auto& entry : std::filesystem::directory_iterator(source_folder() / room)) {
      const Path& path = entry.path();
      if (path.extension() != ".cpp" && path.extension() != ".hpp") continue;
      ++files;
      for (const auto& included : includes(read_file(path), uses)) {
        if (const auto found = fault(room, included, uses))
          FAIL_CHECK(room << "/" << path.filename().string() << ": \"" << included << "\" "
                          << *found);
      }
    }
  }
  CHECK(files > 100);
}

TEST_CASE("every source of a room is built") {
  for (const auto& [room, used] : stated()) {
    std::string listed = read_file(source_folder() / room / "CMakeLists.txt");
    for (char& c : listed)
      if (c == '\n' || c == ')') c = ' ';
    for (const auto& entry : std::filesystem::directory_iterator(source_folder() / room)) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(".cpp")) continue;
      CAPTURE(room, name);
      CHECK(contains(listed, " " + name + " "));
    }
  }
}

TEST_CASE("the faults are told apart") {
  const Uses uses = read_layers(
      "core: \nnn: core\ngan: nn core\nclassifier: nn core\nstudy: gan nn core\napp: study gan\n");
  CHECK(includes("#include <map>\n  #include \"nn/loader.hpp\"\n// #include \"core/x.hpp\"\n"
                 "#include <torch/nn/module.h>\n# include <gan/gan.hpp> // x\n",
                 uses) == std::vector<std::string>{"nn/loader.hpp", "gan/gan.hpp"});
  CHECK_FALSE(fault("gan", "gan/networks.hpp", uses));
  CHECK_FALSE(fault("gan", "nn/loader.hpp", uses));
  CHECK_FALSE(fault("study", "gan/gan.hpp", uses));
  CHECK(contains(*fault("study", "gan/networks.hpp", uses), "closed door gan/gan.hpp"));
  CHECK(contains(*fault("gan", "classifier/classifier.hpp", uses), "does not state"));
  CHECK(contains(*fault("core", "nn/loader.hpp", uses), "does not state"));
  CHECK(contains(*fault("gan", "networks.hpp", uses), "root"));
  CHECK(contains(*fault("gan", "vendor/x.hpp", uses), "no room"));
  CHECK(fault("study", "app/command.hpp", uses));
}
