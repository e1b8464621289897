// SPDX-License-Identifier: Apache-2.0
#include "dataset/frames.hpp"

#include <limits>
#include <map>

#include "core/error.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"

namespace evenray {
namespace {

/// Returns the number of a frame in data.frames; 0 for all.
int frame_number(const std::string& frames) {
  int64_t number = 0;
  if (frames == "all") return 0;
  check(parse_int(frames, number) && number >= 1 && number <= std::numeric_limits<int>::max(),
        Exit::config,
        cat("data.frames is '", frames, "'; give first, all or the number of a frame, from 1"));
  return static_cast<int>(number);
}

std::string frame_id(const std::string& id, int frame) {
  const std::string number = cat(frame + 1);
  return cat(id, "#", std::string(number.size() < 4 ? 4 - number.size() : 0, '0'), number);
}

Sample frame_of(const Sample& file, int frame) {
  Sample sample = file;
  sample.id = frame_id(file.id, frame);
  sample.frame = frame;
  if (sample.visit.empty()) sample.visit = file.source_path;
  if (frame > 0) {
    sample.boxes.clear();
    sample.boxes_known = false;
  }
  return sample;
}

}  // namespace

void check_frames(const std::string& frames) {
  if (frames != "first") frame_number(frames);
}

void check_frames_used(bool multi_frame, const std::string& frames, const std::string& where) {
  check(multi_frame || frames == "first" || frames == "all",
        Exit::bad_data,
        cat("data.frames is ",
            frames,
            ", but no DICOM file in ",
            where,
            " has several frames; omit it"));
}

bool take_frames(Manifest& manifest, const std::string& frames) {
  if (frames == "first") return false;
  const int wanted = frame_number(frames);
  std::vector<Sample> samples;
  std::map<std::string, std::vector<std::string>> ids_of;
  Finding boxes{
      "boxes_of_file", {}, "boxes of a file with several frames: only its first has them"};
  for (auto& file : manifest.samples) {
    throw_if_stopped();
    const int count = file.file.empty() ? 1 : frames_in(file.file);
    if (count <= 1) {
      samples.push_back(std::move(file));
      continue;
    }
    check(wanted <= count,
          Exit::bad_data,
          cat(file.file.string(), ": has ", count, " frames, so there is no frame ", wanted));
    if (file.boxes_known) boxes.ids.push_back(frame_id(file.id, 0));
    for (int frame = 0; frame < count; ++frame) {
      if (wanted > 0 && frame != wanted - 1) continue;
      samples.push_back(frame_of(file, frame));
      ids_of[file.id].push_back(samples.back().id);
    }
  }
  manifest.samples = std::move(samples);
  for (auto& finding : manifest.findings) {
    std::vector<std::string> ids;
    for (auto& id : finding.ids) {
      const auto found = ids_of.find(id);
      if (found == ids_of.end())
        ids.push_back(id);
      else
        ids.insert(ids.end(), found->second.begin(), found->second.end());
    }
    finding.ids = std::move(ids);
  }
  if (!boxes.ids.empty()) manifest.findings.push_back(std::move(boxes));
  return !ids_of.empty();
}

}  // namespace evenray
