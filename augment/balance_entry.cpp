// SPDX-License-Identifier: Apache-2.0
#include "augment/balance_entry.hpp"

#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

void Entry::prepare(const Source& source, const std::vector<Drawn>& batch) {
  for (const Drawn& drawn : batch) {
    if (drawn.image.rows == info_.height && drawn.image.cols == info_.width &&
        drawn.image.type() == (info_.bits == 16 ? CV_16UC1 : CV_8UC1)) {
      continue;
    }
    throw Error(Exit::bad_data,
                cat("source ",
                    source.name(),
                    " draws images of ",
                    drawn.image.cols,
                    "x",
                    drawn.image.rows,
                    " (",
                    drawn.image.elemSize() * 8,
                    " bits), but the store has ",
                    info_.width,
                    "x",
                    info_.height,
                    " (",
                    info_.bits,
                    " bits); use a generator that was trained on this store"));
  }
  for (const auto& gate : gates_)
    if (gate->applies(source.origin())) gate->prepare(batch);
}

bool Entry::passes(const Drawn& drawn, int class_index) {
  for (const auto& gate : gates_) {
    if (!gate->applies(drawn.provenance.origin)) continue;
    if (const auto reason = gate->reject(drawn, class_index)) {
      ++rejected_[gate->name()][*reason];
      return false;
    }
  }
  for (const auto& gate : gates_)
    if (gate->applies(drawn.provenance.origin)) gate->accepted(drawn, class_index);
  return true;
}

std::map<std::string, std::map<std::string, int64_t>> Entry::take_rejected() {
  return std::exchange(rejected_, {});
}

void Entry::throw_too_few(const BalanceTally::Drawing& drawing) const {
  std::vector<std::string> causes;
  for (const auto& [gate, reasons] : rejected_)
    for (const auto& [reason, images] : reasons)
      causes.push_back(cat("gate ", gate, " rejected ", images, " (", reason, ")"));
  throw Error(Exit::bad_data,
              cat("balance: class '",
                  drawing.class_name,
                  "' cannot be filled: source ",
                  drawing.source,
                  " drew ",
                  drawing.tried,
                  " images, but the gates accepted only ",
                  drawing.accepted,
                  " of the ",
                  drawing.asked,
                  " that are needed: ",
                  join(causes),
                  "; use another source, a smaller share or a looser gate"));
}

}  // namespace evenray
