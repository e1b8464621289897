// SPDX-License-Identifier: Apache-2.0
// On a GPU each value of a tensor that the host reads waits for all that was asked of the device
// before. Operations that read one are the same on a CPU; a copy to the host (cpu()) is not seen
// there.
#include <ATen/record_function.h>

#include <atomic>

#include "tests/gan/stepping.hpp"

using namespace evenray;

namespace {

std::atomic<int64_t> reads = 0;
/// The CPU's own kernel of Adam reads its step counts, which a GPU's looks up where they are.
thread_local int in_adam = 0;

bool is_adam(const at::RecordFunction& function) {
  return std::string_view(function.name()).starts_with("aten::_fused_adam");
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
  if (is_adam(function)) ++in_adam;
  for (const char* reading : {"aten::_local_scalar_dense",
                              "aten::is_nonzero",
                              "aten::nonzero",
                              "aten::masked_select",
                              "aten::equal"})
    if (in_adam == 0 && std::string_view(function.name()) == reading) ++reads;
  return nullptr;
}

void end(const at::RecordFunction& function, at::ObserverContext*) {
  if (is_adam(function)) --in_adam;
}

/// How often values are read in `work`.
template <class Work>
int64_t reads_in(const Work& work) {
  const auto handle = at::addGlobalCallback(
      at::RecordFunctionCallback(&begin, &end).scopes({at::RecordScope::FUNCTION}));
  const int64_t before = reads;
  work();
  at::removeCallback(handle);
  return reads - before;
}

}  // namespace

TEST_CASE("training steps of all kinds read no value back from the device; the log does") {
  const auto look = [](const std::string& name, const std::function<void(GanOptions&)>& change) {
    INFO(name);
    GanOptions options = tiny_options();
    change(options);
    const int64_t classes = options.conditioning == "none" ? 0 : 2;
    Players players(options, 16, 16, classes, Compute{}, Rng(2));
    const auto labels = classes > 0 ? labels_in_turn(0, 8, classes) : torch::Tensor();
    const auto step = [&](int64_t number, const Growth& growth) {
      Moment moment{growth, 8, 8 * number};
      moment.restarts = number == 1;
      return reads_in([&] { players.step({waves(8, 16, 16, number), labels}, moment, number); });
    };
    CHECK(step(0, {2}) == 0);  // with R1 and R2, where they are on
    CHECK(step(1, {2, .5}) == 0);
    CHECK(reads_in([&] { players.take_means(2); }) > 0);
  };
  look("DiffAugment, R1, R2, LeCam", [](GanOptions& o) {
    o.r1_gamma = o.r2_gamma = 5;
    o.lecam_weight = .3;
  });
  look("ada, spectral norm, projection", [](GanOptions& o) {
    o.augment = "ada";
    o.dcgan.spectral_norm = true;
    o.conditioning = "projection";
  });
  look("strong", [](GanOptions& o) {
    o.preset = "strong";
    o.apply_preset();
    o.dcgan.ngf = o.dcgan.ndf = 2;
  });
  look("pggan of the paper, acgan", [](GanOptions& o) {
    o.family = "pggan";
    o.preset = "paper";
    o.apply_preset();
    o.pggan.fmap_base = o.pggan.fmap_max = 16;
    o.conditioning = "acgan";
  });
  look("pggan, relativistic", [](GanOptions& o) {
    o.family = "pggan";
    o.loss = "relativistic";
    o.pggan.fmap_base = o.pggan.fmap_max = 16;
  });
}

TEST_CASE("twice as many steps of a training read no more from the device") {
  const Path& store = TinyRun::get().store;
  const auto reads_of = [&](int64_t steps) {
    GanOptions options = tiny_options();
    options.total_kimg = 8e-3 * static_cast<double>(steps);
    options.eval_every_kimg = 1;  // at the end alone
    options.mirror = true;
    Runtime runtime = tiny_runtime();
    runtime.checkpoint_every_s = 3600;
    const ScratchFolder scratch;
    return reads_in([&] { train_tiny(scratch / "run", store, "Rare", options, runtime); });
  };
  CHECK(reads_of(4) == reads_of(8));
}
