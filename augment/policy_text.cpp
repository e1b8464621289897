// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "augment/policy.hpp"
#include "augment/policy_tables.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

struct GreyCount {
  int slots = 0, without_effect = 0;
};

bool without_effect(Op op) { return operation_info(op).kind == OpKind::none; }
bool is_shift(Op op) { return op == Op::translate_x || op == Op::translate_y; }

/// Of a space: its operations. Identity is meant to change nothing, so it is not counted.
GreyCount count_slots(const Policy& policy) {
  GreyCount count;
  const auto add = [&](std::optional<Op> op) {
    ++count.slots;
    count.without_effect += op && without_effect(*op);
  };
  for (const auto& sub_policy : policy.sub_policies)
    for (const PolicySlot& slot : sub_policy) add(slot.op);
  if (policy.space)
    for (const auto& op : policy.space->ops) add(op);
  return count;
}

/// The lowest and the highest value of the bins first..last with both signs. Shifts: as a
/// percentage of the side, or in pixels.
std::pair<double, double> value_limits(
    Magnitudes magnitudes, Op op, int first, int last, Target target = Target::image) {
  double low = 1e9, high = -1e9;
  for (int bin = first; bin <= last; ++bin) {
    for (const bool positive : {true, false}) {
      const double value =
          binned_operation(magnitudes, op, bin, positive, {100, 100}, target).value;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  return {low, high};
}

/// "-0.09 or 0.09", or "-0.99 to 0.99" of several bins.
std::string binned_text(
    Magnitudes magnitudes, Op op, int first, int last, Target target = Target::image) {
  const auto [lowest, highest] = value_limits(magnitudes, op, first, last, target);
  const std::string low = fixed(lowest, 2), high = fixed(highest, 2);
  const std::string unit = lengths_in_pixels(magnitudes) ? " px" : " % of the side";
  return cat(low == high ? low : cat(low, first == last ? " or " : " to ", high),
             is_shift(op) ? unit : "");
}

/// The side of the square that Cutout cuts out, or the share of a box.
std::string cutout_text(const Policy& policy, const PolicySlot& slot) {
  constexpr int kFine = 10000;  // so that a share of the side has decimals
  const double value =
      binned_operation(policy.magnitudes, slot.op, slot.bin, true, {kFine, kFine}, slot.target)
          .value;
  if (slot.target == Target::one_box)
    return cat("up to ", fixed(100 * value, 2), " % of its sides");
  return lengths_in_pixels(policy.magnitudes)
             ? cat(2 * value, " px")
             : cat(fixed(2 * value * 100 / kFine, 2), " % of the shorter side");
}

std::string values_text(const Policy& policy, const PolicySlot& slot) {
  if (without_effect(slot.op)) return "no effect on grey";
  if (slot.op == Op::cutout) return cutout_text(policy, slot);
  if (!operation_info(slot.op).has_value) return "";
  if (!policy.binned) return cat(slot.low, " to ", slot.high);
  return binned_text(policy.magnitudes, slot.op, slot.bin, slot.bin, slot.target);
}

/// "TranslateY in each box p 0.2 / 3".
std::string slot_name(const PolicySlot& slot) {
  const bool each = slot.target == Target::each_box;
  return cat(operation_info(slot.op).name,
             each                             ? " in each box"
             : slot.target == Target::one_box ? " in one box"
                                              : "",
             " p ",
             slot.probability,
             each ? " / 3" : "");
}

std::string_view target_name(Target target) {
  constexpr std::array<std::string_view, 3> names = {"image", "each_box", "one_box"};
  return names.at(static_cast<size_t>(target));
}

/// "2", or "1 to 3".
std::string span_text(int least, int most) {
  return least == most ? cat(least) : cat(least, " to ", most);
}

/// "any magnitude of 0 to 30", "magnitude 0 to 2 of 0 to 9".
std::string bins_text(const OpSpace& space) {
  const int most = magnitude_bins(space.magnitudes) - 1;
  const bool any = space.first_bin == 0 && space.last_bin == most;
  return cat(any ? "any magnitude" : cat("magnitude ", span_text(space.first_bin, space.last_bin)),
             " of 0 to ",
             most);
}

std::string space_brief(const OpSpace& space, const GreyCount& count) {
  std::string text = cat(space.chains > 0 ? cat(space.chains, " chains of ") : "",
                         span_text(space.least_ops, space.most_ops),
                         " of ",
                         space.ops.size(),
                         " operations, ",
                         bins_text(space),
                         space.chains > 0 ? "; the mean of the image and the chains" : "");
  if (count.without_effect)
    text += cat("; ",
                count.without_effect,
                " of ",
                count.slots,
                " operations is Color and changes nothing on grey images");
  return text;
}

std::string brief(const Policy& policy) {
  const GreyCount count = count_slots(policy);
  const std::string start = cat(policy.name, "  ", policy.about, " ");
  if (policy.space) return cat(start, space_brief(*policy.space, count), "\n");
  std::string text = cat(start, policy.sub_policies.size(), " sub-policies");
  if (count.without_effect)
    text += cat("; ",
                count.without_effect,
                " of ",
                count.slots,
                " slots are Color and change nothing on grey images");
  return text + "\n";
}

std::string numbered(size_t number) { return cat(number < 10 ? " " : "", number, "  "); }

std::string space_lines(const OpSpace& space) {
  std::string text;
  for (size_t i = 0; i < space.ops.size(); ++i) {
    text += numbered(i + 1);
    const auto& op = space.ops[i];
    if (!op) {
      text += "Identity\n";
      continue;
    }
    const OpInfo& info = operation_info(*op);
    const std::string values =
        without_effect(*op) ? "no effect on grey"
        : info.has_value    ? binned_text(space.magnitudes, *op, space.first_bin, space.last_bin)
                            : "";
    text += cat(info.name, values.empty() ? "" : " (" + values + ")", "\n");
  }
  return text;
}

std::string sub_policy_lines(const Policy& policy) {
  std::string text;
  for (size_t i = 0; i < policy.sub_policies.size(); ++i) {
    std::vector<std::string> slots;
    for (const PolicySlot& slot : policy.sub_policies[i]) {
      const std::string values = values_text(policy, slot);
      slots.push_back(cat(slot_name(slot), values.empty() ? "" : " (" + values + ")"));
    }
    text += cat(numbered(i + 1), join(slots, ", then "), "\n");
  }
  return text;
}

Json sub_policies_json(const Policy& policy) {
  Json sub_policies = Json::array();
  for (const auto& sub_policy : policy.sub_policies) {
    Json slots = Json::array();
    for (const PolicySlot& slot : sub_policy) {
      const OpInfo& info = operation_info(slot.op);
      Json entry = {{"op", info.name},
                    {"target", target_name(slot.target)},
                    {"probability", slot.probability}};
      if (policy.binned) {
        entry["magnitude"] = slot.bin < 0 ? Json() : Json(slot.bin);
      } else if (info.has_value) {
        entry["range"] = {slot.low, slot.high};
      }
      entry["effect_on_grey"] = info.kind != OpKind::none;
      slots.push_back(std::move(entry));
    }
    sub_policies.push_back(std::move(slots));
  }
  return sub_policies;
}

Json space_json(const OpSpace& space) {
  Json operations = Json::array();
  for (const auto& op : space.ops) {
    Json entry = {{"op", op ? operation_info(*op).name : "Identity"}};
    if (op && operation_info(*op).has_value) {
      const auto [low, high] = value_limits(space.magnitudes, *op, space.first_bin, space.last_bin);
      entry["range"] = {low, high};
      if (is_shift(*op))
        entry["unit"] = lengths_in_pixels(space.magnitudes) ? "px" : "% of the side";
    }
    if (op) entry["effect_on_grey"] = !without_effect(*op);
    operations.push_back(std::move(entry));
  }
  return {{"bins", magnitude_bins(space.magnitudes)},
          {"magnitude", {space.first_bin, space.last_bin}},
          {"operations_in_turn", {space.least_ops, space.most_ops}},
          {"chains", space.chains},
          {"operations", std::move(operations)}};
}

Json policy_json(const Policy& policy) {
  const GreyCount count = count_slots(policy);
  return {{"name", policy.name},
          {"about", policy.about},
          {"sampling", sampling_name(policy.sampling)},
          {"slots", count.slots},
          {"slots_without_effect_on_grey", count.without_effect},
          {"sub_policies", sub_policies_json(policy)},
          {"space", policy.space ? space_json(*policy.space) : Json()}};
}

}  // namespace

std::string policies_text(std::string_view name) {
  if (name.empty()) {
    std::string text;
    for (const Policy& policy : policy_tables()) text += brief(policy);
    return text;
  }
  const Policy policy = find_policy(name);
  return brief(policy) + (policy.space ? space_lines(*policy.space) : sub_policy_lines(policy));
}

Json policies_json(std::string_view name) {
  Json policies = Json::array();
  if (name.empty()) {
    for (const Policy& policy : policy_tables()) policies.push_back(policy_json(policy));
  } else {
    policies.push_back(policy_json(find_policy(name)));
  }
  return {{"schema", "evenray-policies-1"}, {"policies", std::move(policies)}};
}

}  // namespace evenray
