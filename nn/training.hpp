// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/json.hpp"
#include "core/run_folder.hpp"
#include "nn/checkpoint.hpp"
#include "nn/compute.hpp"

namespace evenray {

/// What must be the same for a run to go on bit for bit, for the facts of its checkpoints: threads,
/// device ("cpu" or "cuda"), bf16, store.
Json run_facts(const Compute& compute, const std::string& store_digest);

/// The newest checkpoint of a run and the facts in it.
struct Resumed {
  Path path;
  TensorFile file;
  Json facts;
  int64_t step = 0;

  /// facts[key], `if_null` for a number that was not finite. Throws 65 where it is missing or of
  /// another type.
  template <class T>
  T fact(const std::string& key, T if_null = {}) const {
    try {
      const Json& value = facts.at(key);
      return value.is_null() ? if_null : value.get<T>();
    } catch (const Json::exception&) {
      damaged_facts(key);
    }
  }
  [[noreturn]] void damaged_facts(const std::string& key) const;
};

/// Where a run may go on: nullopt for a fresh one. The events after the checkpoint's step are
/// dropped, since they will be written again. `facts`: those of run_facts(), and what else must not
/// have changed. Throws 78 where one differs, 65 for damaged facts.
std::optional<Resumed> resume_run(RunFolder& run,
                                  const Checkpoints& checkpoints,
                                  const Json& facts);

/// The same from what was found, for a run that is under way and goes back.
std::optional<Resumed> rewind_run(RunFolder& run,
                                  std::optional<Checkpoints::Found> found,
                                  const Json& facts);

}  // namespace evenray
