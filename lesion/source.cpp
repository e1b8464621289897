// SPDX-License-Identifier: Apache-2.0
#include "lesion/source.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr const char* kNoPlace = "no place that fits";
constexpr const char* kNoTarget = "no negative of the lesion's region and view";
constexpr const char* kUsedUp = "the lesion was pasted into every target";
/// A lesion uses up at most this share of its targets in one round.
constexpr size_t kLeastRounds = 8;

/// Returns the generator's patch as the content of a lesion's square, clipped as the square was.
cv::Mat stretched(const cv::Mat& patch, const cv::Rect& square, const cv::Rect& clipped) {
  cv::Mat out;
  const bool shrinks = patch.cols > square.width;
  cv::resize(patch, out, square.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  return out(clipped - square.tl()).clone();
}

}  // namespace

/// One image to make.
struct LesionSource::Task {
  int class_index;
  Lesion lesion;
  int64_t round;  ///< how often the lesion was used before
  Rng rng;        ///< of the image
  Rng order;      ///< of the lesion's targets
  cv::Mat patch;  ///< of the generator; else empty
};

LesionKind parse_lesion_kind(const std::string& word) {
  const auto found = std::find(kLesionWords.begin(), kLesionWords.end(), word);
  return static_cast<LesionKind>(found - kLesionWords.begin());
}

LesionSource::LesionSource(const Store& store,
                           LesionKind kind,
                           const LesionOptions& options,
                           int threads,
                           std::shared_ptr<PatchDrawer> drawer)
    : store_(store),
      kind_(kind),
      options_(options),
      threads_(threads),
      drawer_(std::move(drawer)),
      collection_(store, options) {}

std::string LesionSource::name() const {
  return cat(
      "lesion:",
      kind_ == LesionKind::drawn ? drawer_->name() : kLesionWords[static_cast<size_t>(kind_)]);
}

std::string LesionSource::caution() const {
  std::vector<std::string> out;
  if (drawer_ && !drawer_->caution().empty()) out.push_back(drawer_->caution());
  if (collection_.unmovable() > 0)
    out.push_back(cat(collection_.unmovable(), " lesions are too large or too small to be moved"));
  if (kind_ == LesionKind::healthy || kind_ == LesionKind::identity)
    out.emplace_back("a control: its images show no new lesion");
  return join(out, "; ");
}

bool LesionSource::serves(int class_index) const {
  if (kind_ != LesionKind::healthy)
    return !collection_.lesions(class_index).empty() &&
           (!drawer_ ||
            drawer_->draws(store_.info().class_names[static_cast<size_t>(class_index)]));
  const auto& labels = store_.part("train").labels;
  const auto& negatives = collection_.negatives();
  return std::any_of(negatives.begin(), negatives.end(), [&](int64_t row) {
    return labels[static_cast<size_t>(row)][static_cast<size_t>(class_index)] == 1;
  });
}

std::vector<Drawn> LesionSource::draw(int class_index,
                                      int64_t first,
                                      int64_t count,
                                      const Rng& rng) {
  std::vector<Drawn> out;
  for (auto& made : paste_images(class_index, first, count, rng))
    out.push_back(std::move(made.drawn));
  return out;
}

std::vector<PastedImage> LesionSource::paste_images(int class_index,
                                                    int64_t first,
                                                    int64_t count,
                                                    const Rng& rng) {
  const std::string& class_name = store_.info().class_names[static_cast<size_t>(class_index)];
  check(serves(class_index), Exit::bad_data, cat(name(), " does not draw class ", class_name));
  std::vector<cv::Mat> patches;
  if (drawer_) patches = drawer_->draw(class_name, first, count, rng.key());
  const auto& lesions = collection_.lesions(kind_ == LesionKind::healthy ? -1 : class_index);
  const auto size = std::ssize(lesions);
  std::vector<Task> tasks;
  std::vector<size_t> order(lesions.size());
  for (int64_t i = 0; i < count; ++i) {
    const int64_t round = (first + i) / size, place = (first + i) % size;
    if (i == 0 || place == 0) {
      for (size_t k = 0; k < order.size(); ++k) order[k] = k;
      rng.fork("lesions", static_cast<uint64_t>(round)).shuffle(order);
    }
    const size_t lesion = order[static_cast<size_t>(place)];
    tasks.push_back({class_index,
                     lesions[lesion],
                     round,
                     rng.fork("image", static_cast<uint64_t>(first + i)),
                     rng.fork("targets", lesion),
                     drawer_ ? patches[static_cast<size_t>(i)] : cv::Mat()});
  }
  std::vector<PastedImage> out(tasks.size());
  parallel_for(tasks.size(), threads_, [&](size_t i) {
    throw_if_stopped();
    out[i] = make(tasks[i]);
  });
  return out;
}

std::shared_ptr<const Scene> LesionSource::scene(int64_t row) const {
  return std::make_shared<Scene>(store_.image("train", row), store_.info().value_max);
}

PastedImage LesionSource::make(const Task& task) const {
  PastedImage out = kind_ == LesionKind::identity ? into_own_image(task) : into_negative(task);
  out.drawn.provenance.origin = Origin::synthetic;
  out.drawn.provenance.seed = task.rng.key();
  return out;
}

PastedImage LesionSource::into_own_image(const Task& task) const {
  PastedImage out;
  const int64_t row = task.lesion.row;
  const cv::Rect content = collection_.content(row);
  const Box& box = store_.part("train").boxes[static_cast<size_t>(row)][task.lesion.box];
  const auto own = scene(row);
  const cv::Rect area = patch_area(box, options_.context, content);
  std::vector<cv::Rect> moved;
  for (int dy = -2; dy <= 2; ++dy) {
    for (int dx = -2; dx <= 2; ++dx) {
      const cv::Rect there = area + cv::Point(dx, dy);
      if ((dx != 0 || dy != 0) && (there & content) == there) moved.push_back(there);
    }
  }
  // Each round needs a move of its own.
  if (task.round >= std::ssize(moved)) {
    out.drawn.failed = moved.empty() ? kNoPlace : kUsedUp;
    return out;
  }
  task.order.fork("moves").shuffle(moved);
  out.donor = out.target = row;
  finish(
      task, cut_lesion(own, area, content, box), *own, moved[static_cast<size_t>(task.round)], out);
  return out;
}

/// Returns the negatives that the lesion could be pasted into.
std::vector<int64_t> LesionSource::targets_like(const Task& task) const {
  return collection_.negatives_like(task.lesion.row,
                                    kind_ == LesionKind::healthy ? task.class_index : -1);
}

/// Returns those of them that this image may try, in order.
std::vector<int64_t> LesionSource::targets_of(const Task& task, const char* purpose) const {
  auto rows = targets_like(task);
  task.order.fork(purpose).shuffle(rows);
  const size_t most =
      std::clamp<size_t>(rows.size() / kLeastRounds, 1, static_cast<size_t>(options_.targets));
  const size_t begin = std::min(rows.size(), most * static_cast<size_t>(task.round));
  const size_t end = std::min(rows.size(), begin + most);
  return {rows.begin() + static_cast<std::ptrdiff_t>(begin),
          rows.begin() + static_cast<std::ptrdiff_t>(end)};
}

PastedImage LesionSource::into_negative(const Task& task) const {
  PastedImage out;
  const StorePart& train = store_.part("train");
  const int64_t donor = task.lesion.row;
  const cv::Rect content = collection_.content(donor);
  const Box& box = train.boxes[static_cast<size_t>(donor)][task.lesion.box];
  const cv::Rect area = patch_area(box, options_.context, content);
  Cut cut = cut_lesion(scene(donor), area, content, box);
  const auto targets = targets_of(task, "targets");
  if (targets.empty()) {
    out.drawn.failed = targets_like(task).empty() ? kNoTarget : kUsedUp;
    return out;
  }
  out.drawn.failed = kNoPlace;
  out.donor = donor;
  if (kind_ == LesionKind::healthy) {
    const Found from = best_place(task, cut, targets_of(task, "healthy"), -1);
    if (!from.scene) return out;
    out.donor = from.row;
    cut = cut_like(cut, from.scene, from.place.area);
  } else if (kind_ == LesionKind::drawn) {
    const cv::Rect square = patch_square(box, options_.context, content);
    cut =
        cut_like(cut,
                 std::make_shared<Scene>(stretched(task.patch, square, area), drawer_->value_max()),
                 cv::Rect({}, area.size()));
  }
  const auto found = best_place(task, cut, targets, kind_ == LesionKind::healthy ? out.donor : -1);
  if (!found.scene) return out;
  out.drawn.failed.clear();
  out.target = found.row;
  finish(task, cut, *found.scene, found.place.area, out);
  if (kind_ == LesionKind::healthy)
    out.drawn.provenance.recipe += cat(" patch ", train.ids[static_cast<size_t>(out.donor)]);
  return out;
}

/// Returns the best place in these rows; without those of the group of the row `apart`, -1: none.
LesionSource::Found LesionSource::best_place(const Task& task,
                                             const Cut& cut,
                                             const std::vector<int64_t>& rows,
                                             int64_t apart) const {
  Found best;
  const auto& groups = store_.part("train").groups;
  for (const int64_t row : rows) {
    if (apart >= 0 && groups[static_cast<size_t>(row)] == groups[static_cast<size_t>(apart)])
      continue;
    const auto there = scene(row);
    const auto place = find_place(cut,
                                  *there,
                                  collection_.content(row),
                                  options_,
                                  task.rng.fork("place", static_cast<uint64_t>(row)));
    if (place && (!best.scene || place->likeness > best.place.likeness))
      best = {row, there, *place};
  }
  return best;
}

void LesionSource::finish(const Task& task,
                          const Cut& cut,
                          const Scene& target,
                          const cv::Rect& area,
                          PastedImage& out) const {
  Paste how;
  how.blend = kind_ == LesionKind::residual ? Blend::residual
              : options_.blend == "feather" ? Blend::feather
                                            : Blend::poisson;
  how.mix = task.rng.fork("mix").uniform(options_.mix_min, 1);
  Drawn& drawn = out.drawn;
  drawn.image =
      quantised(paste(cut, target, area, how, task.rng.fork("grain")), store_.info().value_max);
  out.area = area;
  drawn.boxes_known = true;
  drawn.boxes = store_.part("train").boxes[static_cast<size_t>(out.target)];
  if (kind_ != LesionKind::healthy) {
    Box box = cut.box;
    const auto dx = static_cast<float>(area.x), dy = static_cast<float>(area.y);
    box.x0 += dx, box.x1 += dx, box.y0 += dy, box.y1 += dy;
    for (auto& ring : box.rings)
      for (auto& point : ring) point += cv::Point2f(dx, dy);
    if (kind_ == LesionKind::identity) {
      drawn.boxes[task.lesion.box] = box;
    } else {
      drawn.boxes.push_back(box);
    }
  }
  drawn.provenance.parent = out.target;
  drawn.provenance.recipe = cat(name(),
                                " lesion ",
                                collection_.name(task.lesion),
                                " at ",
                                area.x,
                                " ",
                                area.y,
                                " ",
                                area.width,
                                " ",
                                area.height,
                                " mix ",
                                fixed(how.mix, 3),
                                " gain ",
                                fixed(how.gain, 3),
                                " grain ",
                                fixed(how.grain, 5));
}

}  // namespace evenray
