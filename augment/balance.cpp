// SPDX-License-Identifier: Apache-2.0
#include "augment/balance.hpp"

#include <algorithm>

#include "augment/balance_entry.hpp"
#include "augment/balance_report.hpp"
#include "augment/balance_rows.hpp"
#include "augment/filling.hpp"
#include "augment/limits.hpp"
#include "augment/row_use.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/store/datasheet.hpp"
#include "dataset/store/place.hpp"

namespace evenray {
namespace {

constexpr int64_t kBatch = 64;
/// Smallest batch drawn from a source: if many images are rejected, the last missing rows would
/// otherwise be drawn one by one.
constexpr int64_t kMinBatch = 8;
/// Images tried before a source gives up: kMaxTries per row asked for, plus kFreeTries.
constexpr int64_t kMaxTries = 20;
constexpr int64_t kFreeTries = 100;

struct Packed {
  cv::Mat image;
  PreparedImage prepared;
};

cv::Mat resampled(const cv::Mat& image, cv::Size size) {
  Placement placement;
  const cv::Mat small = fit_image(image, size.height, size.width, Fit::stretch, placement);
  return fit_image(small, image.rows, image.cols, Fit::stretch, placement);
}

/// Returns the images that their source made, without those that failed.
std::vector<Drawn> made_of(const std::vector<Drawn>& batch) {
  std::vector<Drawn> made;
  for (const Drawn& drawn : batch)
    if (drawn.failed.empty()) made.push_back(drawn);
  return made;
}

/// One call of run_balance().
class Filler {
 public:
  explicit Filler(const BalanceRequest& request)
      : request_(request),
        in_(request.in),
        threads_(request.threads),
        train_(in_.part("train")),
        writer_(request.out, out_info(request.settings), expected_rows(request)),
        progress_("balance", expected_rows(request), "img"),
        rows_(in_),
        use_(in_, request.plan.replaced, request.options.max_factor, balance_stream(request.seed)),
        tally_(begin_tally(request, use_)),
        entry_(in_.info(), request.gates, balance_stream(request.seed).fork("examples")) {}

  BalanceReport run() {
    // Plan all classes before writing a row, so that an impossible request fails at once.
    std::vector<std::vector<Drawer>> fillings;
    const auto classes = static_cast<int>(tally_.class_names.size());
    for (int c = 0; c < classes; ++c) fillings.push_back(plan_filling(request_, use_, c, tally_));
    copy_part("train");
    for (int c = 0; c < classes; ++c)
      for (const Drawer& drawer : fillings[static_cast<size_t>(c)])
        draw_from(*drawer.source, c, drawer.drawing);
    copy_part("val");
    copy_part("test");
    tally_.end(use_);
    BalanceReport report;
    const Store store = writer_.finish(threads_);
    write_datasheet(store);
    report.content_digest = store.content_digest();
    report.json = balance_json(tally_);
    report.json["content_digest"] = report.content_digest;
    report.examples = entry_.examples();
    return report;
  }

 private:
  StoreInfo out_info(const std::string& config_text) const {
    StoreInfo info = in_.info();
    // Keep the input's record of its label map and its split.
    const size_t kept = std::min(info.config.find("\n[labels]\n"), info.config.find("\n[split]\n"));
    info.config = config_text + (kept == std::string::npos ? "" : info.config.substr(kept));
    return info;
  }

  void copy_part(const std::string& name) {
    const StorePart& part = in_.part(name);
    const bool train = name == "train";
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < part.size(); ++row) {
      if (!train || use_.kept(row)) rows.push_back(row);
    }
    ordered_pipeline<Packed>(
        rows.size(),
        threads_,
        [&](size_t i) {
          Packed packed{in_.image(name, rows[i]), {}};
          if (train && !request_.resample.empty())
            packed.image = resampled(packed.image, request_.resample);
          packed.prepared = writer_.prepare(packed.image);
          return packed;
        },
        [&](size_t i, Packed& packed) {
          StoreRow row = stored_row(part, rows[i]);
          row.image = std::move(packed.image);
          if (train && row.provenance.parent >= 0)
            row.provenance.parent = use_.new_row()[static_cast<size_t>(row.provenance.parent)];
          writer_.add(name, row, packed.prepared);
          progress_.advance();
          throw_if_stopped();
        });
  }

  /// Draws up to `most` images with consecutive numbers from `first` on, skipping numbers whose row
  /// is not free. Sets `first` to the number after the last one. There must be a free row.
  std::vector<Drawn> next_batch(
      Source& source, int class_index, int64_t& first, int64_t most, const Rng& rng) const {
    while (!use_.is_free(source.parent(class_index, first, rng))) ++first;
    int64_t count = 1;
    while (count < most && use_.is_free(source.parent(class_index, first + count, rng))) ++count;
    std::vector<Drawn> batch = source.draw(class_index, first, count, rng);
    first += count;
    return batch;
  }

  void draw_from(Source& source, int class_index, BalanceTally::Drawing drawing) {
    const int64_t asked = drawing.asked;
    const Rng rng = drawing_stream(request_, source, class_index);
    const auto parents =
        from_a_row(source.origin()) ? use_.parents_of(class_index) : std::vector<int64_t>{};
    int64_t number = 0, rejected_in_row = 0;
    while (drawing.accepted < asked) {
      const int64_t wanted = asked - drawing.accepted;
      const auto free = std::count_if(
          parents.begin(), parents.end(), [&](int64_t row) { return use_.is_free(row); });
      // If max_factor has used up some rows, the gates may reject everything made from the others.
      // Then the rest of the class is reported as missing instead of failing the whole balance.
      if (free < static_cast<int64_t>(parents.size()) &&
          (free == 0 || rejected_in_row >= kMaxTries * wanted + kFreeTries)) {
        tally_.missing[static_cast<size_t>(class_index)] += wanted;
        const double factor = request_.options.max_factor;
        tally_.limits.push_back(
            free == 0
                ? used_up(drawing.class_name, drawing.source, wanted, factor)
                : given_up(drawing.class_name, drawing.source, wanted, rejected_in_row, factor));
        break;
      }
      if (drawing.tried >= kMaxTries * asked + kFreeTries) entry_.throw_too_few(drawing);
      const std::vector<Drawn> batch =
          next_batch(source, class_index, number, std::clamp(wanted, kMinBatch, kBatch), rng);
      entry_.prepare(source, made_of(batch));
      std::vector<const Drawn*> kept;
      for (const Drawn& drawn : batch) {
        if (drawing.accepted == asked) break;
        const bool derived = from_a_row(drawn.provenance.origin);
        if (derived && !use_.is_free(drawn.provenance.parent)) continue;
        ++drawing.tried;
        ++rejected_in_row;
        if (!drawn.failed.empty()) {
          entry_.failed(drawn.failed);
          continue;
        }
        if (!entry_.passes(drawn, class_index)) continue;
        rejected_in_row = 0;
        ++drawing.accepted;
        drawing.boxes_dropped += drawn.boxes_dropped;
        if (derived) use_.use(drawn.provenance.parent);
        kept.push_back(&drawn);
      }
      write(kept, class_index);
    }
    drawing.rejected = entry_.take_rejected();
    tally_.drawings.push_back(std::move(drawing));
  }

  void write(const std::vector<const Drawn*>& kept, int class_index) {
    std::vector<PreparedImage> prepared(kept.size());
    parallel_for(
        kept.size(), threads_, [&](size_t i) { prepared[i] = writer_.prepare(kept[i]->image); });
    for (size_t i = 0; i < kept.size(); ++i) {
      const StoreRow row = rows_.added(*kept[i], class_index, use_.new_row());
      tally_.add(row.labels, row.provenance.origin);
      writer_.add("train", row, prepared[i]);
      progress_.advance();
    }
    throw_if_stopped();
  }

  const BalanceRequest& request_;
  const Store& in_;
  int threads_;
  const StorePart& train_;
  StoreWriter writer_;
  Progress progress_;
  RowMaker rows_;
  RowUse use_;
  BalanceTally tally_;
  Entry entry_;
};

void check_plan(const BalanceRequest& request) {
  const size_t classes = request.in.info().class_names.size();
  const Plan& plan = request.plan;
  if (plan.added.size() != classes || (!plan.replaced.empty() && plan.replaced.size() != classes))
    throw Error(Exit::failed, "balance: the plan does not have one count per class of the store");
}

}  // namespace

BalanceReport run_balance(const BalanceRequest& request) {
  check_plan(request);
  const BalanceRequest planned = with_parents(request);
  return Filler(planned).run();
}

Json balance_forecast(const BalanceRequest& asked) {
  check_plan(asked);
  const BalanceRequest request = with_parents(asked);
  const StoreInfo& info = request.in.info();
  check_place(request.out, info, expected_rows(request));
  Json out = forecast_json(forecast_tally(request), request.plan);
  int64_t rows = 0;
  for (const char* part : kParts) rows += request.in.part(part).size();
  for (const Json& source : out["sources"]) rows += source["accepted"].get<int64_t>();
  for (const int64_t replaced : request.plan.replaced) rows -= replaced;
  out["rows"] = rows;
  out["bytes"] = rows * info.height * info.width * info.bits / 8;
  return out;
}

std::vector<int64_t> class_counts(const Store& store) {
  const StorePart& train = store.part("train");
  std::vector<int64_t> counts;
  for (size_t c = 0; c < store.info().class_names.size(); ++c)
    counts.push_back(static_cast<int64_t>(train.rows_of(static_cast<int>(c)).size()));
  return counts;
}

std::vector<int64_t> real_rows(const Store& store,
                               const std::string& part,
                               const std::string& class_name) {
  const StorePart& rows = store.part(part);
  const int c = class_name.empty() ? -1 : store.info().class_index(class_name);
  std::vector<int64_t> real;
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    const bool in_class = c < 0 || rows.labels[i][static_cast<size_t>(c)] == 1;
    if (in_class && rows.provenance[i].origin == Origin::real) real.push_back(row);
  }
  return real;
}

}  // namespace evenray
