// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "classifier/classifier.hpp"
#include "tests/classifier/blobs.hpp"
#include "tests/nn/torch_fixture.hpp"

namespace evenray {

/// A store of blobs and short trainings on it.
struct Bench {
  ScratchFolder scratch;
  ClassifyOptions options;
  Runtime runtime;

  Bench() {
    options.steps = 12;
    options.minibatch = 16;
    options.eval_every = 6;
    runtime.threads = 1;
    runtime.device = "cpu";
    runtime.precision = "fp32";
    write_blob_store(scratch / "set.h5", {});
  }
  Store store(const std::string& name = "set.h5") const { return Store(scratch / name); }
  void train(const std::string& run, bool resume = false, const std::string& set = "set.h5") {
    RunFolder folder(scratch / run, resume, [&](Fields& f) {
      runtime.fields(f);
      f.section("classify", options);
    });
    train_classifier(store(set), options, runtime, folder);
  }
  Classifier classifier(const std::string& run) const {
    return Classifier(scratch / run, make_compute(runtime));
  }
  Path checkpoint(const std::string& run, const std::string& name) const {
    return scratch / run / "checkpoints" / (name + ".safetensors");
  }
};

}  // namespace evenray
