// SPDX-License-Identifier: Apache-2.0
#include "dataset/published.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"

namespace evenray {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{256} << 20;

struct List {
  std::string_view split, file, part;
};
constexpr std::array kLists{List{"nih", "train_val_list.txt", "train"},
                            List{"nih", "test_list.txt", "test"},
                            List{"fracatlas", "Fracture Split/train.csv", "train"},
                            List{"fracatlas", "Fracture Split/valid.csv", "val"},
                            List{"fracatlas", "Fracture Split/test.csv", "test"}};

}  // namespace

std::vector<std::string> published_splits() { return {"nih", "fracatlas"}; }

size_t apply_published_split(Manifest& manifest, const std::string& name) {
  const auto known = published_splits();
  check(std::count(known.begin(), known.end(), name) > 0,
        Exit::usage,
        unknown_name("published split", name, known));
  std::unordered_map<std::string, std::set<std::string_view>> parts_of;
  std::vector<Path> files;  // none of a set that is no folder (phantoms)
  if (std::filesystem::is_directory(manifest.root))
    files = files_with_extension(manifest.root, {".txt", ".csv"});
  for (const List& list : kLists) {
    if (list.split != name) continue;
    const auto file = std::find_if(files.begin(), files.end(), [&](const Path& path) {
      return path.generic_string().ends_with("/" + std::string(list.file));
    });
    if (file == files.end()) continue;
    for (const auto& line : split_text(read_text(*file, kMaxBytes), '\n'))
      parts_of[trim(line)].insert(list.part);
  }
  check(!parts_of.empty(),
        Exit::missing_input,
        cat(manifest.source, ": no published split lists of ", name, " found"));
  for (auto& sample : manifest.samples) {
    const auto found = parts_of.find(Path(sample.source_path).filename().string());
    const bool listed = found != parts_of.end();
    check(!listed || found->second.size() == 1,
          Exit::bad_data,
          cat(sample.source_path, " is in several published split lists of ", name));
    sample.part = listed ? *found->second.begin() : "";
  }
  const size_t left_out =
      std::erase_if(manifest.samples, [](const Sample& sample) { return sample.part.empty(); });
  check(!manifest.samples.empty(),
        Exit::bad_data,
        cat(manifest.source, ": none of its images is in the published split lists of ", name));
  return left_out;
}

}  // namespace evenray
