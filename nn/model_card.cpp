// SPDX-License-Identifier: Apache-2.0
#include "nn/model_card.hpp"

#include <algorithm>

namespace evenray {

Json model_card(const Store& store) {
  const StoreInfo& info = store.info();
  Json images = Json::object();
  for (const char* name : {"train", "val", "test"}) {
    const StorePart& part = store.part(name);
    images[name] = {{"all", part.size()}, {"classes", Json::object()}};
    for (size_t c = 0; c < info.class_names.size(); ++c)
      images[name]["classes"][info.class_names[c]] = part.rows_of(static_cast<int>(c)).size();
  }
  const auto& origins = store.part("train").provenance;
  return {{"source", info.source},
          {"licence", info.licence},
          {"images", images},
          {"synthetic", std::count_if(origins.begin(), origins.end(), [](const Provenance& row) {
             return row.origin == Origin::synthetic;
           })}};
}

}  // namespace evenray
