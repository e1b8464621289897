// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/fixture.hpp"

namespace evenray {

/// Runs a script in a folder; false, with a printed word, where .venv cannot.
inline bool run_python(const Path& folder, const std::string& modules, const std::string& script) {
  const Path source = std::filesystem::absolute(source_folder());
  const std::string python = cat("'", (source / ".venv/bin/python").string(), "'");
  if (std::system(cat(python, " -c 'import ", modules, "' 2>/dev/null").c_str()) != 0) {
    std::cout << "skipped: .venv cannot import " << modules
              << "; tools/setup installs them unless EVENRAY_TORCH is set\n";
    return false;
  }
  write_atomic(folder / "script.py", script);
  REQUIRE(std::system(cat("cd '", folder.string(), "' && ", python, " script.py").c_str()) == 0);
  return true;
}

}  // namespace evenray
