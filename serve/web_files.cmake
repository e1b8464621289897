# SPDX-License-Identifier: Apache-2.0
# Writes OUT, a C++ file with the files IN: an array of name and content.
set(text "// Written by web_files.cmake.\n#include \"serve/web_files.hpp\"\n\nnamespace evenray {\nconst std::vector<std::pair<std::string_view, std::string_view>>& embedded_files() {\n  static const std::vector<std::pair<std::string_view, std::string_view>> files{\n")
foreach(file IN LISTS IN)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" content)
  # String literals have at most 65,536 bytes.
  string(LENGTH "${content}" length)
  string(APPEND text "{\"${name}\", ")
  set(from 0)
  while(from LESS length)
    string(SUBSTRING "${content}" ${from} 8000 piece)
    string(APPEND text "R\"web(${piece})web\"\n")
    math(EXPR from "${from} + 8000")
  endwhile()
  string(APPEND text "},\n")
endforeach()
string(APPEND text "  };\n  return files;\n}\n}  // namespace evenray\n")
file(WRITE "${OUT}" "${text}")
