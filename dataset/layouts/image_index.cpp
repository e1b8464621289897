// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/image_index.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace evenray {
namespace {

bool is_in_part(const std::string& source_path, const std::string& part) {
  const auto folders = split_text(source_path, '/');
  return std::any_of(folders.begin(), folders.end() - 1, [&](const std::string& folder) {
    return part_in_name(folder) == part;
  });
}

/// Keeps the images that fit. Keeps all if none fits, unless `must`.
template <class Fits>
void narrow(std::vector<size_t>& images, bool must, const Fits& fits) {
  std::vector<size_t> kept;
  std::copy_if(images.begin(), images.end(), std::back_inserter(kept), fits);
  if (must || !kept.empty()) images = std::move(kept);
}

}  // namespace

ImageIndex::Names::Names(const std::vector<Sample>& samples,
                         const std::vector<ListedImage>& listed,
                         bool folded)
    : samples_(samples), folded_(folded) {
  for (size_t i = 0; i < samples.size(); ++i) {
    const Path path(key(samples[i].source_path));
    by_name_[path.filename().string()].push_back(i);
    by_stem_[path.stem().string()].push_back(i);
  }
  for (const auto& image : listed) {
    const Path path = Path(key(image.file)).lexically_normal();
    for (const size_t i : named(path, false)) {
      folders_match_ |= path.has_parent_path() && one_ends_other(path, i);
      if (!image.part.empty() && is_in_part(samples[i].source_path, image.part))
        parts_in_folders_.insert(image.part);
    }
  }
}

std::string ImageIndex::Names::key(const std::string& path) const {
  if (!folded_) return path;
  std::string out = lower(path);
  std::replace(out.begin(), out.end(), '\\', '/');
  return out;
}

std::vector<size_t> ImageIndex::Names::named(const Path& path, bool any_extension) const {
  const std::string name = path.filename().string();
  for (const Index* index : {&by_name_, &by_stem_})
    if (const auto found = index->find(name); found != index->end()) return found->second;
  if (!any_extension) return {};
  const auto found = by_stem_.find(path.stem().string());
  return found == by_stem_.end() ? std::vector<size_t>{} : found->second;
}

/// Returns how many components of the two paths are equal, counted from the end. The names, which
/// come last, count as equal.
size_t ImageIndex::Names::equal_end(const Path& path, size_t sample) const {
  const auto listed = split_text(path.generic_string(), '/');
  const auto stored = split_text(key(samples_[sample].source_path), '/');
  size_t equal = 1;
  while (equal < listed.size() && equal < stored.size() &&
         listed[listed.size() - 1 - equal] == stored[stored.size() - 1 - equal])
    ++equal;
  return equal;
}

/// Whether the listed path is the end of the image's path or, with a folder, the reverse.
bool ImageIndex::Names::one_ends_other(const Path& path, size_t sample) const {
  const size_t equal = equal_end(path, sample);
  const std::string listed = path.generic_string(), stored = key(samples_[sample].source_path);
  const auto components = [](const std::string& text) { return split_text(text, '/').size(); };
  return equal == components(listed) || (equal > 1 && equal == components(stored));
}

std::vector<size_t> ImageIndex::Names::find(const std::string& file,
                                            const std::string& part,
                                            bool any_extension) const {
  const Path path = Path(key(file)).lexically_normal();
  std::vector<size_t> found = named(path, any_extension);
  narrow(found, folders_match_ && path.has_parent_path(), [&](size_t i) {
    return one_ends_other(path, i);
  });
  size_t most = 0;
  for (const size_t i : found) most = std::max(most, equal_end(path, i));
  narrow(found, true, [&](size_t i) { return equal_end(path, i) == most; });
  if (!part.empty()) {
    narrow(found, parts_in_folders_.contains(part), [&](size_t i) {
      return is_in_part(samples_[i].source_path, part);
    });
  }
  return found;
}

ImageIndex::ImageIndex(const std::vector<Sample>& samples, const std::vector<ListedImage>& listed)
    : samples_(samples),
      listed_(listed),
      exact_(samples, listed, /*folded=*/false),
      taken_(samples.size()) {
  for (const auto& image : listed)
    for (const size_t i : exact_.find(image.file, image.part, false)) taken_[i] = true;
}

ImageIndex::Match ImageIndex::find(const ListedImage& image) {
  Match match{exact_.find(image.file, image.part, false)};
  if (!match.samples.empty()) return match;
  if (!folded_) folded_.emplace(samples_, listed_, /*folded=*/true);
  const bool backslashes = image.file.find('\\') != std::string::npos;
  const auto fits = [&](const std::string& file, bool any_extension, const char* difference) {
    match = {folded_->find(file, image.part, any_extension), difference};
    return match.samples.size() == 1 && !taken_[match.samples[0]];
  };
  if (fits(image.file, false, backslashes ? "backslashes" : "letter case") ||
      fits(image.file, true, "extension") ||
      (!image.other_file.empty() && fits(image.other_file, true, "the whole name")))
    return match;
  return {};
}

}  // namespace evenray
