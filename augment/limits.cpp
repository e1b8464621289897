// SPDX-License-Identifier: Apache-2.0
#include "augment/limits.hpp"

#include <cmath>

#include "core/text.hpp"

namespace evenray {
namespace {

/// Plain digits, since the text is also printed to terminals.
std::string rows_text(int64_t rows, const char* kind = "") {
  return cat(rows, " ", kind, rows == 1 ? "row" : "rows");
}

/// The rows of one kind of source: by share alone, and as they were allotted.
struct Kind {
  int64_t by_share = 0, allotted = 0;
  std::vector<std::string> gained;  ///< the sources that got more rows than by share
};

/// `synthetic`: of synthetic sources; else of copies and augmented rows.
Kind kind_of_fill(const ClassFill& fill, bool synthetic) {
  Kind kind;
  const Allotment& allotment = fill.allotment;
  for (size_t s = 0; s < fill.sources.size(); ++s) {
    if (fill.synthetic[s] != synthetic) continue;
    kind.by_share += allotment.by_share[s];
    kind.allotted += allotment.from[s];
    if (allotment.from[s] > allotment.by_share[s]) kind.gained.push_back(fill.sources[s]);
  }
  if (!synthetic && allotment.copies > 0) {
    kind.allotted += allotment.copies;
    kind.gained.emplace_back("copy");
  }
  return kind;
}

/// Returns the smallest max_synthetic with two decimals that allows this many synthetic rows.
double enough_synthetic(int64_t synthetic, int64_t real) {
  const auto rows = static_cast<double>(real);
  double hundredths = std::ceil(100 * static_cast<double>(synthetic) / rows - 1e-6);
  while (std::floor(hundredths / 100 * rows) < static_cast<double>(synthetic)) ++hundredths;
  return hundredths / 100;
}

std::string max_synthetic_text(const ClassFill& fill,
                               const BalanceOptions& options,
                               const Kind& synthetic,
                               const Kind& derived) {
  std::string text = cat(synthetic.allotted,
                         " of the ",
                         fill.added,
                         " planned rows are synthetic instead of ",
                         synthetic.by_share,
                         " (",
                         share_text(static_cast<double>(synthetic.allotted) / double(fill.added)),
                         " instead of ",
                         share_text(static_cast<double>(synthetic.by_share) / double(fill.added)),
                         "): max_synthetic is ",
                         options.max_synthetic,
                         ", so the ",
                         rows_text(fill.real, "real "),
                         " of the class allow at most ",
                         fill.synthetic_before + synthetic.allotted,
                         fill.synthetic_before > 0
                             ? cat(", of which ", fill.synthetic_before, " were there before")
                             : "",
                         ".");
  if (!derived.gained.empty())
    text += cat(" The others come from ", join(derived.gained, " and "), ".");
  return text + cat(" --max-synthetic ",
                    enough_synthetic(fill.synthetic_before + synthetic.by_share, fill.real),
                    " would allow them.");
}

std::string max_factor_text(const ClassFill& fill,
                            const BalanceOptions& options,
                            const Kind& synthetic,
                            const Kind& derived,
                            const std::function<int64_t(int64_t)>& enough_factor) {
  const int64_t wanted = fill.added - std::min(synthetic.by_share, synthetic.allotted);
  std::string text =
      cat(derived.allotted,
          " rows can be copied or augmented, not ",
          wanted,
          ": max_factor is ",
          options.max_factor,
          ", so at most ",
          rows_text(static_cast<int64_t>(options.max_factor)),
          " may be made from each of the ",
          rows_text(fill.real, "real "),
          " of the class",
          fill.made_before > 0 ? cat(" (", fill.made_before, " were made before)") : "",
          ".");
  if (!synthetic.gained.empty())
    text += cat(" ",
                rows_text(synthetic.allotted - synthetic.by_share),
                " more than by share come from ",
                join(synthetic.gained, " and "),
                ".");
  if (fill.allotment.missing > 0)
    text += cat(" The class gets ", rows_text(fill.allotment.missing), " fewer than planned.");
  return text + cat(" --max-factor ", enough_factor(wanted), " would allow all.");
}

}  // namespace

std::string share_text(double share) {
  if (!std::isfinite(share)) return "-";
  const double tenths = std::round(1000 * share);
  return cat(fixed(tenths / 10, std::fmod(tenths, 10) == 0 ? 0 : 1), " %");
}

std::vector<BalanceLimit> limits_of(const ClassFill& fill,
                                    const BalanceOptions& options,
                                    const std::function<int64_t(int64_t)>& enough_factor) {
  std::vector<BalanceLimit> limits;
  const auto add = [&](const char* name, const std::string& text) {
    limits.push_back({fill.class_name, name, text});
  };
  if (fill.before == 0 && fill.added == 0)
    add("strategy",
        cat("There is no training row, and the strategy ",
            options.strategy,
            " adds none to such a class. --strategy ",
            fill.class_name,
            "=N with a generator as source would."));
  if (fill.added == 0) return limits;
  const Kind synthetic = kind_of_fill(fill, true), derived = kind_of_fill(fill, false);
  for (const ParsedSource& other : fill.others) {
    std::vector<std::string> instead;
    for (size_t s = 0; s < fill.sources.size(); ++s)
      if (fill.allotment.from[s] > 0) instead.push_back(fill.sources[s]);
    if (fill.allotment.copies > 0) instead.emplace_back("copy");
    add("other_class",
        cat(other.name,
            " does not draw this class. Its share (",
            share_text(other.share),
            ") goes to ",
            join(instead, " and "),
            "."));
  }
  if (fill.real == 0) {
    add("no_real_row",
        cat("There is no real row to copy or augment, so all ",
            fill.added,
            " rows are synthetic, and max_synthetic does not apply."));
    return limits;
  }
  if (synthetic.allotted < synthetic.by_share)
    add("max_synthetic", max_synthetic_text(fill, options, synthetic, derived));
  if (fill.allotment.missing > 0 || synthetic.allotted > synthetic.by_share)
    add("max_factor", max_factor_text(fill, options, synthetic, derived, enough_factor));
  return limits;
}

BalanceLimit used_up(const std::string& class_name,
                     const std::string& source,
                     int64_t missing,
                     double max_factor) {
  return {class_name,
          "max_factor",
          cat("The class gets ",
              rows_text(missing),
              " fewer than planned from ",
              source,
              ": max_factor is ",
              max_factor,
              ", and as many rows were made from each of its real rows, for this class or for "
              "another. A larger --max-factor would allow more.")};
}

BalanceLimit given_up(const std::string& class_name,
                      const std::string& source,
                      int64_t missing,
                      int64_t rejected,
                      double max_factor) {
  return {class_name,
          "gates",
          cat("The class gets ",
              rows_text(missing),
              " fewer than planned from ",
              source,
              ": the gates rejected ",
              rejected,
              " images in a row that were made from the real rows that may still be used "
              "(max_factor is ",
              max_factor,
              "). A larger --max-factor would allow more of the other rows.")};
}

}  // namespace evenray
