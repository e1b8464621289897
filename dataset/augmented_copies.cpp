// SPDX-License-Identifier: Apache-2.0
#include "dataset/augmented_copies.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <set>

#include "core/parallel.hpp"
#include "core/run_folder.hpp"
#include "dataset/copies/alignment.hpp"
#include "dataset/copies/copy_name.hpp"
#include "dataset/copies/landmark_index.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/files/image_file.hpp"

namespace evenray {
namespace {

/// Of 200 FracAtlas images, the details of different pictures agree by at most .78 once aligned.
constexpr double kAgree = .8, kAgreeIfNamed = .6;
constexpr int kDetailedPx = 128;
/// The pictures of one name are compared with the first of each group that was found so far.
constexpr size_t kMostOfOneName = 8;

/// What two rows must reach to be linked.
struct Demands {
  int matches;                 ///< landmarks that agree with their alignment
  double thumbnails, details;  ///< agreement, before and after the pictures are decoded
};
/// 97 % of 5,132 pairs of copies reach the first two, and an eighth of other candidates.
constexpr Demands kUnnamed{10, .88, kAgree};
/// So many matches are rare among different pictures (1 % have 25). Thumbnails then need no more
/// than details do: the file of one of the two may be truncated.
constexpr int kManyMatches = 30;

/// The pictures that were decoded last. Thread-safe.
class ReducedPictures {
 public:
  cv::Mat get(const Sample& sample) {
    {
      const std::lock_guard lock(mutex_);
      const auto known = std::find_if(
          last_.begin(), last_.end(), [&](const auto& entry) { return entry.first == &sample; });
      if (known != last_.end()) {
        last_.splice(last_.begin(), last_, known);
        return known->second;
      }
    }
    const cv::Mat pixels = decode_sample(sample).pixels;
    cv::Mat reduced = pixels.empty() ? cv::Mat() : reduced_picture(pixels);
    const std::lock_guard lock(mutex_);
    last_.emplace_front(&sample, reduced);
    if (last_.size() > kKept) last_.pop_back();
    return reduced;
  }

 private:
  static constexpr size_t kKept = 64;
  std::mutex mutex_;
  std::list<std::pair<const Sample*, cv::Mat>> last_;
};

class CopyFinder {
 public:
  CopyFinder(const Manifest& manifest, const std::vector<ImageFacts>& facts, int threads)
      : samples_(manifest.samples), facts_(facts), threads_(threads), same_(facts.size()) {}

  std::vector<std::vector<size_t>> groups(const std::vector<std::vector<size_t>>& duplicates) {
    for (const auto& picture : duplicates)
      for (const auto row : picture) same_.unite(picture.front(), row);
    for (const auto& [a, b] : turned_duplicates(facts_, threads_)) same_.unite(a, b);
    link_by_name();
    link_by_landmarks();
    const std::set<std::vector<size_t>> known(duplicates.begin(), duplicates.end());
    auto groups = same_.groups();
    std::erase_if(groups,
                  [&](const auto& rows) { return rows.size() < 2 || known.contains(rows); });
    return groups;
  }

 private:
  bool linked(size_t a, size_t b) {
    const std::lock_guard lock(mutex_);
    return same_.root(a) == same_.root(b);
  }

  /// Links two rows if their landmarks align them, and their thumbnails and pictures then agree.
  bool link(size_t a, size_t b, bool mirrored, const Demands& demands) {
    if (linked(a, b)) return true;
    auto alignment = align(facts_[a].landmarks, facts_[b].landmarks, mirrored);
    if (!alignment || alignment->matches < demands.matches) return false;
    const double least = alignment->matches < kManyMatches
                             ? demands.thumbnails
                             : std::min(demands.thumbnails, demands.details);
    const double agreement = align_thumbnails(facts_[a].thumbnail,
                                              facts_[a].landmarks,
                                              facts_[b].thumbnail,
                                              facts_[b].landmarks,
                                              *alignment,
                                              least);
    return agreement >= least &&
           unite_if_agreed(
               a, b, demands.details, [&](const cv::Mat&, const cv::Mat&) { return *alignment; });
  }

  /// Links two rows whose names say that they are copies of one picture. Small pictures have few
  /// landmarks; then their alignment is searched for.
  bool link_named(size_t a, size_t b) {
    const double least = detailed(facts_[a]) && detailed(facts_[b]) ? kAgreeIfNamed : kAgree;
    const Demands demands{1, least, least};
    return link(a, b, false, demands) || link(a, b, true, demands) ||
           unite_if_agreed(a, b, least, &search_alignment);
  }

  template <class AlignmentOf>
  bool unite_if_agreed(size_t a, size_t b, double least, const AlignmentOf& alignment_of) {
    const cv::Mat of_a = pictures_.get(samples_[a]), of_b = pictures_.get(samples_[b]);
    if (of_a.empty() || of_b.empty()) return false;
    if (compare_aligned(of_a, of_b, alignment_of(of_a, of_b), least) < least) return false;
    const std::lock_guard lock(mutex_);
    same_.unite(a, b);
    return true;
  }

  /// Whether the picture is large enough to tell one chest from another.
  static bool detailed(const ImageFacts& fact) {
    return std::max(fact.width, fact.height) >= kDetailedPx;
  }

  void link_by_name() {
    std::vector<std::string> names(samples_.size());
    std::vector<char> altered(samples_.size(), 0);
    parallel_for(samples_.size(), threads_, [&](size_t i) {
      const std::string stem = Path(samples_[i].source_path).stem().string();
      names[i] = original_name(stem);
      altered[i] = names[i] != stem;
    });
    std::map<std::string, std::vector<size_t>> rows_of_name;
    for (size_t i = 0; i < names.size(); ++i) rows_of_name[names[i]].push_back(i);
    std::vector<const std::vector<size_t>*> shared;
    for (const auto& [name, rows] : rows_of_name)
      if (rows.size() > 1 &&
          std::any_of(rows.begin(), rows.end(), [&](size_t i) { return altered[i]; }))
        shared.push_back(&rows);
    parallel_for(shared.size(), threads_, [&](size_t k) {
      std::vector<size_t> firsts;
      for (const auto row : *shared[k]) {
        throw_if_stopped();
        const bool known = std::any_of(
            firsts.begin(), firsts.end(), [&](size_t first) { return link_named(first, row); });
        if (!known && firsts.size() < kMostOfOneName) firsts.push_back(row);
      }
    });
  }

  void link_by_landmarks() {
    static const Landmarks none;
    std::vector<const Landmarks*> pictures;
    for (const auto& fact : facts_) pictures.push_back(detailed(fact) ? &fact.landmarks : &none);
    const LandmarkIndex index(pictures);
    parallel_for(pictures.size(), threads_, [&](size_t b) {
      throw_if_stopped();
      // The landmarks of the later picture were mirrored.
      for (const auto& found : index.candidates(b))
        link(b, found.picture, found.mirrored, kUnnamed);
    });
  }

  const std::vector<Sample>& samples_;
  const std::vector<ImageFacts>& facts_;
  int threads_;
  ReducedPictures pictures_;
  std::mutex mutex_;  // of same_
  UnionFind same_;
};

}  // namespace

std::vector<std::vector<size_t>> augmented_copies(
    const Manifest& manifest,
    const std::vector<ImageFacts>& facts,
    const std::vector<std::vector<size_t>>& duplicates,
    int threads) {
  return CopyFinder(manifest, facts, threads).groups(duplicates);
}

PictureGroups group_pictures(const Manifest& manifest,
                             const std::vector<ImageFacts>& facts,
                             int threads) {
  PictureGroups found;
  found.duplicates = near_duplicate_groups(facts, threads);
  found.copies = augmented_copies(manifest, facts, found.duplicates, threads);
  return found;
}

}  // namespace evenray
