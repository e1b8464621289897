// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "lesion/lesion.hpp"

namespace evenray {
namespace {

constexpr const char* kPrefix = "lesion:";

/// A generator that was trained on patches.
class GeneratorPatches final : public PatchDrawer {
 public:
  GeneratorPatches(const Path& path, const SourceContext& context, const Compute& compute)
      : generator_(path, compute) {
    check(!generator_.class_name().empty() || !generator_.classes().empty(),
          Exit::bad_data,
          cat(path.string(),
              " was trained on all classes without labels: it cannot draw one class; train it with "
              "--class or --conditional"));
    if (generator_.classes().empty()) context.store.info().class_index(generator_.class_name());
    caution_ = accepted_caution(path, generator_, context.generators);
  }

  std::string name() const override { return cat("gan@", generator_.digest().substr(0, 12)); }
  std::string caution() const override { return caution_; }
  bool draws(const std::string& class_name) const override { return generator_.draws(class_name); }
  int value_max() const override { return generator_.value_max(); }
  std::vector<cv::Mat> draw(const std::string& class_name,
                            int64_t first,
                            int64_t count,
                            uint64_t seed) override {
    Drawing drawing;
    drawing.seed = seed;
    if (!generator_.classes().empty()) drawing.class_name = class_name;
    return generator_.sample(first, count, drawing);
  }

 private:
  Generator generator_;
  std::string caution_;
};

std::shared_ptr<LesionSource> make_lesions(const std::string& rest,
                                           const SourceContext& context,
                                           const LesionOptions& options,
                                           const Compute& compute) {
  const LesionKind kind = parse_lesion_kind(rest);
  std::shared_ptr<PatchDrawer> drawer;
  if (kind == LesionKind::drawn)
    drawer = std::make_shared<GeneratorPatches>(rest, context, compute);
  return std::make_shared<LesionSource>(
      context.store, kind, options, context.threads, std::move(drawer));
}

void check_lesion_name(const std::string& rest) {
  check(!rest.empty(),
        Exit::usage,
        cat("source lesion: takes ",
            join({kLesionWords.begin(), kLesionWords.end()}),
            " or the path of a generator of patches"));
}

}  // namespace

SourceKinds every_source_kind(const LesionOptions& options, const Compute& compute) {
  SourceKinds kinds = source_kinds(compute);
  kinds.push_back({"lesion",
                   "lesion:real|residual|identity|healthy|PATH",
                   check_lesion_name,
                   [options, compute](const std::string& rest, const SourceContext& context) {
                     return make_lesions(rest, context, options, compute);
                   }});
  return kinds;
}

SourceKinds every_source_kind() { return every_source_kind({}, Compute{}); }

std::shared_ptr<LesionSource> make_lesion_source(const std::string& name,
                                                 const SourceContext& context,
                                                 const LesionOptions& options,
                                                 const Compute& compute) {
  check(name.starts_with(kPrefix),
        Exit::usage,
        cat("'", name, "' is not a source of lesions; give lesion:real or another one"));
  const std::string rest = name.substr(std::string(kPrefix).size());
  check_lesion_name(rest);
  return make_lesions(rest, context, options, compute);
}

}  // namespace evenray
