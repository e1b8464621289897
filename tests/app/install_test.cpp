// SPDX-License-Identifier: Apache-2.0
// tools/install, of the program that is built already.
#include "tests/app/program.hpp"

using namespace evenray;

namespace {

/// Runs tools/install in a folder; what it says goes to `said` there.
int install(const Path& folder, const std::string& words) {
  const Path tool = std::filesystem::absolute(source_folder() / "tools" / "install");
  const int status = std::system(
      cat("cd '", folder.string(), "' && '", tool.string(), "' ", words, " > said 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

TEST_CASE("what is installed runs, and tells what the program tells") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const Path build = std::filesystem::absolute(std::getenv("EVENRAY_BUILD"));
  const std::string take = cat(" --build '", build.string(), "'");
  // Twice: an installed program is replaced.
  for (const char* prefix : {"--prefix 'a place'", "--prefix='a place'"}) {
    const int code = install(at, prefix + take);
    CAPTURE(read_file(scratch / "said"));
    REQUIRE(code == 0);
  }
  const Path place = scratch / "a place";
  CHECK(files_in(place) == Words{"bin/evenray",
                                 "share/bash-completion/completions/evenray",
                                 "share/fish/vendor_completions.d/evenray.fish",
                                 "share/man/man1/evenray.1",
                                 "share/zsh/site-functions/_evenray"});
  REQUIRE(
      std::system(cat("cd '",
                      at.string(),
                      "' && env -i PATH=/usr/bin:/bin 'a place/bin/evenray' --version > version")
                      .c_str()) == 0);
  CHECK(read_file(scratch / "version") == done(at, {"--version"}).out);
  CHECK(read_file(place / "share/man/man1/evenray.1") == done(at, {"man"}).out);
  const auto script = [&](const char* shell) { return done(at, {"completion", shell}).out; };
  CHECK(read_file(place / "share/bash-completion/completions/evenray") == script("bash"));
  CHECK(read_file(place / "share/fish/vendor_completions.d/evenray.fish") == script("fish"));
  CHECK(read_file(place / "share/zsh/site-functions/_evenray") == script("zsh"));
  CHECK(script("zsh").starts_with("#compdef evenray\n"));
}

TEST_CASE("tools/install refuses what it cannot do in one line") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const auto refused = [&](const std::string& words, int code, const std::string& part) {
    CAPTURE(words);
    CHECK(install(at, words) == code);
    const std::string said = read_file(scratch / "said");
    CHECK(contains(said, part));
    CHECK(said.starts_with("tools/install: "));
    CHECK(std::count(said.begin(), said.end(), '\n') == 1);
  };
  refused("", 2, "give the folder to install to: --prefix DIR");
  refused("--prefix", 2, "--prefix needs a folder");
  refused("--prefix=", 2, "--prefix needs a folder");
  refused("/usr/local", 2, "unknown argument '/usr/local'");
  refused("--prefix out --build nowhere", 66, "nowhere/evenray is missing");
  write_text(scratch / "file", "x");
  const char* build = std::getenv("EVENRAY_BUILD");
  refused(cat("--prefix file --build '", build, "'"),
          73,
          "file/bin; give a folder that you can write to");
  CHECK(files_in(at) == Words{"file", "said"});
  CHECK(install(at, "--help") == 0);
  CHECK(contains(read_file(scratch / "said"), "the torch that it was built against"));
}
