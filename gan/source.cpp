// SPDX-License-Identifier: Apache-2.0
#include <opencv2/imgproc.hpp>

#include "augment/gates.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "gan/gan.hpp"

namespace evenray {
namespace {

class GanSource final : public Source {
 public:
  GanSource(const Path& path, const SourceContext& context, const Compute& compute)
      : generator_(path, compute), size_(context.store.info().width, context.store.info().height) {
    const Store& store = context.store;
    const auto& info = store.info();
    const cv::Size drawn(generator_.width(), generator_.height());
    check(
        drawn == size_ || context.allow_resize,
        Exit::bad_data,
        cat(path.string(),
            " draws ",
            drawn.height,
            "x",
            drawn.width,
            " px, the store has ",
            size_.height,
            "x",
            size_.width,
            ": a classifier may learn to detect resized images; train at the store's size, or give "
            "--allow-resize"));
    check(generator_.value_max() == info.value_max,
          Exit::bad_data,
          cat(path.string(),
              " draws values up to ",
              generator_.value_max(),
              ", the store has ",
              info.value_max));
    check(!generator_.class_name().empty() || !generator_.classes().empty(),
          Exit::bad_data,
          cat(path.string(),
              " was trained on all classes without labels: it cannot draw one class; train it with "
              "--class or --conditional"));
    if (generator_.classes().empty()) info.class_index(generator_.class_name());
    caution_ = accepted_caution(path, generator_, context.generators);
    if (context.generators != Generators::any_silently) generator_.warn_if_other_store(store);
    class_names_ = info.class_names;
  }

  /// The name contains the digest of the generator and not its path, so that the draws of `balance`
  /// and its report do not depend on where the checkpoint is stored.
  std::string name() const override {
    const std::string drawn =
        generator_.classes().empty() ? generator_.class_name() : join(generator_.classes(), "+");
    return cat("gan:", drawn, "@", generator_.digest().substr(0, 12));
  }
  Origin origin() const override { return Origin::synthetic; }
  std::string caution() const override { return caution_; }

  std::vector<Drawn> draw(int class_index, int64_t first, int64_t count, const Rng& rng) override {
    const std::string& class_name = class_names_[static_cast<size_t>(class_index)];
    check(serves(class_index), Exit::bad_data, cat(name(), " does not draw class ", class_name));
    Drawing drawing;
    drawing.seed = rng.key();
    if (!generator_.classes().empty()) drawing.class_name = class_name;
    std::vector<Drawn> out;
    int64_t number = first;
    for (auto& image : generator_.sample(first, count, drawing)) {
      Drawn drawn;
      if (image.size() != size_) {
        Placement placement;
        image = fit_image(image, size_.height, size_.width, Fit::stretch, placement);
      }
      drawn.image = image;
      drawn.provenance = {
          Origin::synthetic, -1, cat("gan ", generator_.digest(), " latent ", number), rng.key()};
      out.push_back(std::move(drawn));
      ++number;
    }
    return out;
  }

  bool serves(int class_index) const override {
    return generator_.draws(class_names_[static_cast<size_t>(class_index)]);
  }

 private:
  Generator generator_;
  cv::Size size_;
  std::string caution_;
  std::vector<std::string> class_names_;
};

}  // namespace

std::string accepted_caution(const Path& path, const Generator& generator, Generators accepted) {
  if (accepted == Generators::any_silently) return "";
  const auto verdict = stored_verdict(path, generator.digest());
  if (verdict && verdict->word == kUsable) return "";
  const std::string text = verdict ? verdict->text() : no_verdict_text();
  const std::string found = cat("generator ", path.string(), ": ", text);
  check(accepted == Generators::any || (verdict && verdict->word == kWeak),
        Exit::bad_data,
        cat(found,
            verdict ? "; train it longer (gan.total_kimg) or with more images" : "",
            ", or give --allow-weak to use it as it is"));
  log_warning(found);
  return text;
}

SourceKinds source_kinds(const Compute& compute) {
  SourceKinds kinds = row_source_kinds();
  kinds.push_back({"gan",
                   "gan:PATH",
                   [](const std::string& path) {
                     check(!path.empty(), Exit::usage, "source gan: takes the path of a generator");
                   },
                   [compute](const std::string& path, const SourceContext& context) {
                     return std::make_shared<GanSource>(path, context, compute);
                   }});
  return kinds;
}

std::vector<std::shared_ptr<Gate>> all_gates(const Store& store,
                                             const BalanceOptions& options,
                                             int threads) {
  auto gates = make_gates(store, options, threads);
  if (options.memorised) gates.push_back(memorised_gate(store));
  return gates;
}

}  // namespace evenray
