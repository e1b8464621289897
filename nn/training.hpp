// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/json.hpp"
#include "core/run_folder.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {

/// The newest checkpoint of a run and the facts in it.
struct Resumed {
  TensorFile file;
  Json facts;
  int64_t step = 0;
};

/// Where a run may go on: nullopt for a fresh one. The events after the checkpoint's step are
/// dropped, since they will be written again. Throws 78 where the run was begun with another number
/// of threads or another store: it would not go on bit for bit.
std::optional<Resumed> resume_run(RunFolder& run,
                                  const Checkpoints& checkpoints,
                                  int threads,
                                  const std::string& store_digest);

}  // namespace evenray
