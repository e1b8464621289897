// SPDX-License-Identifier: Apache-2.0
#include "metrics/auroc_covariance.hpp"

#include <cassert>
#include <limits>
#include <numeric>

#include "metrics/stats.hpp"

namespace evenray {
namespace {

/// The structural components of one model, each less the AUROC. Of a positive row: the share of the
/// negatives with a lower score; of a negative row: the share of the positives with a higher score
/// (ties count half).
struct Components {
  double auroc = 0;
  std::vector<double> of_row;
};

Components components(std::span<const double> scores, std::span<const uint8_t> labels) {
  const RankedScores ranked(scores, labels);
  const auto& order = ranked.order();
  const double positives = std::accumulate(labels.begin(), labels.end(), 0.0);
  const double negatives = static_cast<double>(labels.size()) - positives;
  Components out{ranked.auroc(), std::vector<double>(labels.size())};
  double positives_above = 0, negatives_above = 0;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double tied_positives = 0, tied_negatives = 0;
    do {
      (labels[order[end]] ? tied_positives : tied_negatives) += 1;
    } while (!ranked.ends_tie(end++));
    for (size_t place = begin; place < end; ++place) {
      const size_t row = order[place];
      const double share = labels[row]
                               ? (negatives - negatives_above - tied_negatives / 2) / negatives
                               : (positives_above + tied_positives / 2) / positives;
      out.of_row[row] = share - out.auroc;
    }
    positives_above += tied_positives;
    negatives_above += tied_negatives;
  }
  return out;
}

/// Sums of components, [group].
struct GroupSums {
  std::vector<double> positive, negative;
};

/// How the rows fall into groups: all that a covariance needs besides the components.
class Clusters {
 public:
  Clusters(std::span<const uint8_t> labels, GroupIndex groups)
      : labels_(labels), groups_(std::move(groups)) {
    assert(labels_.size() == groups_.of_row.size());
    std::vector<uint8_t> has_positive(groups_.count), has_negative(groups_.count);
    for (size_t row = 0; row < labels_.size(); ++row) {
      (labels_[row] ? positives_ : negatives_) += 1;
      (labels_[row] ? has_positive : has_negative)[groups_.of_row[row]] = 1;
    }
    positive_groups_ = std::accumulate(has_positive.begin(), has_positive.end(), 0.0);
    negative_groups_ = std::accumulate(has_negative.begin(), has_negative.end(), 0.0);
  }

  GroupSums sums(const std::vector<double>& of_row) const {
    GroupSums out{std::vector<double>(groups_.count), std::vector<double>(groups_.count)};
    for (size_t row = 0; row < of_row.size(); ++row)
      (labels_[row] ? out.positive : out.negative)[groups_.of_row[row]] += of_row[row];
    return out;
  }

  double covariance(const GroupSums& a, const GroupSums& b) const {
    if (positive_groups_ < 2 || negative_groups_ < 2)
      return std::numeric_limits<double>::quiet_NaN();
    double positive = 0, negative = 0, mixed = 0;
    for (size_t group = 0; group < groups_.count; ++group) {
      positive += a.positive[group] * b.positive[group];
      negative += a.negative[group] * b.negative[group];
      mixed += a.positive[group] * b.negative[group] + b.positive[group] * a.negative[group];
    }
    const auto unbiased = [](double groups) { return groups / (groups - 1); };
    return unbiased(positive_groups_) * positive / (positives_ * positives_) +
           unbiased(negative_groups_) * negative / (negatives_ * negatives_) +
           unbiased(static_cast<double>(groups_.count)) * mixed / (positives_ * negatives_);
  }

 private:
  std::span<const uint8_t> labels_;
  GroupIndex groups_;
  double positives_ = 0, negatives_ = 0, positive_groups_ = 0, negative_groups_ = 0;
};

AurocEstimate estimate(std::span<const double> scores,
                       const Clusters& clusters,
                       std::span<const uint8_t> labels) {
  const Components found = components(scores, labels);
  const GroupSums sums = clusters.sums(found.of_row);
  return {found.auroc, clusters.covariance(sums, sums)};
}

AurocPair estimate_pair(std::span<const double> first,
                        std::span<const double> second,
                        const Clusters& clusters,
                        std::span<const uint8_t> labels) {
  const Components a = components(first, labels), b = components(second, labels);
  auto difference = a.of_row;
  for (size_t row = 0; row < difference.size(); ++row) difference[row] -= b.of_row[row];
  const GroupSums of_a = clusters.sums(a.of_row), of_b = clusters.sums(b.of_row),
                  of_difference = clusters.sums(difference);
  return {{a.auroc, clusters.covariance(of_a, of_a)},
          {b.auroc, clusters.covariance(of_b, of_b)},
          clusters.covariance(of_a, of_b),
          clusters.covariance(of_difference, of_difference)};
}

GroupIndex one_group_per_row(size_t rows) {
  GroupIndex out{std::vector<size_t>(rows), rows};
  std::iota(out.of_row.begin(), out.of_row.end(), 0);
  return out;
}

}  // namespace

AurocEstimate delong(std::span<const double> scores, std::span<const uint8_t> labels) {
  return estimate(scores, Clusters(labels, one_group_per_row(labels.size())), labels);
}

AurocPair delong(std::span<const double> first,
                 std::span<const double> second,
                 std::span<const uint8_t> labels) {
  return estimate_pair(first, second, Clusters(labels, one_group_per_row(labels.size())), labels);
}

AurocEstimate obuchowski(std::span<const double> scores,
                         std::span<const uint8_t> labels,
                         const std::vector<std::string>& groups) {
  return estimate(scores, Clusters(labels, group_index(groups)), labels);
}

AurocPair obuchowski(std::span<const double> first,
                     std::span<const double> second,
                     std::span<const uint8_t> labels,
                     const std::vector<std::string>& groups) {
  return estimate_pair(first, second, Clusters(labels, group_index(groups)), labels);
}

}  // namespace evenray
