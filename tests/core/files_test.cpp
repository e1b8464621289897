// SPDX-License-Identifier: Apache-2.0
#include "core/temporary.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <optional>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

std::vector<std::string> names_in(const Path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("SHA-256 gives the standard's values") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Digest digest;
  digest.add("a");
  digest.add(std::string_view("bc"));
  CHECK(digest.hex() == sha256_hex("abc"));
}

TEST_CASE("an atomic write makes folders, replaces, and leaves nothing beside") {
  const ScratchFolder folder;
  const Path path = folder.path() / "a" / "b" / "file.txt";
  write_atomic(path, "first");
  CHECK(read_file(path) == "first");
  const std::string_view pieces[] = {"sec", "", "ond"};
  write_atomic(path, pieces);
  CHECK(read_file(path) == "second");
  write_atomic(path, "");
  CHECK(read_file(path).empty());
  CHECK(names_in(path.parent_path()) == std::vector<std::string>{"file.txt"});
}

TEST_CASE("a file of zero bytes and any bytes") {
  const ScratchFolder folder;
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i);
  write_atomic(folder / "f", bytes);
  CHECK(read_file(folder / "f") == bytes);
}

TEST_CASE("reading what cannot be read") {
  const ScratchFolder folder;
  CHECK(error_of([&] { read_file(folder / "none"); }).code() == Exit::missing_input);
  CHECK(error_of([&] { read_file(folder.path()); }).code() == Exit::missing_input);
  write_atomic(folder / "f", "12345");
  CHECK(error_of([&] { read_file(folder.path() / "f" / "g"); }).code() == Exit::missing_input);
  CHECK(error_of([&] { read_file(folder / std::string(300, 'x')); }).code() == Exit::missing_input);
  CHECK(error_of([&] { write_atomic(folder / std::string(300, 'x'), "y"); }).code() ==
        Exit::cannot_create);
  CHECK(error_of([&] { free_bytes(folder.path() / "f" / "g"); }).code() == Exit::done);
  write_atomic(folder / "number.json", "1e999");
  CHECK(error_of([&] { read_json(folder / "number.json"); }).code() == Exit::bad_data);
  CHECK(read_file(folder / "f", 5).size() == 5);
  const Error error = error_of([&] { read_file(folder / "f", 4); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), (folder / "f").string()));
}

TEST_CASE("writing where nothing can be written ends with 73 and leaves nothing") {
  const ScratchFolder folder;
  write_atomic(folder / "file", "x");
  CHECK(error_of([&] { write_atomic(folder.path() / "file" / "below", "y"); }).code() ==
        Exit::cannot_create);
  std::filesystem::create_directory(folder / "taken");
  const Error error = error_of([&] { write_atomic(folder / "taken", "y"); });
  CHECK(error.code() == Exit::cannot_create);
  CHECK(contains(error.what(), "taken"));
  CHECK(names_in(folder.path()) == std::vector<std::string>{"file", "taken"});
  CHECK(error_of([] { write_atomic("/proc/evenray-nothing/f", "y"); }).code() ==
        Exit::cannot_create);
}

TEST_CASE("a write that breaks off half-way ends with 74 and leaves what was there") {
  const ScratchFolder folder;
  write_atomic(folder / "old", "old");
  // The limit on a file's size is the process's, so a process of its own runs into it.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(1);
    const std::string bytes(10000, 'x');
    for (const char* name : {"old", "new"}) {
      const Error error = error_of([&] { write_atomic(folder / name, bytes); });
      if (error.code() != Exit::io) ::_exit(2);
      if (!contains(error.what(), "cannot write " + (folder / name).string())) ::_exit(3);
    }
    ::_exit(static_cast<int>(Exit::io));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == static_cast<int>(Exit::io));
  CHECK(names_in(folder.path()) == std::vector<std::string>{"old"});
  CHECK(read_file(folder / "old") == "old");
}

TEST_CASE("a writer of its own publishes") {
  const ScratchFolder folder;
  const Path path = folder / "set.h5";
  const Temporary temporary = Temporary::file(path);
  CHECK(temporary.path().parent_path() == folder.path());
  std::ofstream(temporary.path()) << "whole";
  CHECK_FALSE(std::filesystem::exists(path));
  publish(temporary.path(), path);
  CHECK(read_file(path) == "whole");
  CHECK_FALSE(std::filesystem::exists(temporary.path()));
  const Path bare = Temporary::file("bare.h5").path();
  CHECK(bare.parent_path() == ".");
  CHECK_FALSE(std::filesystem::exists(bare));
}

TEST_CASE("a folder is published as a whole, in place of one that was there") {
  const ScratchFolder folder;
  const Path path = folder / "set.d";
  for (const char* text : {"old", "new"}) {
    const Temporary temporary = Temporary::folder(path);
    write_text(temporary.path() / text, text);
    publish(temporary.path(), path);
    CHECK(names_in(path) == std::vector<std::string>{text});
    CHECK(names_in(folder.path()) == std::vector<std::string>{"set.d"});
  }
}

TEST_CASE("what a killed process left is removed, nothing else") {
  const ScratchFolder folder;
  const Path sub = folder.path() / "sub";
  write_atomic(sub / "kept.txt", "x");
  // A killed writer has the process number of this one, as in two containers.
  const auto killed = [&](const Path& path, bool is_folder) {
    const pid_t child = ::fork();
    if (child == 0) {
      const Temporary left = is_folder ? Temporary::folder(path) : Temporary::file(path);
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  };
  killed(sub / "kept.txt", false);
  killed(sub / "set.h5", true);
  killed(folder / "other", false);
  std::ofstream(folder / ".x.evenray-tmp-notes") << "somebody's";
  remove_leftovers_of(folder / "third");
  CHECK(names_in(folder.path()).size() == 3);
  CHECK(names_in(sub).size() == 3);
  const Temporary file = Temporary::file(folder / "other");  // of writers that live
  const Temporary set = Temporary::folder(sub / "set.h5");
  CHECK(names_in(folder.path()).size() == 4);
  remove_leftovers_of(folder / "other");
  CHECK(names_in(folder.path()).size() == 3);
  remove_abandoned_temporaries(folder.path());
  CHECK(names_in(sub).size() == 2);
  CHECK(std::filesystem::exists(file.path()));
  CHECK(std::filesystem::exists(set.path()));
  CHECK(names_in(folder.path()).size() == 3);
  remove_abandoned_temporaries(folder / "none");
}

TEST_CASE("the longest names of a file system can be written") {
  const ScratchFolder folder;
  std::string name(255, 'a');
  for (size_t i = 100; i + 3 <= 255; i += 3)
    name.replace(i, 3, "\xEB\xBC\x88");  // a character of 3 bytes
  REQUIRE(name.size() == 255);
  for (const auto& long_name : {name, std::string(255, 'b')}) {
    write_atomic(folder / long_name, "x");
    const std::string temporary = Temporary::folder(folder / long_name).path().filename();
    CHECK(temporary.size() <= 255);
    CHECK(is_plain_utf8(temporary));
  }
  CHECK(names_in(folder.path()).size() == 2);
  CHECK(companion("a/b.h5", ".d") == "a/b.h5.d");
  const Path beside = companion(folder / name, ".toml");
  CHECK(beside.filename().string().size() <= 255);
  CHECK(is_plain_utf8(beside.string()));
  CHECK(beside.extension() == ".toml");
  CHECK(beside != companion(folder / (name.substr(0, 254) + "c"), ".toml"));
}

TEST_CASE("free space of a folder that does not exist yet") {
  const ScratchFolder folder;
  CHECK(free_bytes(folder.path() / "not" / "there") > 0);
}

TEST_CASE("one lock a folder") {
  const ScratchFolder folder;
  {
    const FolderLock lock(folder.path());
    CHECK(error_of([&] { FolderLock second(folder.path()); }).code() == Exit::cannot_create);
  }
  CHECK(error_of([&] { FolderLock again(folder.path()); }).code() == Exit::done);
}
