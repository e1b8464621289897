// SPDX-License-Identifier: Apache-2.0
#include "augment/policy.hpp"

#include <algorithm>
#include <cmath>

#include "augment/areas.hpp"
#include "augment/policy_tables.hpp"
#include "augment/written_policy.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Rounds to four decimals, so that the value in a recipe is short and still exact.
double to_decimals(double value) { return std::round(value * 1e4) / 1e4; }

Operation ranged_operation(const PolicySlot& slot, cv::Size size, double share) {
  const double value = slot.low + (slot.high - slot.low) * share;
  if (slot.op == Op::translate_x) return {slot.op, std::round(value * size.width)};
  if (slot.op == Op::translate_y) return {slot.op, std::round(value * size.height)};
  return {slot.op, operation_info(slot.op).has_value ? to_decimals(value) : 0.};
}

PolicyDraw draw_sub_policy(const Policy& policy,
                           cv::Size size,
                           Rng& rng,
                           const std::vector<Box>& boxes) {
  PolicyDraw draw;
  draw.sub_policy = static_cast<int>(rng.below(policy.sub_policies.size()));
  uint64_t number = 0;
  for (const PolicySlot& slot : policy.sub_policies[draw.sub_policy]) {
    // Both are always drawn, so that the stream does not depend on which slots are applied.
    const bool applied = rng.chance(slot.probability);
    const double share = rng.uniform();
    const Rng areas = rng.fork("areas", number++);
    if (!applied && slot.target != Target::each_box) continue;
    const Operation operation =
        policy.binned
            ? binned_operation(
                  policy.magnitudes, slot.op, std::max(slot.bin, 0), share < .5, size, slot.target)
            : ranged_operation(slot, size, share);
    if (slot.target == Target::image && slot.op != Op::cutout) {
      draw.operations.push_back(operation);
      continue;
    }
    int dropped = 0;
    const auto moved = move_boxes(boxes, draw.operations, policy.sampling, size, dropped);
    for (const Operation& in_area : draw_areas(slot, operation, moved, size, areas))
      draw.operations.push_back(in_area);
  }
  return draw;
}

/// Uniform in least .. most.
int draw_number(int least, int most, Rng& rng) {
  return least + static_cast<int>(
                     rng.below(static_cast<uint64_t>(most) - static_cast<uint64_t>(least) + 1));
}

std::vector<Operation> draw_chain(const OpSpace& space, cv::Size size, Rng& rng) {
  std::vector<Operation> operations;
  for (int left = draw_number(space.least_ops, space.most_ops, rng); left > 0; --left) {
    const auto& op = space.ops[rng.below(space.ops.size())];
    const int bin = draw_number(space.first_bin, space.last_bin, rng);
    const bool positive = rng.chance(.5);
    if (op) operations.push_back(binned_operation(space.magnitudes, *op, bin, positive, size));
  }
  return operations;
}

/// Beta(1, 1) is uniform; Dirichlet(1, ..., 1) are the gaps between uniform numbers in 0..1.
Mixture draw_mixture(const OpSpace& space, cv::Size size, Rng& rng) {
  Mixture mixture{to_decimals(rng.uniform()), {}};
  std::vector<double> ends(static_cast<size_t>(space.chains), 1.);
  for (size_t i = 0; i + 1 < ends.size(); ++i) ends[i] = rng.uniform();
  std::sort(ends.begin(), ends.end());
  double used = 0;
  for (const double end : ends) {
    // Rounded sums, so that the rounded weights sum to 1.
    const double sum = to_decimals((1 - mixture.weight) * end);
    mixture.chains.push_back({to_decimals(sum - used), draw_chain(space, size, rng)});
    used = sum;
  }
  return mixture;
}

/// Sets N and M of "randaugment=N:M".
Policy with_parameters(Policy policy, std::string_view text) {
  const bool rand_augment = policy.space && policy.space->magnitudes == Magnitudes::rand_augment;
  if (!rand_augment)
    throw Error(Exit::usage,
                cat("policy ", policy.name, " takes no '=", text, "'; randaugment=N:M does"));
  const int most_bin = magnitude_bins(policy.space->magnitudes) - 1;
  constexpr int kMostOps = 20;
  const size_t colon = text.find(':');
  int64_t ops = 0, bin = 0;
  const bool good = colon != std::string_view::npos && parse_int(text.substr(0, colon), ops) &&
                    parse_int(text.substr(colon + 1), bin) && ops >= 1 && ops <= kMostOps &&
                    bin >= 0 && bin <= most_bin;
  if (!good)
    throw Error(Exit::usage,
                cat("policy ",
                    policy.name,
                    "=",
                    text,
                    ": give N:M with N operations from 1 to ",
                    kMostOps,
                    " and magnitude M from 0 to ",
                    most_bin));
  policy.name += cat("=", ops, ":", bin);
  policy.space->least_ops = policy.space->most_ops = static_cast<int>(ops);
  policy.space->first_bin = policy.space->last_bin = static_cast<int>(bin);
  return policy;
}

}  // namespace

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const Policy& policy : policy_tables()) names.push_back(policy.name);
  return names;
}

Policy find_policy(std::string_view name) {
  if (auto written = written_policy(name)) return *written;
  const size_t equals = name.find('=');
  for (const Policy& policy : policy_tables()) {
    if (policy.name != name.substr(0, equals)) continue;
    return equals == std::string_view::npos ? policy
                                            : with_parameters(policy, name.substr(equals + 1));
  }
  throw Error(Exit::usage, unknown_name("policy", name.substr(0, equals), policy_names()));
}

PolicyDraw draw_operations(const Policy& policy,
                           cv::Size size,
                           Rng rng,
                           const std::vector<Box>& boxes) {
  if (!policy.space) return draw_sub_policy(policy, size, rng, boxes);
  PolicyDraw draw;
  if (policy.space->chains > 0) {
    draw.mixture = draw_mixture(*policy.space, size, rng);
  } else {
    draw.operations = draw_chain(*policy.space, size, rng);
  }
  return draw;
}

}  // namespace evenray
