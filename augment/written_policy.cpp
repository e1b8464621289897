// SPDX-License-Identifier: Apache-2.0
#include "augment/written_policy.hpp"

#include <array>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kWritten = "autoaugment", kWrittenRadiograph = "autoaugment-radiograph";
constexpr size_t kMostSubPolicies = 50, kMostSlots = 20;
constexpr int kSlotsSearched = 2;

/// The operations of torchvision's AutoAugment. Those that change grey images come first.
constexpr std::array kOperations{Op::shear_x,
                                 Op::shear_y,
                                 Op::translate_x,
                                 Op::translate_y,
                                 Op::rotate,
                                 Op::brightness,
                                 Op::contrast,
                                 Op::sharpness,
                                 Op::posterize,
                                 Op::solarize,
                                 Op::auto_contrast,
                                 Op::equalize,
                                 Op::invert,
                                 Op::color};
constexpr size_t kSearched = kOperations.size() - 1;

std::vector<std::string> names_of_first(size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.emplace_back(operation_info(kOperations[i]).name);
  return names;
}

Op policy_operation(const std::string& name) {
  for (const Op op : kOperations)
    if (operation_info(op).name == name) return op;
  throw Error(Exit::usage, unknown_name("operation", name, names_of_first(kOperations.size())));
}

PolicySlot parse_slot(const std::string& text) {
  const auto parts = split_text(text, ':');
  PolicySlot slot{policy_operation(parts[0]), 0};
  const bool has_bin = operation_info(slot.op).has_value;
  int64_t bin = -1;
  const bool good = parts.size() == (has_bin ? 3 : 2) && parse_double(parts[1], slot.probability) &&
                    slot.probability >= 0 && slot.probability <= 1 &&
                    (!has_bin || (parse_int(parts[2], bin) && bin >= 0 && bin <= 9));
  check(good,
        Exit::usage,
        cat("'",
            text,
            "' is no operation of a policy: give ",
            parts[0],
            ":PROBABILITY",
            has_bin ? ":MAGNITUDE" : "",
            ", a probability of 0 to 1",
            has_bin ? " and a magnitude of 0 to 9" : ""));
  slot.bin = static_cast<int>(bin);
  return slot;
}

std::string slot_text(const PolicySlot& slot) {
  return cat(operation_info(slot.op).name,
             ":",
             exact(slot.probability),
             slot.bin >= 0 ? cat(":", slot.bin) : "");
}

/// Returns what stands after the first "=" of "KEY=VALUE".
std::string value_of(const std::string& setting) { return setting.substr(setting.find('=') + 1); }

}  // namespace

std::optional<Policy> written_policy(std::string_view name) {
  const size_t equals = name.find('=');
  const std::string_view kind = name.substr(0, equals);
  if (kind != kWritten && kind != kWrittenRadiograph) return std::nullopt;
  check(equals != std::string_view::npos,
        Exit::usage,
        cat("policy ", kind, " is written out, such as ", kind, "=ShearX:.9:4,Invert:.2"));
  const bool radiograph = kind == kWrittenRadiograph;
  Policy policy{"",
                cat("a policy of AutoAugment's space, torchvision's magnitudes",
                    radiograph ? ", radiograph sampling:" : ":"),
                /*binned=*/true,
                radiograph ? Sampling::radiograph : Sampling::torchvision,
                {}};
  std::vector<std::string> texts;
  for (const auto& sub_policy : split_text(name.substr(equals + 1), '/')) {
    std::vector<std::string> slots;
    policy.sub_policies.emplace_back();
    for (const auto& slot : split_text(sub_policy, ',')) {
      policy.sub_policies.back().push_back(parse_slot(slot));
      slots.push_back(slot_text(policy.sub_policies.back().back()));
    }
    check(policy.sub_policies.size() <= kMostSubPolicies && slots.size() <= kMostSlots,
          Exit::usage,
          cat("a policy has at most ",
              kMostSubPolicies,
              " sub-policies, of at most ",
              kMostSlots,
              " operations"));
    texts.push_back(join(slots, ","));
  }
  policy.name = cat(kind, "=", join(texts, "/"));
  return policy;
}

std::vector<std::string> policy_dimensions(int64_t sub_policies) {
  const std::string operations = join(names_of_first(kSearched), "|");
  std::vector<std::string> dimensions;
  for (int64_t s = 1; s <= sub_policies; ++s) {
    for (int slot = 1; slot <= kSlotsSearched; ++slot) {
      const std::string key = cat(s, ".", slot, ".");
      dimensions.push_back(cat(key, "operation=", operations));
      dimensions.push_back(cat(key, "tenths=0..10 whole"));
      dimensions.push_back(cat(key, "magnitude=0..9 whole"));
    }
  }
  return dimensions;
}

std::string policy_at(const std::vector<std::string>& settings, Sampling sampling) {
  check(sampling != Sampling::detection,
        Exit::usage,
        cat("a policy that is written out samples as ",
            sampling_name(Sampling::torchvision),
            " or ",
            sampling_name(Sampling::radiograph),
            ", not as ",
            sampling_name(sampling)));
  std::string text;
  for (size_t i = 0; i + 2 < settings.size(); i += 3) {
    const size_t slot = i / 3;
    if (slot > 0) text += slot % kSlotsSearched == 0 ? "/" : ",";
    const std::string name = value_of(settings[i]), magnitude = value_of(settings[i + 2]);
    int64_t tenths = 0;
    parse_int(value_of(settings[i + 1]), tenths);
    const bool has_bin = operation_info(policy_operation(name)).has_value;
    text += cat(name, ":", static_cast<double>(tenths) / 10, has_bin ? cat(":", magnitude) : "");
  }
  return cat(sampling == Sampling::radiograph ? kWrittenRadiograph : kWritten, "=", text);
}

}  // namespace evenray
