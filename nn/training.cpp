// SPDX-License-Identifier: Apache-2.0
#include "nn/training.hpp"

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Returns what the user can do if fact `key` of a run has changed.
std::string resume_hint(const std::string& key, const Json& before) {
  if (key == "threads")
    return cat("give --threads ", before.dump(), " to resume with bit-identical results");
  return "resume with the old value, or start a new run in another folder";
}

}  // namespace

Json run_facts(const Compute& compute, const std::string& store_digest) {
  return {{"threads", compute.threads},
          {"device", compute.device.is_cuda() ? "cuda" : "cpu"},
          {"bf16", compute.bf16},
          {"store", store_digest}};
}

void Resumed::damaged_facts(const std::string& key) const {
  throw Error(Exit::bad_data, cat(path.string(), ": damaged facts ('", key, "')"));
}

std::optional<Resumed> resume_run(RunFolder& run,
                                  const Checkpoints& checkpoints,
                                  const Json& facts) {
  if (run.resumed()) return rewind_run(run, checkpoints.newest(), facts);
  run.rewind_events(0);
  return std::nullopt;
}

std::optional<Resumed> rewind_run(RunFolder& run,
                                  std::optional<Checkpoints::Found> found,
                                  const Json& facts) {
  if (!found) {
    run.rewind_events(0);
    return std::nullopt;
  }
  Resumed out{found->path, std::move(found->file), {}, 0};
  out.facts = parse_json(require_metadata(out.file, "facts", out.path),
                         out.path.string() + ": damaged facts");
  out.step = out.fact<int64_t>("step");
  check(out.step >= 0, Exit::bad_data, out.path.string() + ": damaged facts");
  for (const auto& [key, now] : facts.items()) {
    const auto before = out.fact<Json>(key);
    check(before == now,
          Exit::config,
          cat(run.path().string(),
              ": ",
              key,
              " was ",
              before.dump(),
              ", now ",
              now.dump(),
              "; ",
              resume_hint(key, before)));
  }
  run.rewind_events(out.step);
  return out;
}

}  // namespace evenray
