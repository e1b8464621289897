// SPDX-License-Identifier: Apache-2.0
#include "core/output_folder.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

namespace fs = std::filesystem;

std::vector<std::string> below(const Path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    names.push_back(entry.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a folder appears whole, new or in an empty one") {
  const ScratchFolder scratch;
  fs::create_directory(scratch / "empty");
  fs::create_directory(scratch / "target");
  fs::create_directory_symlink("target", scratch / "link");
  for (const std::string name : {"new", "deep/er/new", "empty", "link", "slash/"}) {
    {
      OutputFolder out(scratch / name);
      out.write("a/b.txt", "1");
      out.write("c.txt", "2");
      CHECK_FALSE(fs::exists(scratch / name / "c.txt"));
      out.publish();
    }
    CHECK(below(scratch / name) == Names{"a", "a/b.txt", "c.txt"});
    CHECK(read_file(scratch / name / "a" / "b.txt") == "1");
  }
  for (const auto& name : below(scratch.path())) CHECK_FALSE(contains(name, ".evenray-tmp-"));
}

TEST_CASE("of a folder that is not published nothing is left") {
  const ScratchFolder scratch;
  fs::create_directory(scratch / "empty");
  for (const std::string name : {"new", "deep/er/new", "empty"}) {
    OutputFolder out(scratch / name);
    out.write("a/b.txt", "1");
  }
  CHECK(below(scratch.path()) == Names{"empty"});
}

TEST_CASE("what is in the way of a folder is left alone") {
  const ScratchFolder scratch;
  write_text(scratch / "full" / "mine.txt", "x");
  write_text(scratch / "file", "x");
  for (const std::string name : {"full", "file", "file/below"}) {
    const Error error = error_of([&] { OutputFolder out(scratch / name); });
    CHECK(error.code() == Exit::cannot_create);
    CHECK(contains(error.what(), name.substr(0, 4)));
  }
  CHECK(below(scratch.path()) == Names{"file", "full", "full/mine.txt"});
  // One name twice is refused rather than overwritten.
  OutputFolder out(scratch / "new");
  out.write("a", "1");
  CHECK(error_of([&] { out.write("a", "2"); }).code() != Exit::done);
}

TEST_CASE("a folder that another process has written meanwhile is left alone") {
  const ScratchFolder scratch;
  fs::create_directory(scratch / "empty");
  fs::permissions(scratch / "empty", fs::perms(0750));
  for (const std::string name : {"new", "empty"}) {
    OutputFolder first(scratch / name), second(scratch / name);
    first.write("a", "1");
    second.write("b", "2");
    first.publish();
    CHECK(error_of([&] { second.publish(); }).code() == Exit::cannot_create);
    CHECK(below(scratch / name) == Names{"a"});
  }
  CHECK(fs::status(scratch / "empty").permissions() == fs::perms(0750));
}

TEST_CASE("a folder that cannot be replaced is filled by one process at a time") {
  if (::geteuid() != 0) return;  // only root can give a folder away
  const ScratchFolder scratch;
  fs::create_directory(scratch / "set");
  constexpr uid_t kSomebody = 12345;
  REQUIRE(::chown((scratch / "set").c_str(), kSomebody, kSomebody) == 0);
  OutputFolder first(scratch / "set");
  CHECK(below(scratch / "set").size() == 1);
  const Error error = error_of([&] { OutputFolder second(scratch / "set"); });
  CHECK(error.code() == Exit::cannot_create);
  CHECK(contains(error.what(), "is in use by another evenray process"));
  first.write("a", "1");
  first.publish();
  CHECK(below(scratch / "set") == Names{"a"});
}

TEST_CASE("what a killed writer of a folder left is removed") {
  const ScratchFolder scratch;
  const std::string killed = ".evenray-tmp-0123456789abcdef";  // nobody holds a lock of it
  write_text(scratch / (".set" + killed) / "train" / "a.png", "x");
  fs::create_directory(scratch / "set");
  write_text(scratch / "set" / (".content" + killed) / "a.png", "x");
  OutputFolder(scratch / "set").publish();
  CHECK(below(scratch / "set").empty());
  fs::remove(scratch / "set");
  OutputFolder(scratch / "set").publish();
  CHECK(below(scratch.path()) == Names{"set"});
}
