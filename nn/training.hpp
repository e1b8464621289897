// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/json.hpp"
#include "core/run_folder.hpp"
#include "nn/checkpoint.hpp"
#include "nn/compute.hpp"

namespace evenray {

/// Returns the facts that must not change if a resumed run is to be bit-identical: threads, device
/// ("cpu" or "cuda"), bf16, store (its digest). They are written into the checkpoints.
Json run_facts(const Compute& compute, const std::string& store_digest);

/// The newest checkpoint of a run and the facts in it.
struct Resumed {
  Path path;         ///< of the checkpoint
  TensorFile file;   ///< its content
  Json facts;        ///< its metadata "facts"
  int64_t step = 0;  ///< facts["step"]

  /// Returns facts[key], or `if_null` for null (JSON writes non-finite numbers as null). Throws 65
  /// if it is missing or of another type.
  template <class T>
  T fact(const std::string& key, T if_null = {}) const {
    try {
      const Json& value = facts.at(key);
      return value.is_null() ? if_null : value.get<T>();
    } catch (const Json::exception&) {
      damaged_facts(key);
    }
  }
  /// Throws 65, naming the file and the key.
  [[noreturn]] void damaged_facts(const std::string& key) const;
};

/// Returns the newest checkpoint of a run to resume; nullopt for a new run. Drops the events after
/// the checkpoint's step, because they will be written again. `facts`: those of run_facts(), and
/// others that must not have changed. Throws 78 if one differs, 65 for damaged facts.
std::optional<Resumed> resume_run(RunFolder& run,
                                  const Checkpoints& checkpoints,
                                  const Json& facts);

/// Does the same with a given checkpoint, for a running training that returns to it. nullopt:
/// returns to the start.
std::optional<Resumed> rewind_run(RunFolder& run,
                                  std::optional<Checkpoints::Found> found,
                                  const Json& facts);

}  // namespace evenray
