// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "tests/gan/tiny_gan.hpp"

namespace evenray {

inline Path step_file(const Path& run, int step) {
  char name[64];
  std::snprintf(name, sizeof name, "step-%08d.safetensors", step);
  return run / "checkpoints" / name;
}

/// What a run leaves but for times and speeds.
inline Json traces(const Path& run, int last_step = 6) {
  Json out{{"last", digest_in(step_file(run, last_step))},
           {"best", digest_in(run / "checkpoints" / "best.safetensors")},
           {"metrics", read_json(run / "metrics.json")},
           {"events", Json::array()}};
  for (const auto& line : split_text(read_file(run / "events.jsonl"), '\n')) {
    if (line.empty()) continue;
    Json event = Json::parse(line);
    event.erase("rate");
    event.erase("eta_s");
    out["events"].push_back(event);
  }
  for (const auto& sheet : std::filesystem::directory_iterator(run / "samples"))
    out["samples"][sheet.path().filename().string()] = sha256_hex(read_file(sheet.path()));
  return out;
}

/// Trains until the checkpoint of `step` cannot be written, as in a folder that is closed to it,
/// and then goes on.
inline void train_with_a_fault(const Path& run,
                               const Path& store,
                               const GanOptions& options,
                               int step,
                               const std::string& class_name = "Rare") {
  write_atomic(step_file(run, step) / "in the way", "");
  const auto training = [&] { train_tiny(run, store, class_name, options); };
  CHECK(error_of(training).code() == Exit::cannot_create);
  CHECK_FALSE(run_done(run));
  std::filesystem::remove_all(step_file(run, step));
  CHECK(std::filesystem::exists(step_file(run, step - 1)));
  training();
}

}  // namespace evenray
