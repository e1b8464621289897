// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/layouts/store_source.hpp"
#include "gan/gan.hpp"
#include "gan/networks.hpp"
#include "gan/pggan_blocks.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

/// Images are drawn in whole aligned blocks, so that image i does not depend on the number of
/// images requested: kernels may sum in another order for another batch size. Blocks of large
/// images are smaller because of the memory for activations.
constexpr int64_t kMostInBlock = 64, kPixelsInBlock = 64 * 256 * 256;
/// With a smaller truncation, nearly all draws would be rejected.
constexpr double kLeastTruncation = .05;

}  // namespace

struct Generator::State {
  Json facts;
  std::string class_name, digest;
  std::vector<std::string> classes;
  std::vector<int64_t> class_counts;
  double label_share = 1;
  bool normalises = false;  ///< normalises its latents, so that their length has no effect
  int height = 0, width = 0, value_max = 255;
  int64_t latent = 0, block_size = kMostInBlock;
  torch::Device device = torch::kCPU;
  std::shared_ptr<GeneratorNet> net;
  /// The last block drawn, since the next images are often in it.
  Drawing drawing;
  int64_t block = -1;
  std::vector<cv::Mat> images;

  /// [count,classes]; undefined without labels.
  torch::Tensor labels(int64_t first, int64_t count, const Drawing& asked) const {
    if (classes.empty()) return {};
    const auto number = static_cast<int64_t>(classes.size());
    const auto found = std::find(classes.begin(), classes.end(), asked.class_name);
    const auto labels = found != classes.end() ? labels_of(found - classes.begin(), count, number)
                        : asked.in_proportion  ? labels_in_proportion(first, count, class_counts)
                                               : labels_in_turn(first, count, number);
    return labels * label_share;
  }
  std::vector<cv::Mat> draw(const torch::Tensor& latent, const torch::Tensor& labels) const {
    const auto drawn = net->forward(with_labels(latent, labels).to(device));
    return to_mats(enlarged(drawn, height), value_max);
  }
};

Generator::Generator(const Path& path, const Compute& compute) : state_(std::make_unique<State>()) {
  check(!is_store_source(path.string()),
        Exit::bad_data,
        cat(path.string(),
            " is a store, not a generator: give a run folder of `gan train` or a checkpoint in "
            "one"));
  const Path file_path = model_file(path);
  const TensorFile file = read_safetensors(file_path);
  check(require_metadata(file, "kind", file_path) == "gan",
        Exit::bad_data,
        cat(file_path.string(), " is not a generator: give a run folder of `gan train`"));
  State& state = *state_;
  if (std::filesystem::is_directory(path) && !run_done(path))
    log_warning(cat(path.string(),
                    " is a training that has not finished; using its ",
                    file_path.filename().string()));
  GanOptions options;
  Growth growth;
  try {
    read_config_text([&](Fields& f) { f.section("gan", options); },
                     require_metadata(file, "config", file_path),
                     file_path.string());
    state.facts = parse_json(require_metadata(file, "facts", file_path), "facts");
    state.height = state.facts.at("size_px").at(0);
    state.width = state.facts.at("size_px").at(1);
    state.value_max = state.facts.at("value_max");
    state.class_name = state.facts.at("class");
    state.classes = state.facts.at("classes").get<std::vector<std::string>>();
    state.class_counts = state.facts.at("class_counts").get<std::vector<int64_t>>();
    state.label_share = state.facts.at("label_share");
    options.check();
    check(state.class_counts.size() == state.classes.size() &&
              std::all_of(state.class_counts.begin(),
                          state.class_counts.end(),
                          [](int64_t count) { return count > 0 && count < int64_t{1} << 32; }),
          Exit::bad_data,
          "class_counts does not match classes");
    for (const char* key : {"where", "store"}) state.facts.at(key).get_ref<const std::string&>();
    growth = {state.facts.at("level"), state.facts.at("alpha")};
    check(growth.level >= 0 && growth.level <= plan_size(state.height, state.width).doublings &&
              growth.alpha >= 0 && growth.alpha <= 1 && (growth.level > 0 || !growth.fading()),
          Exit::bad_data,
          cat("level ", growth.level, " and alpha ", growth.alpha));
    check(state.value_max == 255 || state.value_max == 65535,
          Exit::bad_data,
          cat("value_max is ", state.value_max));
    // Otherwise a small hostile file could make us allocate an arbitrarily large network.
    int64_t stored = 0;
    for (const auto& [name, tensor] : file.tensors)
      if (name.starts_with("ema.")) stored += tensor.numel();
    check(generator_weights(
              options, state.height, state.width, static_cast<int64_t>(state.classes.size())) <=
              stored,
          Exit::bad_data,
          "its tensors are too small for these settings");
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged settings: ", error.what()));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged facts"));
  }
  state.digest = require_metadata(file, "tensor_digest", file_path);
  state.latent = options.latent;
  state.block_size =
      std::clamp(kPixelsInBlock / (int64_t{state.height} * state.width), int64_t{1}, kMostInBlock);
  state.normalises = family_grows(options.family);
  state.device = compute.device;
  state.net = make_generator(
      options, state.height, state.width, static_cast<int64_t>(state.classes.size()));
  state.net->growth = growth;
  load_module(file, "ema", *state.net, file_path);
  to_channels_last(*state.net);
  state.net->to(state.device);
  state.net->eval();
}

Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;

int Generator::height() const { return state_->height; }
int Generator::width() const { return state_->width; }
int Generator::value_max() const { return state_->value_max; }
const std::string& Generator::class_name() const { return state_->class_name; }
const std::string& Generator::digest() const { return state_->digest; }
const Json& Generator::facts() const { return state_->facts; }

const std::vector<std::string>& Generator::classes() const { return state_->classes; }

bool Generator::labelled() const { return state_->classes.empty() || state_->label_share > 0; }

bool Generator::draws(const std::string& class_name) const {
  const auto& classes = state_->classes;
  if (classes.empty()) return class_name == state_->class_name;
  return state_->label_share > 0 &&
         std::find(classes.begin(), classes.end(), class_name) != classes.end();
}

void Generator::warn_if_other_store(const Store& store) const {
  if (facts().at("store") == store.content_digest()) return;
  log_warning(
      cat("the generator was not trained on ",
          store.path().string(),
          " but on another store: if that store contained images of val or test of this store, all "
          "results on val and test are invalid"));
}

void Generator::check_drawing(const Drawing& drawing) const {
  check(drawing.class_name.empty() || !state_->classes.empty() || !state_->class_name.empty(),
        Exit::bad_data,
        cat("cannot draw class '",
            drawing.class_name,
            "': this generator was trained on all classes without labels; train one with --class "
            "or --conditional"));
  check(drawing.class_name.empty() || labelled(),
        Exit::bad_data,
        "cannot draw one class: the training of this generator has not reached the step from which "
        "labels count (gan.label_warmup); train it longer");
  check(drawing.class_name.empty() || draws(drawing.class_name),
        Exit::bad_data,
        cat("cannot draw class '",
            drawing.class_name,
            "': this generator draws ",
            state_->classes.empty() ? cat("class '", state_->class_name, "'")
                                    : "the classes " + join(state_->classes)));
  check(drawing.truncation == 0 || drawing.truncation >= kLeastTruncation,
        Exit::usage,
        cat("the truncation must be 0 (off) or at least ",
            kLeastTruncation,
            ", not ",
            drawing.truncation));
  check(drawing.truncation == 0 || !state_->normalises,
        Exit::usage,
        "truncation has no effect on a pggan, which normalises the length of its latents; run "
        "without it");
}

std::vector<cv::Mat> Generator::sample(int64_t first, int64_t count, const Drawing& drawing) const {
  torch::InferenceMode inference;
  check_drawing(drawing);
  State& state = *state_;
  const int64_t size = state.block_size;
  std::vector<cv::Mat> images;
  for (int64_t block = first / size; block * size < first + count; ++block) {
    throw_if_stopped();
    if (block != state.block || drawing != state.drawing) {
      const int64_t start = block * size;
      state.images =
          state.draw(latents(Rng(drawing.seed), start, size, state.latent, drawing.truncation),
                     state.labels(start, size, drawing));
      state.block = block;
      state.drawing = drawing;
    }
    for (int64_t i = 0; i < size; ++i) {
      const int64_t number = block * size + i;
      if (number >= first && number < first + count)
        images.push_back(state.images[static_cast<size_t>(i)].clone());
    }
  }
  return images;
}

std::vector<cv::Mat> Generator::interpolate(int64_t rows,
                                            int64_t steps,
                                            const Drawing& drawing) const {
  torch::InferenceMode inference;
  check_drawing(drawing);
  const State& state = *state_;
  const auto ends =
      latents(Rng(drawing.seed), 0, 2 * rows, state.latent, drawing.truncation).view({rows, 2, -1});
  const auto from = ends.select(1, 0), to = ends.select(1, 1);
  const auto angle = torch::cosine_similarity(from, to, 1).clamp(-1, 1).acos().unsqueeze(1);
  std::vector<cv::Mat> images;
  for (int64_t row = 0; row < rows; ++row) {
    const auto share = torch::linspace(0, 1, steps).unsqueeze(1);
    const auto latent =
        (((1 - share) * angle[row]).sin() * from[row] + (share * angle[row]).sin() * to[row]) /
        angle[row].sin();
    const auto& classes = state.classes;
    Drawing asked = drawing;
    if (asked.class_name.empty() && !classes.empty())
      asked.class_name = classes[static_cast<size_t>(row) % classes.size()];
    for (auto& image : state.draw(latent, state.labels(0, steps, asked))) images.push_back(image);
  }
  return images;
}

}  // namespace evenray
