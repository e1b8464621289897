// SPDX-License-Identifier: Apache-2.0
#pragma once
// The verdict on a generator: one word, derived once from its evaluation and stored in
// judgement.json. Included by gan.hpp. docs/metrics.md states the rule for users.
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "gan/options.hpp"

namespace evenray {

/// The words of a verdict, from best to worst.
inline constexpr const char* kUsable = "usable";
inline constexpr const char* kWeak = "weak";
inline constexpr const char* kNotUsableYet = "not usable yet";

/// The figures of an evaluation that a verdict uses; NaN: not finite.
struct JudgedFigures {
  double swd = 0, floor = 0, noise = 0;  ///< `noise`: of images without structure
  int64_t swd_n = 0;                     ///< images on each side of SWD
  double msssim = 0, msssim_real = 0;
  double memorised = 0, memorised_bound = 0;  ///< the share and its bound
};

struct Verdict {
  std::string word;                  ///< one of the words above
  std::vector<std::string> reasons;  ///< what keeps it from "usable", as phrases; empty if it is
  double excess = 0;                 ///< of SWD: 0 at the floor between real images, 1 at noise
  double similarity = 0;  ///< of MS-SSIM: 0 as among real images, 1 for copies of one picture
  double memorised = 0;   ///< the memorised share as a multiple of its bound

  /// "usable", or "weak: REASON; REASON".
  std::string text() const;
};

/// Returns the worst of the verdicts on three figures, each on a scale that depends neither on the
/// number of images nor on their grey values: usable up to one bound, weak up to the next, else
/// not usable yet. A figure that is not finite is above all bounds. Fewer images on each side of
/// SWD than usable_images: at most weak, because the floor is uncertain.
Verdict judge(const JudgedFigures& figures, const VerdictOptions& bounds);

/// Adds "verdict" to the JSON of evaluate_gan(), if it has SWD, MS-SSIM and memorisation.
void add_verdict(Json& evaluation, const VerdictOptions& bounds);

/// Returns the verdict in the JSON of an evaluation; nullopt if there is none. Throws 65, naming
/// `source`, if it is damaged.
std::optional<Verdict> verdict_in(const Json& evaluation, const std::string& source);

/// Returns the verdict in RUN/judgement.json on the generator with this digest. `model`: the run
/// folder RUN or RUN/checkpoints/FILE. nullopt if there is none, as for runs of earlier versions
/// and classes with few images.
std::optional<Verdict> stored_verdict(const Path& model, const std::string& digest);

/// Says that there is no verdict, and which command makes one.
std::string no_verdict_text();

}  // namespace evenray
