// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "augment/balance.hpp"
#include "lesion/blend.hpp"
#include "lesion/collection.hpp"

namespace evenray {

/// What is pasted.
enum class LesionKind {
  real,      ///< a lesion into a negative
  residual,  ///< a lesion minus its harmonic interpolation into a negative
  identity,  ///< a lesion into its own image, 1 or 2 px away: a control
  healthy,   ///< a patch of a negative into another negative: a control
  drawn,     ///< a generator's patch into a negative
};
/// The words of a source's name for the kinds except `drawn`.
inline constexpr std::array kLesionWords = {"real", "residual", "identity", "healthy"};
/// Returns the kind of one of these words; `drawn` for any other text, which is a path.
LesionKind parse_lesion_kind(const std::string& word);

/// Draws patches with a lesion in their middle. Not thread-safe.
class PatchDrawer {
 public:
  virtual ~PatchDrawer() = default;
  virtual std::string name() const = 0;     ///< "gan@DIGEST"
  virtual std::string caution() const = 0;  ///< as Source::caution()
  virtual bool draws(const std::string& class_name) const = 0;
  virtual int value_max() const = 0;
  /// Returns the patches number first .. first + count - 1, u8 or u16, all of one size.
  virtual std::vector<cv::Mat> draw(const std::string& class_name,
                                    int64_t first,
                                    int64_t count,
                                    uint64_t seed) = 0;
};

/// A pasted image, and where the patch is.
struct PastedImage {
  Drawn drawn;
  cv::Rect area;        ///< of the patch; empty if drawn.failed is set
  int64_t donor = -1;   ///< row of train that the lesion, or the healthy patch, is from
  int64_t target = -1;  ///< row of train that it was pasted into
};

/// The source lesion:... of a store. Image number i of a class takes lesion i modulo their number,
/// in an order that is shuffled in each round, and tries the next targets of that lesion's own
/// order of targets, so no lesion is pasted into one target twice. Of the targets tried (at most
/// LesionOptions::targets), the one with the best place (find_place()) is taken. If none has a
/// place, the image fails with a reason, Drawn::failed. Lesions and targets are real rows of train.
/// The recipe states donor, place, mix, gain and grain.
class LesionSource final : public Source {
 public:
  /// `drawer`: for LesionKind::drawn only. Throws as Collection(). `store` must outlive it.
  LesionSource(const Store& store,
               LesionKind kind,
               const LesionOptions& options,
               int threads,
               std::shared_ptr<PatchDrawer> drawer = {});

  std::string name() const override;
  Origin origin() const override { return Origin::synthetic; }
  std::string caution() const override;
  /// Returns whether the class has lesions; for `healthy`, whether it has negatives.
  bool serves(int class_index) const override;
  std::vector<Drawn> draw(int class_index, int64_t first, int64_t count, const Rng& rng) override;
  /// As draw(), with places.
  std::vector<PastedImage> paste_images(int class_index,
                                        int64_t first,
                                        int64_t count,
                                        const Rng& rng);

  LesionKind kind() const { return kind_; }
  const LesionOptions& options() const { return options_; }
  const Collection& collection() const { return collection_; }

 private:
  struct Task;
  struct Found {
    int64_t row = -1;
    std::shared_ptr<const Scene> scene;  ///< empty: no place was found
    Place place;
  };
  PastedImage make(const Task& task) const;
  PastedImage into_own_image(const Task& task) const;
  PastedImage into_negative(const Task& task) const;
  Found best_place(const Task& task,
                   const Cut& cut,
                   const std::vector<int64_t>& rows,
                   int64_t apart) const;
  void finish(const Task& task,
              const Cut& cut,
              const Scene& target,
              const cv::Rect& area,
              PastedImage& out) const;
  std::shared_ptr<const Scene> scene(int64_t row) const;
  std::vector<int64_t> targets_like(const Task& task) const;
  std::vector<int64_t> targets_of(const Task& task, const char* purpose) const;

  const Store& store_;
  LesionKind kind_;
  LesionOptions options_;
  int threads_;
  std::shared_ptr<PatchDrawer> drawer_;
  Collection collection_;
};

}  // namespace evenray
