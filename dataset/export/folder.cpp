// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/export/layout.hpp"

namespace evenray {

std::string folder_of_class(const ExportPlan& plan, const ExportedImage& image) {
  const int index = only_class(image.labels());
  if (index < 0) {
    std::vector<std::string> shown;
    for (size_t c = 0; c < image.labels().size(); ++c)
      if (image.labels()[c] == 1) shown.push_back(plan.info().class_names[c]);
    throw Error(Exit::bad_data,
                cat("image '",
                    image.id(),
                    "' has no class folder, because it does not have exactly one class (classes: ",
                    shown.empty() ? "none" : join(shown),
                    "); use --to csv, imagefolder or coco"));
  }
  return cat(image.part->name, "/", plan.class_files[static_cast<size_t>(index)]);
}

}  // namespace evenray
