// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/files.hpp"
#include "core/json.hpp"
#include "serve/analysis/worker.hpp"

namespace evenray {

/// What the child process does with the bytes of one image file; `json` of a message holds "do":
///
/// - "models": {"classifier":{"arch","classes","size_px","digest","thresholds","card"},"detector":
///   {"arch","classes","size_px","digest","shown_score","card"}}; missing ones are null. `card`:
///   see Classifier::card() and Detector::card().
/// - "inspect": {"mode","width","height","bits","pictures","losses","patient":{"number","name",
///   "birth","sex"}}; `patient`: of a DICOM file, else empty texts. Throws 65 for a file that is
///   not an image, is cut short, or has more than 64 Mpx. Bytes: a thumbnail, a PNG of at most 160
///   px.
/// - "analyse":
/// {"schema":"evenray-analysis-1","width","height","classes":[{"name","p","predicted"}]
///   (the likeliest first), "unlike" (null: not known; above 1: see ClassifiedImage),
///   "boxes":[{"class","score","bbox"}] in px of the image, "models" (as above without "card"),
///   "seconds"}; bytes: the heat map of the
///   likeliest class as a grey PNG of the image's aspect.
/// - "pixels": {"width","height","scale","white","low","high"}; bytes: u16, little endian, row by
///   row. `low`, `high`: the window that shows 99 % of the pixels. Sides above 4096 px are halved;
///   `scale`: their pixels per pixel of the image.
/// - "picture" with "boxes" and "caption": bytes: a PNG of the image with boxes and text.
/// - "capture" with the same, and with "patient" as above (birth: YYYY-MM-DD): bytes: a DICOM file
///   of the picture, see secondary_capture().
class Analysis {
 public:
  /// Loads a classifier, a detector or both (packed models or run folders). Throws as Classifier()
  /// and Detector(), and 65 for two of one kind. Without any, nothing can be analysed.
  Analysis(const std::vector<std::string>& models, int threads);
  ~Analysis();

  WorkerMessage answer(const WorkerMessage& message) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace evenray
