// SPDX-License-Identifier: Apache-2.0
#include "settings/arms.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Needs classify.tune = "head".
constexpr const char* kFeatureArm = "feature-smote";
/// Names of the settings of detectors, see [detect].
constexpr const char* kDetect = "detect.";

bool sets_detector(const Arm& arm) {
  return std::any_of(arm.set.begin(), arm.set.end(), [](const std::string& word) {
    return word.starts_with(kDetect);
  });
}

constexpr const char *kHealthy = "lesion:healthy", *kIdentity = "lesion:identity";

bool any_source(const Arm& arm, const char* prefix) {
  return std::any_of(arm.sources.begin(), arm.sources.end(), [&](const std::string& source) {
    return source.starts_with(prefix);
  });
}

}  // namespace

void Arm::fields(Fields& f) {
  f("name", name, "name of the arm");
  f("meaning", meaning, "what the arm does, for the report");
  f("sources",
    sources,
    "sources of the added rows, each with or without @SHARE: copy, augment:POLICY, gan:rare, "
    "gan:others, gan:all, gan:CLASS, lesion:real, lesion:residual, lesion:identity, "
    "lesion:healthy, lesion:gan; empty: the training part is not changed");
  f("replace",
    replace,
    "synthetic share of the other classes' rows, which replace real ones, as a multiple of the "
    "rare class's share; 0: no row is replaced");
  f("dose", dose, "synthetic images per real one in this arm; -1: balance.max_synthetic");
  f("gates",
    gates,
    "gates added to the study's: near-duplicate:CORRELATION, memorised, decisions:FILE");
  f("set",
    set,
    "settings of classify (or detect), lesion and balance for this arm only: "
    "['classify.lr=1e-3']");
  f("pretrain",
    pretrain,
    "sources gan:... of a training part of synthetic rows only; the classifier is trained on it "
    "for "
    "the first half of the steps, then on the arm's own rows");
  f("resampled",
    resampled,
    "shrink the real training rows to study.generator_size and enlarge them again, as synthetic "
    "images are enlarged");
  f("generator",
    generator,
    "settings of gan, for generators of this arm only: ['gan.preset=strong']");
}

bool Arm::synthetic() const { return generated() || pastes(); }
bool Arm::generated() const { return draws_images() || draws_patches(); }
bool Arm::draws_images() const { return any_source(*this, kGanSource) || !pretrain.empty(); }
bool Arm::draws_patches() const { return any_source(*this, kPatchSource); }
bool Arm::pastes() const { return any_source(*this, kLesionSource); }
bool Arm::is_control() const {
  return pastes() && std::all_of(sources.begin(), sources.end(), [](const std::string& source) {
           return source.starts_with(kHealthy) || source.starts_with(kIdentity);
         });
}
bool Arm::shows_lesions() const {
  return std::any_of(sources.begin(), sources.end(), [](const std::string& source) {
    return source.starts_with(kLesionSource) && !source.starts_with(kHealthy);
  });
}
bool Arm::augmented() const { return any_source(*this, "augment:"); }

std::vector<Arm> builtin_arms(const std::string& policy) {
  // Share 0: this source fills only the rows that the generator's dose does not allow.
  const std::string augment = "augment:" + policy;
  return {
      {.name = "real", .meaning = "the training part as it is"},
      {.name = "weighted",
       .meaning = "as it is; the loss weighs each class by the inverse of its count",
       .set = {"classify.loss_weights=inverse"}},
      {.name = "oversample", .meaning = "rare class filled up with copies", .sources = {"copy"}},
      {.name = "autoaugment",
       .meaning = "rare class filled up with augmented copies",
       .sources = {augment}},
      {.name = "gan",
       .meaning =
           "rare class filled up with synthetic images as far as their dose allows, then copies",
       .sources = {"gan:rare@1", "copy@0"}},
      {.name = "gan+autoaugment",
       .meaning = "as gan, with augmented copies in place of plain ones",
       .sources = {"gan:rare@1", augment + "@0"}},
      {.name = "gan-both",
       .meaning = "as gan, and the same share of the other class replaced by synthetic images",
       .sources = {"gan:rare@1", "gan:others@0", "copy@0"},
       .replace = 1},
      {.name = kFeatureArm,
       .meaning = "as real; the rare class is filled up between its features (SMOTE)",
       .set = {"classify.features=smote"}},
      {.name = "real-resampled",
       .meaning = "as real, but shrunk to the size of the generators and enlarged again",
       .resampled = true},
      {.name = "repeat",
       .meaning = "as real; images of rare classes are repeated within each epoch",
       .set = {cat(kDetect, "sampling=repeat-factor")}},
      {.name = "autoaugment-online",
       .meaning =
           cat("as real; each image is augmented anew by policy ", policy, " whenever it is used"),
       .set = {cat(kDetect, "policy=", policy)}},
      {.name = "lesion",
       .meaning = "as real, and lesions pasted into images without any",
       .sources = {"lesion:real"}},
      {.name = "lesion-residual",
       .meaning = "as lesion, but only what a lesion adds to its surroundings is pasted",
       .sources = {"lesion:residual"}},
      {.name = "lesion-gan",
       .meaning = "as lesion, but the lesions are drawn by a generator",
       .sources = {kPatchSource}},
      {.name = "lesion-both",
       .meaning = "as lesion, but half of the lesions are drawn by a generator",
       .sources = {"lesion:real@.5", cat(kPatchSource, "@.5")}},
      {.name = "lesion-identity",
       .meaning = "control: as lesion, but lesions are pasted into their own images",
       .sources = {kIdentity}},
      {.name = "lesion-healthy",
       .meaning = "control: as lesion, but the patches show no lesion and have no box",
       .sources = {kHealthy}},
  };
}

std::vector<std::string> builtin_arm_names() {
  std::vector<std::string> names;
  for (const auto& arm : builtin_arms("")) names.push_back(arm.name);
  return names;
}

std::vector<std::string> default_arm_names() {
  std::vector<std::string> names;
  for (const auto& arm : builtin_arms(""))
    if (!arm.resampled && arm.name != kFeatureArm && !sets_detector(arm) && !arm.pastes())
      names.push_back(arm.name);
  return names;
}

bool stands_for(const std::string& name, const Arm& arm) {
  if (name == kBestGan) return arm.synthetic() && !arm.is_control();
  if (name == kBestReal) return !arm.synthetic();
  return name == arm.name;
}

std::pair<std::string, std::string> parse_contrast(const std::string& contrast) {
  const size_t at = contrast.find(" vs ");
  check(at != std::string::npos,
        Exit::config,
        cat("study.contrast takes 'ARM vs ARM', not '", contrast, "'"));
  std::pair<std::string, std::string> arms{trim(contrast.substr(0, at)),
                                           trim(contrast.substr(at + 4))};
  check(!arms.first.empty() && !arms.second.empty(),
        Exit::config,
        cat("study.contrast takes 'ARM vs ARM', not '", contrast, "'"));
  check(arms.first != arms.second, Exit::config, "study.contrast compares an arm with itself");
  return arms;
}

}  // namespace evenray
