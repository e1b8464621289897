// SPDX-License-Identifier: Apache-2.0
#include "augment/filling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "augment/balance_rows.hpp"
#include "augment/label_plan.hpp"
#include "augment/limits.hpp"
#include "augment/sources.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

int64_t rows_with_origin(const Store& in, int class_index, Origin origin) {
  const StorePart& train = in.part("train");
  const auto rows = train.rows_of(class_index);
  return std::count_if(rows.begin(), rows.end(), [&](int64_t row) {
    return train.provenance[static_cast<size_t>(row)].origin == origin;
  });
}

/// The sources that draw a class, their shares of its rows, and those that draw other classes only.
struct Serving {
  std::vector<std::shared_ptr<Source>> sources;
  std::vector<double> asked, shares;
  std::vector<bool> synthetic;
  std::vector<ParsedSource> others;
};

Serving serving(const std::vector<SourceShare>& sources, int class_index) {
  Serving out;
  double served = 0;
  for (const SourceShare& s : sources) {
    if (!s.source->serves(class_index)) {
      out.others.push_back({s.source->name(), s.share});
      continue;
    }
    out.sources.push_back(s.source);
    out.asked.push_back(s.share);
    out.synthetic.push_back(s.source->origin() == Origin::synthetic);
    served += s.share;
  }
  // Sources that cannot draw this class (a generator of another one) leave their share to the rest.
  // If the rest has no share at all, the sources that start from real rows draw everything.
  for (size_t s = 0; s < out.asked.size(); ++s)
    out.shares.push_back(served > 0 ? out.asked[s] / served : (out.synthetic[s] ? 0 : 1));
  return out;
}

/// Returns the smallest max_factor that allows `rows` more rows made from the class.
int64_t enough_factor(const RowUse& use, int class_index, int64_t rows) {
  const auto parents = static_cast<int64_t>(use.parents_of(class_index).size());
  int64_t factor = 1;
  if (parents == 0) return factor;
  for (int64_t room = 0; (room = use.room(class_index, factor)) < rows;)
    factor += std::max<int64_t>(1, (rows - room) / parents);
  return factor;
}

/// Counts the rows of a class and divides the added ones among the sources that serve it.
ClassFill class_fill(const BalanceRequest& request,
                     const RowUse& use,
                     int class_index,
                     const Serving& serves) {
  const auto c = static_cast<size_t>(class_index);
  const BalanceOptions& options = request.options;
  ClassFill fill;
  fill.class_name = request.in.info().class_names[c];
  fill.before = request.plan.before[c];
  fill.added = request.plan.added[c];
  const auto parents = use.parents_of(class_index);
  fill.real = std::ssize(parents);
  fill.synthetic_before = rows_with_origin(request.in, class_index, Origin::synthetic);
  for (const int64_t row : parents) fill.made_before += use.made_from(row);
  for (const auto& source : serves.sources) fill.sources.push_back(source->name());
  fill.synthetic = serves.synthetic;
  fill.others = serves.others;

  const auto dose =
      static_cast<int64_t>(std::floor(options.max_synthetic * static_cast<double>(fill.real)));
  // Without a real row there is nothing to copy or augment, so synthetic rows are not limited.
  const int64_t synthetic_cap =
      fill.real == 0 ? fill.added : std::max<int64_t>(0, dose - fill.synthetic_before);
  int64_t derived_cap = -1;
  if (options.max_factor > 0)
    derived_cap = use.room(class_index, static_cast<int64_t>(std::floor(options.max_factor)));
  if (fill.real == 0) derived_cap = 0;
  fill.allotment = allot(fill.added, serves.shares, serves.synthetic, synthetic_cap, derived_cap);
  return fill;
}

/// Counts the rows that a source makes for a class if no gate rejects any.
void forecast_drawing(const BalanceRequest& request,
                      Drawer& drawer,
                      int class_index,
                      RowUse& use,
                      BalanceTally& tally) {
  Source& source = *drawer.source;
  BalanceTally::Drawing& drawing = drawer.drawing;
  const auto c = static_cast<size_t>(class_index);
  if (!from_a_row(source.origin())) {
    const auto labels = synthetic_labels(request.in.info(), class_index);
    for (int64_t i = 0; i < drawing.asked; ++i) tally.add(labels, source.origin());
    drawing.accepted = drawing.asked;
    tally.drawings.push_back(drawing);
    return;
  }
  const Rng rng = drawing_stream(request, source, class_index);
  const auto& labels = request.in.part("train").labels;
  // Each round of a source takes every real row once. If two rounds find no free row, there is
  // none.
  const auto round = std::ssize(real_rows(request.in, "train", drawing.class_name));
  int64_t number = 0, skipped = 0, made = 0;
  while (made < drawing.asked && skipped <= 2 * round) {
    const int64_t parent = source.parent(class_index, number++, rng);
    if (!use.is_free(parent)) {
      ++skipped;
      continue;
    }
    skipped = 0;
    ++made;
    use.use(parent);
    tally.add(labels[static_cast<size_t>(parent)], source.origin());
  }
  if (const int64_t missing = drawing.asked - made; missing > 0) {
    tally.missing[c] += missing;
    tally.limits.push_back(
        used_up(drawing.class_name, drawing.source, missing, request.options.max_factor));
  }
  drawing.accepted = made;
  tally.drawings.push_back(drawing);
}

}  // namespace

BalanceRequest with_parents(const BalanceRequest& request) {
  const StoreInfo& info = request.in.info();
  const Cloning& cloning = request.plan.cloning;
  check(info.multi_label || cloning.method.empty(),
        Exit::bad_data,
        cat("strategy ",
            cloning.method,
            " clones rows with several labels, but the classes of ",
            request.in.path().string(),
            " exclude each other; use another strategy"));
  if (!info.multi_label) return request;
  BalanceRequest out = request;
  const Rng rng = balance_stream(request.seed);
  const RowUse use(request.in, request.plan.replaced, request.options.max_factor, rng);
  const StorePart& train = request.in.part("train");
  LabelRows rows{train.labels, std::vector<int64_t>(static_cast<size_t>(train.size()), 0)};
  const auto most = static_cast<int64_t>(std::floor(request.options.max_factor));
  for (const int64_t row : use.parents_of(-1))
    rows.room[static_cast<size_t>(row)] =
        most == 0 ? INT64_MAX : std::max<int64_t>(0, most - use.made_from(row));
  const size_t classes = info.class_names.size();
  Plan& plan = out.plan;
  if (cloning.method.empty()) {
    for (size_t c = 0; c < classes; ++c) plan.targets.push_back(plan.before[c] + plan.added[c]);
    BalanceRequest one = request;
    const auto made_from_rows = [&](size_t c, int64_t added) {
      const auto class_index = static_cast<int>(c);
      one.plan.added[c] = added;
      const Serving serves = serving(request.sources, class_index);
      const Allotment allotment = class_fill(one, use, class_index, serves).allotment;
      int64_t made = allotment.copies;
      for (size_t s = 0; s < allotment.from.size(); ++s)
        if (!serves.synthetic[s]) made += allotment.from[s];
      return made;
    };
    plan.parents = parents_for_targets(rows, plan.targets, made_from_rows, rng, plan.added);
    return out;
  }
  check(std::all_of(request.sources.begin(),
                    request.sources.end(),
                    [](const SourceShare& one) { return from_a_row(one.source->origin()); }),
        Exit::usage,
        cat("strategy ",
            cloning.method,
            " clones rows, so its sources must be copy or augment:POLICY"));
  plan.parents = cloning.method == "ml-ros" ? ml_ros(rows, cloning.percent, rng)
                                            : lp_ros(rows, cloning.percent, rng);
  for (size_t c = 0; c < classes; ++c) plan.added[c] = std::ssize(plan.parents[c]);
  return out;
}

bool from_a_row(Origin origin) { return origin == Origin::copy || origin == Origin::augmented; }

int64_t expected_rows(const BalanceRequest& request) {
  int64_t rows = 0;
  for (const char* part : kParts) rows += request.in.part(part).size();
  for (const int64_t added : request.plan.added) rows += added;
  return rows;
}

Rng balance_stream(uint64_t seed) { return Rng(seed).fork("balance"); }

Rng drawing_stream(const BalanceRequest& request, const Source& source, int class_index) {
  const Rng rng =
      balance_stream(request.seed).fork(source.name(), static_cast<uint64_t>(class_index));
  // Rows of an earlier balance may come from the same random stream, so fork it to get new images.
  const int64_t existing = rows_with_origin(request.in, class_index, source.origin());
  return existing > 0 ? rng.fork("after", static_cast<uint64_t>(existing)) : rng;
}

BalanceTally begin_tally(const BalanceRequest& request, const RowUse& use) {
  const StorePart& train = request.in.part("train");
  BalanceTally tally;
  tally.class_names = request.in.info().class_names;
  const size_t classes = tally.class_names.size();
  tally.before.assign(classes, {});
  tally.after.assign(classes, {});
  tally.missing.assign(classes, 0);
  tally.replaced = request.plan.replaced;
  tally.replaced.resize(classes);
  if (request.in.info().multi_label) tally.labels_before = train.labels;
  tally.targets = request.plan.targets;
  for (const auto& [source, share] : request.sources)
    if (!source->caution().empty()) tally.cautions.emplace_back(source->name(), source->caution());
  for (int64_t row = 0; row < train.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    const Origin origin = train.provenance[i].origin;
    tally.count(tally.before, train.labels[i], origin);
    if (use.kept(row)) tally.add(train.labels[i], origin);
  }
  return tally;
}

std::vector<Drawer> plan_filling(const BalanceRequest& request,
                                 const RowUse& use,
                                 int class_index,
                                 BalanceTally& tally) {
  const auto c = static_cast<size_t>(class_index);
  const Serving serves = serving(request.sources, class_index);
  ClassFill fill = class_fill(request, use, class_index, serves);
  Allotment& allotment = fill.allotment;
  if (fill.real == 0 && allotment.missing > 0) {
    throw Error(Exit::bad_data,
                cat("balance: class '",
                    fill.class_name,
                    "' has no real training row to copy or augment; give it a synthetic source"));
  }
  tally.missing[c] = allotment.missing;
  for (auto& limit : limits_of(fill, request.options, [&](int64_t rows) {
         return enough_factor(use, class_index, rows);
       }))
    tally.limits.push_back(std::move(limit));
  if (tally.replaced[c] > 0) {
    const Allotment instead =
        allot(tally.replaced[c], serves.shares, serves.synthetic, tally.replaced[c], 0);
    if (instead.missing > 0)
      throw Error(Exit::usage,
                  cat("balance: class '",
                      fill.class_name,
                      "' has rows to replace, but there is no synthetic source"));
    for (size_t s = 0; s < instead.from.size(); ++s) allotment.from[s] += instead.from[s];
  }
  std::vector<Drawer> drawers;
  std::span<const int64_t> parents;
  if (!request.plan.parents.empty()) parents = request.plan.parents[c];
  const auto add = [&](std::shared_ptr<Source> source, double share, int64_t by_share, int64_t n) {
    if (by_share == 0 && n == 0) return;
    if (from_a_row(source->origin()) && !parents.empty()) {
      const auto own = parents.first(std::min(parents.size(), static_cast<size_t>(n)));
      source->use_parents(class_index, {own.begin(), own.end()});
      parents = parents.subspan(own.size());
    }
    BalanceTally::Drawing drawing{source->name(), fill.class_name, share, by_share, n};
    drawers.push_back({std::move(source), std::move(drawing)});
  };
  for (size_t s = 0; s < serves.sources.size(); ++s)
    add(serves.sources[s], serves.asked[s], allotment.by_share[s], allotment.from[s]);
  if (allotment.copies > 0)
    add(make_copy_source(request.in, request.threads), 0, 0, allotment.copies);
  return drawers;
}

BalanceTally forecast_tally(const BalanceRequest& request) {
  RowUse use(
      request.in, request.plan.replaced, request.options.max_factor, balance_stream(request.seed));
  BalanceTally tally = begin_tally(request, use);
  const auto classes = static_cast<int>(tally.class_names.size());
  std::vector<std::vector<Drawer>> fillings;
  for (int c = 0; c < classes; ++c) fillings.push_back(plan_filling(request, use, c, tally));
  for (int c = 0; c < classes; ++c)
    for (Drawer& drawer : fillings[static_cast<size_t>(c)])
      forecast_drawing(request, drawer, c, use, tally);
  tally.end(use);
  return tally;
}

}  // namespace evenray
