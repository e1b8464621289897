// SPDX-License-Identifier: Apache-2.0
#include "gan/training_set.hpp"

#include <torch/types.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/where.hpp"
#include "gan/networks.hpp"
#include "gan/transfer.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

/// The selected images, for messages: "class C where W".
std::string selection_text(const std::string& class_name, const std::string& where) {
  return cat(
      "class ", class_name.empty() ? "(all)" : class_name, where.empty() ? "" : " where ", where);
}

std::vector<int64_t> training_rows(const Store& store,
                                   const std::string& class_name,
                                   const std::string& where) {
  return Where::parse(where).filter(
      store.info(), store.part("train"), real_rows(store, "train", class_name));
}

ClassImages class_images(const Store& store,
                         const std::string& class_name,
                         const std::string& where,
                         torch::Device device) {
  const auto rows = training_rows(store, class_name, where);
  ClassImages out;
  for (const int64_t row : rows) {
    const auto& labels = store.part("train").labels[static_cast<size_t>(row)];
    out.labels.push_back(std::find(labels.begin(), labels.end(), 1) - labels.begin());
  }
  out.pixels = load_images(store, "train", rows, device);
  return out;
}

/// Returns the store after check_training_set(), for use in an initialiser list before images are
/// loaded.
const Store& checked(const Store& store, const std::string& class_name, const GanOptions& options) {
  check_training_set(store, class_name, options);
  return store;
}

}  // namespace

void check_training_set(const Store& store,
                        const std::string& class_name,
                        const GanOptions& options) {
  const auto enough = [&](const std::string& name) {
    const int64_t count = std::ssize(training_rows(store, name, options.where));
    check(count > 0,
          Exit::bad_data,
          "there are no training images of " + selection_text(name, options.where));
    check(count >= kLeastGanImages || options.allow_few,
          Exit::bad_data,
          cat(selection_text(name, options.where),
              " has ",
              count,
              " training images; with fewer than ",
              kLeastGanImages,
              ", synthetic images have been observed to do harm. Use --allow-few "
              "(gan.allow_few=true) to train anyway"));
  };
  if (conditioning_named(options.conditioning) == Conditioning::none) {
    enough(class_name);
    return;
  }
  check(class_name.empty(),
        Exit::config,
        "labels (--conditional) cannot be combined with one class (--class); use one of them");
  check(
      !store.info().multi_label,
      Exit::bad_data,
      cat(store.path().string(),
          ": its images may have several classes, but labels require exactly one class per image; "
          "train one class with --class"));
  for (const int64_t row : training_rows(store, "", options.where)) {
    const auto& labels = store.part("train").labels[static_cast<size_t>(row)];
    check(std::count(labels.begin(), labels.end(), 1) == 1,
          Exit::bad_data,
          cat(store.path().string(),
              ": training image '",
              store.part("train").ids[static_cast<size_t>(row)],
              "' does not have exactly one class, which labels require; `evenray data check` lists "
              "all such images"));
  }
  for (const auto& name : store.info().class_names) enough(name);
}

void check_gan_training(const Store& store,
                        const std::string& class_name,
                        const GanOptions& options) {
  options.check();
  const auto& info = store.info();
  check(info.value_max == (info.bits == 8 ? 255 : 65535),
        Exit::bad_data,
        cat(store.path().string(),
            ": its value_max is ",
            info.value_max,
            ", but a generator requires images that use the full range (255 or 65535)"));
  plan_size(info.height, info.width);
  check_training_set(store, class_name, options);
  if (options.transfer.from != "none" && !options.transfer.trains_parent()) {
    const bool labelled = conditioning_named(options.conditioning) != Conditioning::none;
    read_parent(
        options, info.height, info.width, labelled ? info.class_names : std::vector<std::string>{});
  }
  if (options.transfer.freeze_d > 0)
    check_frozen_layers(options, *make_discriminator(options, info.height, info.width));
}

TrainingSet::TrainingSet(const Store& store,
                         const std::string& class_name,
                         const GanOptions& options,
                         const Rng& rng,
                         torch::Device device)
    : options_(options),
      rng_(rng),
      device_(device),
      value_max_(store.info().value_max),
      images_(
          class_images(checked(store, class_name, options), class_name, options.where, device)) {
  if (conditioning_named(options.conditioning) == Conditioning::none) {
    order_.emplace_back(images_.count(), options.last_minibatch(), rng.fork("order"));
    return;
  }
  classes_ = store.info().class_names;
  of_class_.resize(classes_.size());
  for (int64_t i = 0; i < images_.count(); ++i)
    of_class_[static_cast<size_t>(images_.labels[static_cast<size_t>(i)])].push_back(i);
  for (size_t c = 0; c < classes_.size(); ++c)
    order_.emplace_back(
        static_cast<int64_t>(of_class_[c].size()), options.last_minibatch(), rng.fork("order", c));
}

std::vector<int64_t> TrainingSet::class_counts() const {
  std::vector<int64_t> out;
  for (const auto& rows : of_class_) out.push_back(static_cast<int64_t>(rows.size()));
  return out;
}

TrainingSet::Minibatch TrainingSet::minibatch(const Moment& moment, int64_t step) {
  const int64_t count = moment.minibatch;
  Minibatch out;
  std::vector<int64_t> rows;
  if (classes_.empty()) {
    rows = order_[0].rows(moment.shown, count);
  } else {
    const auto classes = static_cast<int64_t>(classes_.size());
    for (int64_t number = moment.shown; number < moment.shown + count; ++number) {
      const auto c = static_cast<size_t>(number % classes);
      rows.push_back(of_class_[c][static_cast<size_t>(order_[c].rows(number / classes, 1)[0])]);
    }
    out.labels = to_device(labels_in_turn(moment.shown, count, classes), device_);
  }
  out.images = gan_input(images_.pixels.index_select(0, index_tensor(rows, device_)), value_max_);
  if (!options_.mirror) return out;
  std::vector<int64_t> flips;
  Rng stream = rng_.fork("mirror", static_cast<uint64_t>(step));
  for (int64_t i = 0; i < count; ++i) flips.push_back(stream.chance(.5));
  const auto flip = index_tensor(flips, device_).to(torch::kBool).view({-1, 1, 1, 1});
  out.images =
      torch::where(flip, out.images.flip(3), out.images).contiguous(at::MemoryFormat::ChannelsLast);
  return out;
}

}  // namespace evenray
