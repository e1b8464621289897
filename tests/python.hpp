// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/fixture.hpp"

namespace evenray {

/// Returns the Python below a heading of a page, such as "## Reading".
inline std::string python_below(const Path& page, const std::string& heading) {
  const std::string text = read_file(source_folder() / page), fence = "```python\n";
  const size_t section = text.find("\n" + heading + "\n");
  REQUIRE(section != std::string::npos);
  const size_t first = text.find(fence, section) + fence.size();
  REQUIRE(first < text.find("\n##", section + 1));
  return text.substr(first, text.find("```", first) - first);
}

/// Runs a script in a folder; false, with a printed word, where .venv lacks one of the modules,
/// such as "h5py, numpy".
inline bool run_python(const Path& folder, const std::string& modules, const std::string& script) {
  const Path source = std::filesystem::absolute(source_folder());
  const std::string python = cat("'", (source / ".venv/bin/python").string(), "'");
  const std::string all_found = cat(
      " -c 'import sys; from importlib.util import find_spec\nsys.exit(not all(map(find_spec, \"",
      modules,
      "\".split(\", \"))))' 2>/dev/null");
  if (std::system(cat(python, all_found).c_str()) != 0) {
    std::cout << "skipped: .venv lacks one of " << modules
              << "; tools/setup installs them unless EVENRAY_TORCH is set\n";
    return false;
  }
  write_atomic(folder / "script.py", script);
  REQUIRE(std::system(cat("cd '", folder.string(), "' && ", python, " script.py").c_str()) == 0);
  return true;
}

}  // namespace evenray
