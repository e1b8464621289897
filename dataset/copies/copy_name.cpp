// SPDX-License-Identifier: Apache-2.0
#include "dataset/copies/copy_name.hpp"

#include <regex>

namespace evenray {
namespace {

/// File systems allow no longer names; std::regex recurses per character.
constexpr size_t kLongestName = 255;

const std::regex& endings() {
  static const std::regex known(
      "(?:"
      "[_.](?:png|jpe?g|bmp|tiff?|webp)(?:\\.rf\\.[0-9a-z]+)?|\\.rf\\.[0-9a-z]+"  // Roboflow
      "|_[0-9]{1,6}_[0-9]{1,7}"                                                   // Keras
      "|[ _]?\\([0-9]{1,4}\\)|[ _-]+copy[0-9]{0,4}"                               // file managers
      "|[ "
      "_-]+(?:aug(?:mented|mentation)?|rot(?:ate|ated|ation)?|[hv]?[_-]?flip(?:ped)?|mirror(?:ed)?"
      "|crop(?:ped)?|shear(?:ed)?|zoom(?:ed)?|scaled?|shift(?:ed)?|translated?|bright(?:ness|er)?"
      "|dark(?:er)?|contrast|nois[ey]|blur(?:red)?|gamma|clahe|affine|transform(?:ed)?)"
      "(?:[ _-]?(?:h|v|hv|lr|ud|x|y|left|right|up|down|horizontal|vertical))?"
      "[ _-]?-?[0-9]{0,4}"
      ")$",
      std::regex::ECMAScript | std::regex::icase | std::regex::optimize);
  return known;
}

}  // namespace

std::string original_name(const std::string& name) {
  if (name.size() > kLongestName) return name;
  std::string left = name;
  std::smatch found;
  while (left.find_first_of("_-.(") != std::string::npos &&
         std::regex_search(left, found, endings()) && found.position() > 0)
    left.resize(static_cast<size_t>(found.position()));
  return left;
}

}  // namespace evenray
