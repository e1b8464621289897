// SPDX-License-Identifier: Apache-2.0
#pragma once
// Runs the real binary, $EVENRAY_BUILD/evenray, off a terminal.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "core/files.hpp"
#include "tests/fixture.hpp"

namespace evenray {

using Words = std::vector<std::string>;

inline Words operator+(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// What a run of the program left.
struct Ran {
  int code = 0;  ///< exit code; 128 + signal where one ended it
  std::string out, err;

  size_t error_lines() const {
    return static_cast<size_t>(std::count(err.begin(), err.end(), '\n'));
  }
  /// stdout as JSON; fails where it is none or names no schema.
  Json json() const {
    const Json value = Json::parse(out, nullptr, false);
    CAPTURE(out, err);
    REQUIRE(value.is_object());
    CHECK(value.contains("schema"));
    return value;
  }
};

/// A program that is running in a folder.
class Program {
 public:
  Program(const Path& folder, const Words& words, const std::string& out = "") : folder_(folder) {
    static int count = 0;
    out_ = out.empty() ? folder / cat(".stdout-", ++count) : Path(out);
    err_ = folder / cat(".stderr-", ++count);
    const char* build = std::getenv("EVENRAY_BUILD");
    REQUIRE(build);
    const std::string binary = Path(build) / "evenray";
    std::vector<char*> argv{const_cast<char*>("evenray")};
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    const int out_file = ::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err_file = ::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (::chdir(folder.c_str()) != 0 || ::dup2(out_file, STDOUT_FILENO) < 0 ||
        ::dup2(err_file, STDERR_FILENO) < 0)
      ::_exit(127);
    ::execv(binary.c_str(), argv.data());
    ::_exit(127);
  }
  ~Program() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void signal(int number) const { ::kill(pid_, number); }

  Ran wait() {
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = 0;
    Ran ran;
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (std::filesystem::is_regular_file(out_)) {
      ran.out = read_file(out_);
      std::filesystem::remove(out_);
    }
    ran.err = read_file(err_);
    std::filesystem::remove(err_);
    return ran;
  }

 private:
  Path folder_, out_, err_;
  pid_t pid_ = 0;
};

inline Ran run(const Path& folder, const Words& words) { return Program(folder, words).wait(); }

/// Runs a command that must end well without a word on stderr.
inline Ran done(const Path& folder, const Words& words) {
  Ran ran = run(folder, words);
  CAPTURE(words, ran.out, ran.err);
  REQUIRE(ran.code == 0);
  CHECK(ran.err.empty());
  return ran;
}

/// Runs a command that must end well with one warning on stderr that holds `part`.
inline Ran warned(const Path& folder, const Words& words, const std::string& part) {
  Ran ran = run(folder, words);
  CAPTURE(words, ran.out, ran.err);
  REQUIRE(ran.code == 0);
  CHECK(ran.error_lines() == 1);
  CHECK(contains(ran.err, part));
  return ran;
}

/// Runs a command that must fail with that code, nothing on stdout, and one line on stderr that
/// holds `part`.
inline void fails(const Path& folder, const Words& words, Exit code, const std::string& part) {
  const Ran ran = run(folder, words);
  CAPTURE(words, ran.out, ran.err);
  CHECK(ran.code == static_cast<int>(code));
  CHECK(ran.out.empty());
  CHECK(ran.error_lines() == 1);
  CHECK(ran.err.starts_with("evenray: "));
  CHECK(contains(ran.err, part));
}

/// Every file below a folder, relative to it, locks aside.
inline Words files_in(const Path& folder) {
  Words out;
  if (!std::filesystem::is_directory(folder)) return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_directory() || entry.path().filename() == ".lock") continue;
    out.push_back(std::filesystem::relative(entry.path(), folder).string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace evenray
