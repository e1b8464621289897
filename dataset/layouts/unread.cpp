// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/unread.hpp"

#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"

namespace evenray {
namespace {

/// Bytes at the end or start of a file in which LabelMe writes its keys: a picture may lie between.
constexpr std::streamoff kEnd = 4096;

bool is_labelme(const Path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kEnd, '\0');
  in.read(text.data(), kEnd);
  text.resize(static_cast<size_t>(in.gcount()));
  if (in) {
    std::string end(kEnd, '\0');
    in.seekg(-kEnd, std::ios::end);
    in.read(end.data(), kEnd);
    text += end;
  }
  return text.find("\"shapes\"") != std::string::npos &&
         (text.find("\"imagePath\"") != std::string::npos ||
          text.find("\"imageData\"") != std::string::npos);
}

}  // namespace

void refuse_unread_layouts(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return;
  const auto parquet = files_with_extension(path, {".parquet"});
  check(parquet.empty(),
        Exit::bad_data,
        cat(path,
            ": contains Parquet files, as the Hugging Face Hub stores data sets; evenray does not "
            "read them. Save the images as files with a metadata.csv beside them (file_name,label: "
            "the layout imagefolder)"));
  for (const auto& file : files_with_extension(path, {".json"}))
    check(!is_labelme(file),
          Exit::bad_data,
          cat(file.string(),
              ": an annotation of LabelMe, which evenray does not read; convert the folder to COCO "
              "or Pascal VOC (labelme2coco.py, labelme2voc.py)"));
}

}  // namespace evenray
