// SPDX-License-Identifier: Apache-2.0
#include "nn/training.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

std::optional<Resumed> resume_run(RunFolder& run,
                                  const Checkpoints& checkpoints,
                                  int threads,
                                  const std::string& store_digest) {
  auto file = run.resumed() ? checkpoints.newest() : std::nullopt;
  if (!file) {
    run.rewind_events(0);
    return std::nullopt;
  }
  const std::string folder = run.path().string();
  Resumed out{std::move(*file), {}, 0};
  try {
    out.facts = Json::parse(require_metadata(out.file, "facts", run.path()));
    out.step = out.facts.at("step");
    const int before = out.facts.at("threads");
    check(before == threads,
          Exit::config,
          cat(folder,
              " was begun with ",
              before,
              " threads; give --threads ",
              before,
              " to go on bit for bit"));
    check(out.facts.at("store") == store_digest,
          Exit::config,
          cat(folder, " was begun with another store"));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(folder, ": its newest checkpoint has damaged facts"));
  }
  run.rewind_events(out.step);
  return out;
}

}  // namespace evenray
