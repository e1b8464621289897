// SPDX-License-Identifier: Apache-2.0
#include "augment/policy.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "augment/policy_tables.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int kBins = 10;

/// torch.linspace(start, end, 10)[bin], which computes in float from the nearer end.
double linspace(double start, double end, int bin) {
  const auto first = static_cast<float>(start), last = static_cast<float>(end);
  const float step = (last - first) / static_cast<float>(kBins - 1);
  const float way = step * static_cast<float>(bin < kBins / 2 ? bin : kBins - 1 - bin);
  return bin < kBins / 2 ? first + way : last - way;
}

/// Rounds to four decimals, so that the value in a recipe is short and still exact.
double to_decimals(double value) { return std::round(value * 1e4) / 1e4; }

Operation ranged_operation(const PolicySlot& slot, cv::Size size, double share) {
  const double value = slot.low + (slot.high - slot.low) * share;
  if (slot.op == Op::translate_x) return {slot.op, std::round(value * size.width)};
  if (slot.op == Op::translate_y) return {slot.op, std::round(value * size.height)};
  return {slot.op, operation_info(slot.op).has_value ? to_decimals(value) : 0.};
}

struct GreyCount {
  int slots = 0, without_effect = 0;
};

GreyCount count_slots(const Policy& policy) {
  GreyCount count;
  for (const auto& sub_policy : policy.sub_policies) {
    for (const PolicySlot& slot : sub_policy) {
      ++count.slots;
      count.without_effect += operation_info(slot.op).kind == OpKind::none;
    }
  }
  return count;
}

std::string values_text(const Policy& policy, const PolicySlot& slot) {
  const OpInfo& info = operation_info(slot.op);
  if (info.kind == OpKind::none) return "no effect on grey";
  if (!info.has_value) return "";
  if (!policy.binned) return cat(slot.low, " to ", slot.high);
  const bool shift = slot.op == Op::translate_x || slot.op == Op::translate_y;
  const Operation one = binned_operation(slot.op, slot.bin, true, {100, 100}),
                  other = binned_operation(slot.op, slot.bin, false, {100, 100});
  const std::string low = fixed(std::min(one.value, other.value), 2),
                    high = fixed(std::max(one.value, other.value), 2);
  return cat(low == high ? low : cat(low, " or ", high), shift ? " % of the side" : "");
}

std::string brief(const Policy& policy) {
  const GreyCount count = count_slots(policy);
  std::string text =
      cat(policy.name, "  ", policy.about, " ", policy.sub_policies.size(), " sub-policies");
  if (count.without_effect)
    text += cat("; ",
                count.without_effect,
                " of ",
                count.slots,
                " slots are Color and change nothing on grey images");
  return text + "\n";
}

Json policy_json(const Policy& policy) {
  const GreyCount count = count_slots(policy);
  Json sub_policies = Json::array();
  for (const auto& sub_policy : policy.sub_policies) {
    Json slots = Json::array();
    for (const PolicySlot& slot : sub_policy) {
      const OpInfo& info = operation_info(slot.op);
      Json entry = {{"op", info.name}, {"probability", slot.probability}};
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
  return {{"name", policy.name},
          {"about", policy.about},
          {"sampling", policy.sampling == Sampling::torchvision ? "torchvision" : "radiograph"},
          {"slots", count.slots},
          {"slots_without_effect_on_grey", count.without_effect},
          {"sub_policies", std::move(sub_policies)}};
}

}  // namespace

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const Policy& policy : policy_tables()) names.emplace_back(policy.name);
  return names;
}

const Policy& find_policy(std::string_view name) {
  for (const Policy& policy : policy_tables())
    if (policy.name == name) return policy;
  throw Error(Exit::usage, unknown_name("policy", name, policy_names()));
}

Operation binned_operation(Op op, int bin, bool positive, cv::Size size) {
  assert(bin >= 0 && bin < kBins);
  const double sign = positive ? 1 : -1;
  switch (op) {
    case Op::shear_x:
    case Op::shear_y:
      return {op, sign * linspace(0, .3, bin)};
    case Op::translate_x:
      return {op, sign * linspace(0, 150. / 331. * size.width, bin)};
    case Op::translate_y:
      return {op, sign * linspace(0, 150. / 331. * size.height, bin)};
    case Op::rotate:
      return {op, sign * linspace(0, 30, bin)};
    case Op::brightness:
    case Op::color:
    case Op::contrast:
    case Op::sharpness:
      return {op, 1. + sign * linspace(0, .9, bin)};
    case Op::posterize:
      return {op, 8. - std::nearbyint(bin / ((kBins - 1) / 4.f))};
    case Op::solarize:
      return {op, linspace(255, 0, bin)};
    default:
      return {op, 0};
  }
}

PolicyDraw draw_operations(const Policy& policy, cv::Size size, Rng rng) {
  PolicyDraw draw;
  draw.sub_policy = static_cast<int>(rng.below(policy.sub_policies.size()));
  for (const PolicySlot& slot : policy.sub_policies[draw.sub_policy]) {
    // Both are always drawn, so that the stream does not depend on which slots are applied.
    const bool applied = rng.chance(slot.probability);
    const double share = rng.uniform();
    if (!applied) continue;
    draw.operations.push_back(
        policy.binned ? binned_operation(slot.op, std::max(slot.bin, 0), share < .5, size)
                      : ranged_operation(slot, size, share));
  }
  return draw;
}

std::string policies_text(std::string_view name) {
  if (name.empty()) {
    std::string text;
    for (const Policy& policy : policy_tables()) text += brief(policy);
    return text;
  }
  const Policy& policy = find_policy(name);
  std::string text = brief(policy);
  for (size_t i = 0; i < policy.sub_policies.size(); ++i) {
    text += cat(i + 1 < 10 ? " " : "", i + 1, "  ");
    std::vector<std::string> slots;
    for (const PolicySlot& slot : policy.sub_policies[i]) {
      const std::string values = values_text(policy, slot);
      slots.push_back(cat(operation_info(slot.op).name,
                          " p ",
                          slot.probability,
                          values.empty() ? "" : " (" + values + ")"));
    }
    text += join(slots, ", then ") + "\n";
  }
  return text;
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
