// SPDX-License-Identifier: Apache-2.0
#include "settings/flags.hpp"

#include <array>

#include "augment/gates.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

std::vector<FlagValue> size_value(const std::vector<std::string>& words) {
  const auto size = parse_size(words.back());
  return {{"--size", "data.size_px", {std::to_string(size[0]), std::to_string(size[1])}}};
}

std::vector<FlagValue> compress_value(const std::vector<std::string>& words) {
  const std::string& text = words.back();
  if (text == "none") return {{"--compress", "data.gzip", {"-1"}}};
  int64_t level = -1;
  check(text.starts_with("gzip:") && parse_int(text.substr(5), level) && level >= 1 && level <= 9,
        Exit::usage,
        cat("--compress takes none or gzip:1 to gzip:9, not '", text, "'"));
  return {{"--compress", "data.gzip", {std::to_string(level)}}};
}

std::vector<FlagValue> gate_values(const std::vector<std::string>& words) {
  std::vector<FlagValue> out;
  for (const auto& word : words) {
    BalanceOptions checked;
    set_gate(word, checked);
    if (word == "memorised")
      out.push_back({"--gate", "balance.memorised", {"true"}});
    else if (!checked.decisions.empty())
      out.push_back({"--gate", "balance.decisions", {checked.decisions}});
    else
      out.push_back({"--gate", "balance.near_duplicate", {word.substr(word.find(':') + 1)}});
  }
  return out;
}

constexpr std::array kFlags{
    FlagKey{"", "--seed", "seed"},
    FlagKey{"", "--threads", "threads"},
    FlagKey{"", "--memory", "memory_gb"},
    FlagKey{"", "--device", "device"},
    FlagKey{"", "--precision", "precision"},
    FlagKey{"data inspect", "--format", "data.format"},
    FlagKey{"data inspect", "--labels", "data.labels"},
    FlagKey{"data inspect", "--key", "data.key"},
    FlagKey{"data inspect", "--frames", "data.frames"},
    FlagKey{"data inspect", "--patient", "data.patient"},
    FlagKey{"data audit", "--format", "data.format"},
    FlagKey{"data audit", "--labels", "data.labels"},
    FlagKey{"data audit", "--key", "data.key"},
    FlagKey{"data audit", "--frames", "data.frames"},
    FlagKey{"data audit", "--patient", "data.patient"},
    FlagKey{"data view", "--format", "data.format"},
    FlagKey{"data view", "--labels", "data.labels"},
    FlagKey{"data view", "--key", "data.key"},
    FlagKey{"data view", "--frames", "data.frames"},
    FlagKey{"data split", "--format", "data.format"},
    FlagKey{"data split", "--labels", "data.labels"},
    FlagKey{"data split", "--key", "data.key"},
    FlagKey{"data split", "--frames", "data.frames"},
    FlagKey{"data split", "--patient", "data.patient"},
    FlagKey{"data split", "--ratios", "data.ratios", 3},
    FlagKey{"data split", "--hold-out", "data.hold_out"},
    FlagKey{"data split", "--group", "data.group"},
    FlagKey{"data pack", "--format", "data.format"},
    FlagKey{"data pack", "--labels", "data.labels"},
    FlagKey{"data pack", "--key", "data.key"},
    FlagKey{"data pack", "--frames", "data.frames"},
    FlagKey{"data pack", "--patient", "data.patient"},
    FlagKey{"data pack",
            "--size",
            "data.size_px",
            0,
            &size_value,
            "size of the store's images: PX (square) or HEIGHTxWIDTH"},
    FlagKey{"data pack", "--bits", "data.bits"},
    FlagKey{"data pack", "--fit", "data.fit"},
    FlagKey{"data pack",
            "--compress",
            "data.gzip",
            0,
            &compress_value,
            "compression: none, or gzip:1 to gzip:9"},
    FlagKey{"data pack", "--checksums", "data.checksums"},
    FlagKey{"data pack", "--shard-gb", "data.shard_gb"},
    FlagKey{"data pack", "--where", "data.where"},
    FlagKey{"data pack", "--keep", "data.keep"},
    FlagKey{"data pack", "--patches", "data.patches"},
    FlagKey{"data pack", "--patch-context", "data.patch_context"},
    FlagKey{"data pack", "--patch-side", "data.patch_side_px"},
    FlagKey{"data pack", "--patch-negatives", "data.patch_negatives"},
    FlagKey{"data export", "--format", "data.format"},
    FlagKey{"data export", "--key", "data.key"},
    FlagKey{"data export", "--frames", "data.frames"},
    FlagKey{"gan train", "--family", "gan.family"},
    FlagKey{"gan train", "--preset", "gan.preset"},
    FlagKey{"gan train", "--where", "gan.where"},
    FlagKey{"gan train", "--allow-few", "gan.allow_few"},
    FlagKey{"augment search", "--arch", "classify.arch"},
    FlagKey{"augment search", "--weights", "classify.weights"},
    FlagKey{"augment search", "--trials", "tune.trials"},
    FlagKey{"balance", "--strategy", "balance.strategy"},
    FlagKey{"balance", "--source", "balance.sources"},
    FlagKey{"balance",
            "--gate",
            "balance.near_duplicate",
            0,
            &gate_values,
            "gate for synthetic images: near-duplicate:CORRELATION (0: off), memorised, or "
            "decisions:FILE (what people rejected); may be repeated"},
    FlagKey{"balance", "--max-factor", "balance.max_factor"},
    FlagKey{"balance", "--max-synthetic", "balance.max_synthetic"},
    FlagKey{"balance", "--allow-resize", "balance.allow_resize"},
    FlagKey{"balance", "--allow-weak", "balance.allow_weak"},
    FlagKey{"classify train", "--arch", "classify.arch"},
    FlagKey{"classify train", "--weights", "classify.weights"},
    FlagKey{"classify train", "--tune", "classify.tune"},
    FlagKey{"classify pretrain", "--arch", "classify.arch"},
    FlagKey{"classify pretrain", "--weights", "classify.weights"},
    FlagKey{"classify tune", "--arch", "classify.arch"},
    FlagKey{"classify tune", "--weights", "classify.weights"},
    FlagKey{"classify tune", "--trials", "tune.trials"},
    FlagKey{"detect train", "--arch", "detect.arch"},
    FlagKey{"detect train", "--size", "detect.size"},
    FlagKey{"detect train", "--weights", "detect.weights"},
    FlagKey{"study plan", "--data", "data.path"},
    FlagKey{"study run", "--data", "data.path"},
};

}  // namespace

std::vector<const FlagKey*> flags_of(std::string_view command) {
  std::vector<const FlagKey*> out;
  for (const FlagKey& flag : kFlags)
    if (flag.command == command) out.push_back(&flag);
  return out;
}

const FlagKey& shared_flag(std::string_view flag) {
  for (const FlagKey& known : kFlags)
    if (known.command.empty() && known.flag == flag) return known;
  throw Error(Exit::failed, cat("no shared flag ", flag));
}

std::vector<FlagValue> flag_values(const FlagKey& flag, const std::vector<std::string>& words) {
  if (flag.convert) return flag.convert(words);
  return {{std::string(flag.flag), std::string(flag.key), words}};
}

std::vector<int64_t> parse_size(const std::string& text) {
  const auto parts = split_text(text, 'x');
  std::vector<int64_t> sides;
  for (const auto& part : parts) {
    int64_t side = 0;
    if (parse_int(part, side)) sides.push_back(side);
  }
  check(sides.size() == parts.size() && (sides.size() == 1 || sides.size() == 2),
        Exit::usage,
        cat("--size takes PX or HEIGHTxWIDTH, not '", text, "'"));
  if (sides.size() == 1) sides.push_back(sides[0]);
  return sides;
}

}  // namespace evenray
