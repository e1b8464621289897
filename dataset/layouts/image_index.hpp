// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataset/layouts/listing.hpp"

namespace evenray {

/// Finds the images of a collection by the names that annotation files give them.
class ImageIndex {
 public:
  /// The images that a name matches, as indices into the samples.
  struct Match {
    std::vector<size_t> samples;
    /// How the name on the disk differs, for people ("letter case"); empty: it does not.
    const char* difference = "";
  };

  /// Keeps references to both.
  ImageIndex(const std::vector<Sample>& samples, const std::vector<ListedImage>& listed);

  /// Returns the images that match: none, one or several. An image matches if its name, or its name
  /// without extension, is the listed one; of these, the images with the most equal folders before
  /// the name. If a listed folder exists on the disk, then an image of the same name in another
  /// folder is another image; the same holds for folders named like the listed part. If nothing
  /// matches, the name may also differ in letter case, backslashes and extension, and
  /// ListedImage::other_file may match, but only if exactly one image does and no listed name
  /// matches that image as it is.
  Match find(const ListedImage& image);

 private:
  /// The images by name, with the names as they are or, `folded`, in lower case with slashes.
  class Names {
   public:
    Names(const std::vector<Sample>& samples, const std::vector<ListedImage>& listed, bool folded);
    std::vector<size_t> find(const std::string& file,
                             const std::string& part,
                             bool any_extension) const;

   private:
    using Index = std::unordered_map<std::string, std::vector<size_t>>;
    std::string key(const std::string& path) const;
    std::vector<size_t> named(const Path& path, bool any_extension) const;
    size_t equal_end(const Path& path, size_t sample) const;
    bool one_ends_other(const Path& path, size_t sample) const;

    const std::vector<Sample>& samples_;
    bool folded_;
    Index by_name_, by_stem_;
    bool folders_match_ = false;
    std::set<std::string> parts_in_folders_;
  };

  const std::vector<Sample>& samples_;
  const std::vector<ListedImage>& listed_;
  Names exact_;
  std::vector<bool> taken_;      ///< images that a listed name matches as it is
  std::optional<Names> folded_;  ///< made when it is first needed
};

}  // namespace evenray
