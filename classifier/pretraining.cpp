// SPDX-License-Identifier: Apache-2.0
// Self-supervised pre-training: SimSiam (Chen and He 2021, "Exploring simple Siamese
// representation learning").
#include <torch/nn.h>

#include <algorithm>
#include <cmath>

#include "classifier/augmentation.hpp"
#include "classifier/classifier.hpp"
#include "classifier/examples.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/optimizer.hpp"
#include "nn/pretrained.hpp"
#include "nn/schedule.hpp"
#include "nn/trainee.hpp"

namespace evenray {
namespace {

/// Channels of the projection; the hidden layer of the predictor has a quarter (section 3).
constexpr int64_t kProjection = 512, kBottleneck = kProjection / 4;

/// The trunk with a projector and a predictor.
struct SiameseNet final : torch::nn::Module {
  explicit SiameseNet(const std::string& arch)
      : trunk(register_module("trunk", make_backbone(arch))),
        projector(register_module("projector", torch::nn::Sequential())),
        predictor(register_module("predictor", torch::nn::Sequential())) {
    int64_t width = trunk->features;
    for (int layer = 0; layer < 3; ++layer) {
      add_layer(projector, width, kProjection, /*activates=*/layer < 2);
      width = kProjection;
    }
    add_layer(predictor, kProjection, kBottleneck, /*activates=*/true);
    predictor->push_back(torch::nn::Linear(kBottleneck, kProjection));
  }

  static void add_layer(torch::nn::Sequential& to, int64_t in, int64_t out, bool activates) {
    to->push_back(torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false)));
    to->push_back(torch::nn::BatchNorm1d(torch::nn::BatchNorm1dOptions(out).affine(activates)));
    if (activates) to->push_back(torch::nn::ReLU(torch::nn::ReLUOptions(true)));
  }

  torch::Tensor project(const torch::Tensor& images) {
    return projector->forward(trunk->pooled(trunk->final_map(images)));
  }

  std::shared_ptr<Backbone> trunk;
  torch::nn::Sequential projector, predictor;
};

/// Mean negative cosine between predictions and projections, which get no gradient (equation 1).
torch::Tensor distance(const torch::Tensor& prediction, const torch::Tensor& projection) {
  return -torch::cosine_similarity(prediction, projection.detach(), /*dim=*/1).mean();
}

/// Online augmentation that leaves enough of an image to tell it from others; what the settings
/// ask for beyond that stays.
ClassifyOptions view_options(ClassifyOptions options) {
  options.rotate_deg = std::max(options.rotate_deg, 15.);
  options.scale = std::max(options.scale, .3);
  options.shift = std::max(options.shift, .15);
  options.intensity = std::max(options.intensity, .4);
  return options;
}

/// Labels have no say in which images are drawn.
ClassifyOptions batch_options(ClassifyOptions options) {
  options.sampling = "natural";
  return options;
}

class Pretraining final : public Trainee {
 public:
  Pretraining(const Store& store,
              const ClassifyOptions& options,
              const Runtime& runtime,
              RunFolder& run)
      : store_(store),
        options_(options),
        views_(view_options(options)),
        runtime_(runtime),
        run_(run),
        compute_(make_compute(runtime)),
        rng_(Rng(static_cast<uint64_t>(runtime.seed)).fork("pretrain")),
        checkpoints_(run.path(), runtime.checkpoint_every_s, runtime.keep_checkpoints),
        train_(load_examples(store, "train", compute_.device, options.resident_gb * 1e9)),
        batches_(train_, batch_options(options), rng_) {
    seed_torch(rng_.fork("weights").key());
    network_ = std::make_shared<SiameseNet>(options.arch);
    if (options.weights != "none") {
      const Pretrained weights = read_pretrained(options.weights, options.arch);
      weights.load(*network_->trunk);
      standardise_ = weights.input;
      weights_digest_ = weights.digest;
    } else {
      standardise_ = measure_pixels(train_);
    }
    to_channels_last(*network_);
    network_->to(compute_.device);
    adam_ = std::make_unique<FusedAdam>(
        *network_, AdamOptions{options.learning_rate(), .9, .999, 1e-8, options.weight_decay});
    for (torch::Tensor* sum : {&loss_sum_, &spread_sum_})
      *sum = torch::zeros({}, torch::TensorOptions(torch::kFloat).device(compute_.device));
  }

  void run() {
    const int64_t every = std::max<int64_t>(1, options_.steps / 10);
    const TrainingPlan plan{
        .name = cat("pretrain ", options_.arch),
        .steps = options_.steps,
        .done = {},
        .evaluates = [&](int64_t step) { return step % every == 0 || step == options_.steps; }};
    const int64_t steps = run_training(*this, batches_, plan, run_, checkpoints_, fixed_facts());
    write_json(run_.path() / "metrics.json",
               Json{{"schema", "evenray-pretrain-run-1"}, {"steps", steps}, {"spread", spread_}});
    run_.finish();
  }

 private:
  Json fixed_facts() const {
    Json facts = run_facts(compute_, store_.content_digest());
    if (!weights_digest_.empty()) facts["weights"] = weights_digest_;
    return facts;
  }

  torch::Tensor view(const torch::Tensor& images, int64_t step, uint64_t number) {
    const Rng rng = rng_.fork("step", static_cast<uint64_t>(step)).fork("view", number);
    const auto changed =
        augment_with_policy(images, options_, compute_.threads, rng.fork("policy"));
    return augment_batch(network_input(changed, train_.value_max, standardise_), views_, rng);
  }

  void step(const Batch& batch, int64_t step) override {
    const auto warmup =
        static_cast<int64_t>(options_.warmup_share * static_cast<double>(options_.steps));
    adam_->set_lr(options_.learning_rate() * warmup_cosine(step, warmup, options_.steps));
    adam_->zero_grad();
    network_->train();
    torch::Tensor loss, spread;
    {
      Autocast autocast(compute_);
      const auto a = network_->project(view(batch.images, step, 0)).to(torch::kFloat);
      const auto b = network_->project(view(batch.images, step, 1)).to(torch::kFloat);
      loss = (distance(network_->predictor->forward(a).to(torch::kFloat), b) +
              distance(network_->predictor->forward(b).to(torch::kFloat), a)) /
             2;
      spread = torch::nn::functional::normalize(a.detach()).std(0).mean() *
               std::sqrt(static_cast<double>(kProjection));
    }
    loss.backward();
    adam_->step();
    torch::NoGradGuard no_grad;
    loss_sum_ += loss.detach();
    spread_sum_ += spread;
  }

  Json take_log(int64_t steps, int64_t) override {
    const double loss = loss_sum_.item<double>() / static_cast<double>(steps);
    spread_ = spread_sum_.item<double>() / static_cast<double>(steps);
    loss_sum_.zero_();
    spread_sum_.zero_();
    check(std::isfinite(loss),
          Exit::failed,
          "the training diverged: the loss is not finite; use a lower classify.lr");
    return {{"loss", loss}, {"spread", spread_}};
  }

  /// The newest network is kept: no label says which is better.
  Evaluation evaluate(int64_t) override { return {Json::object(), /*best=*/true}; }
  bool ended() const override { return false; }

  void restore(const Resumed* found) override {
    if (!found) return;
    torch::NoGradGuard no_grad;
    load_module(found->file, "net", *network_, found->path);
    adam_->load(found->file, "adam", found->path);
    load_tensor(found->file, "log.loss", loss_sum_, found->path);
    load_tensor(found->file, "log.spread", spread_sum_, found->path);
    spread_ = found->fact("spread", 0.);
  }

  TensorFile checkpoint(int64_t step, Saved what) override {
    TensorFile file;
    file.metadata["kind"] = kBackboneKind;
    file.metadata["config"] = write_config([&](Fields& f) { f.section("classify", options_); });
    Json facts = fixed_facts();
    facts.update(Json{{"arch", options_.arch},
                      {"class_names", Json::array()},
                      {"mean", standardise_.mean},
                      {"deviation", standardise_.deviation},
                      {"step", step},
                      {"spread", spread_},
                      {"seed", runtime_.seed}});
    file.metadata["facts"] = facts.dump();
    if (what == Saved::best) {
      for (const auto& [name, tensor] : tensors_of(*network_->trunk)) file.tensors[name] = tensor;
      return file;
    }
    add_module(file, "net", *network_);
    adam_->save(file, "adam");
    file.tensors["log.loss"] = loss_sum_;
    file.tensors["log.spread"] = spread_sum_;
    return file;
  }

  const Store& store_;
  ClassifyOptions options_, views_;
  Runtime runtime_;
  RunFolder& run_;
  Compute compute_;
  Rng rng_;
  Checkpoints checkpoints_;
  Examples train_;
  ExampleBatches batches_;
  Standardise standardise_;
  std::string weights_digest_;  ///< of the weights that it starts from; empty: random
  std::shared_ptr<SiameseNet> network_;
  std::unique_ptr<FusedAdam> adam_;
  torch::Tensor loss_sum_, spread_sum_;  ///< since take_log()
  double spread_ = 0;                    ///< in the last log
};

}  // namespace

void pretrain_backbone(const Store& store,
                       const ClassifyOptions& options,
                       const Runtime& runtime,
                       RunFolder& run) {
  options.check();
  check(options.tune == "all",
        Exit::config,
        "classify.tune must be all for pre-training, which has no labels to train a head on");
  check_size(store, options.arch);
  check(store.part("train").size() >= options.minibatch,
        Exit::bad_data,
        cat(store.path().string(),
            " has fewer training rows than classify.minibatch (",
            options.minibatch,
            ")"));
  if (!run.done()) Pretraining(store, options, runtime, run).run();
}

}  // namespace evenray
