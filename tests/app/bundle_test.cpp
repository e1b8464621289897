// SPDX-License-Identifier: Apache-2.0
// tools/bundle, of the program that is built already.
#include "tests/app/program.hpp"

using namespace evenray;

namespace {

/// Runs a shell command in a folder; what it says goes to `said` there.
int shell(const Path& folder, const std::string& command) {
  const int status =
      std::system(cat("cd '", folder.string(), "' && (", command, ") > said 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

TEST_CASE("a bundle runs beside a torch wheel without the libraries of this machine") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), build = std::getenv("EVENRAY_BUILD");
  const Path tool = std::filesystem::absolute(source_folder() / "tools" / "bundle");
  const std::string make = cat("'", tool.string(), "' out '", build.string(), "'");
  const auto said = [&] { return read_file(scratch / "said"); };
  const int made = shell(at, make);
  CAPTURE(said());
  REQUIRE(made == 0);
  for (const char* name : {"evenray", "bin/evenray", "VERSION", "SHA256SUMS", "licences/evenray"}) {
    CAPTURE(name);
    CHECK(std::filesystem::is_regular_file(scratch / "out" / name));
  }
  CHECK(shell(at, "cd out && sha256sum --quiet -c SHA256SUMS") == 0);
  CHECK(shell(at, make) == 73);

  // Elsewhere, with nothing in the environment but where torch lies.
  std::filesystem::rename(scratch / "out", scratch / "moved");
  REQUIRE(shell(at,
                cat("ldd '",
                    (build / "evenray").string(),
                    "' | sed -n 's/.*libc10.so => \\(.*\\) (.*/\\1/p'")) == 0);
  const Path torch = Path(trim(said())).parent_path().parent_path();
  const auto run_beside = [&](const std::string& torch_folder) {
    return shell(at,
                 cat("env -i PATH=/usr/bin:/bin EVENRAY_TORCH='",
                     torch_folder,
                     "' moved/evenray --version"));
  };
  CHECK(run_beside(torch.string()) == 0);
  CHECK(said().starts_with("evenray "));
  REQUIRE(
      shell(at, cat("LD_LIBRARY_PATH='", (torch / "lib").string(), "' ldd moved/bin/evenray")) ==
      0);
  for (const auto& line : split_text(said(), '\n')) {
    for (const char* library : {"libopencv", "libhdf5", "libstdc++", "libz.so", "liblapack"})
      if (contains(line, library)) CHECK(contains(line, "moved/bin/../lib/"));
  }

  CHECK(run_beside("/nowhere") == 69);
  CHECK(contains(said(), "set EVENRAY_TORCH"));
  write_text(scratch / "old" / "lib" / "libtorch_cpu.so", "");
  write_text(scratch / "old" / "version.py", "__version__ = '2.10.0+cpu'\n");
  CHECK(run_beside("old") == 69);
  CHECK(contains(said(), "old holds torch 2.10.0"));
}
