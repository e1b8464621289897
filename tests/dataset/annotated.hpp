// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>

#include "tests/dataset/test_folder.hpp"

namespace evenray {

/// Images, then boxes as {image, category, x, y, width, height}.
inline Json coco(const Names& files, const std::vector<std::vector<double>>& boxes) {
  Json out{{"categories", {{{"id", 7}, {"name", "cyst"}}, {{"id", 3}, {"name", "break"}}}},
           {"images", Json::array()},
           {"annotations", Json::array()}};
  for (size_t i = 0; i < files.size(); ++i)
    out["images"].push_back({{"id", i}, {"file_name", files[i]}});
  for (const auto& box : boxes)
    out["annotations"].push_back({{"image_id", static_cast<int>(box[0])},
                                  {"category_id", static_cast<int>(box[1])},
                                  {"bbox", {box[2], box[3], box[4], box[5]}}});
  return out;
}

inline bool same_box(const Box& box, const std::vector<float>& edges, int label) {
  const std::vector<float> found{box.x0, box.y0, box.x1, box.y1};
  for (size_t i = 0; i < 4; ++i)
    if (std::abs(found[i] - edges[i]) > 1e-4f) return false;
  return box.label == label;
}

inline std::string voc(const std::string& file, const std::string& objects) {
  return cat("<annotation><filename>", file, "</filename>", objects, "</annotation>");
}

inline const std::string kObject =
    "<object><name>cyst</name><bndbox><xmin>1.5</xmin><ymin>0</ymin><xmax>3</xmax>"
    "<ymax>4</ymax></bndbox></object>";

}  // namespace evenray
