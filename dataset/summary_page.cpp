// SPDX-License-Identifier: Apache-2.0
#include "core/chart.hpp"
#include "core/html.hpp"
#include "core/text.hpp"
#include "dataset/summary.hpp"

namespace evenray {
namespace {

constexpr size_t kShownValues = 20;

std::string count_text(const Json& count) {
  return count.is_number() ? std::to_string(count.get<int64_t>()) : "unknown";
}

std::string ratio_text(const Json& ratio) {
  return ratio.is_number() ? fixed(ratio.get<double>(), 2) : "-";
}

/// What the page answers: how uneven the set is.
std::string answer(const Json& inspect) {
  const auto& classes = inspect.at("classes");
  if (classes.size() < 2) return "One class only: there is nothing to balance.";
  const Json *rarest = &classes[0], *commonest = &classes[0];
  for (const auto& c : classes) {
    if (c.at("images") < rarest->at("images")) rarest = &c;
    if (c.at("images") > commonest->at("images")) commonest = &c;
  }
  if (rarest->at("images") == commonest->at("images"))
    return "All classes have the same number of images.";
  return cat("For each image of the rarest class, ",
             rarest->at("name").get<std::string>(),
             ", there are ",
             ratio_text(inspect.at("imbalance_ratio")),
             " of the most frequent one, ",
             commonest->at("name").get<std::string>(),
             ".");
}

HtmlTable class_table(const Json& inspect) {
  HtmlTable table;
  table.caption = "IRLbl: images of the most frequent class for each of this one";
  table.head = {"Class", "Images", "Patients", "Boxes", "IRLbl"};
  for (const auto& c : inspect.at("classes")) {
    const auto name = c.at("name").get<std::string>();
    table.rows.push_back({name,
                          count_text(c.at("images")),
                          count_text(c.at("patients")),
                          count_text(c.at("boxes")),
                          ratio_text(inspect.at("irlbl").at(name))});
  }
  return table;
}

HtmlTable size_table(const Json& sizes) {
  HtmlTable table;
  table.head = {"Size (px, width x height)", "Images"};
  for (const auto& size : sizes) {
    table.rows.push_back(
        {cat(size.at("width"), " x ", size.at("height")), count_text(size.at("images"))});
  }
  return table;
}

HtmlTable metadata_table(const Json& metadata) {
  HtmlTable table;
  table.head = {"Column", "Value", "Images"};
  table.numeric = {false, false, true};
  for (const auto& [column, values] : metadata.items()) {
    size_t shown = 0;
    for (const auto& [value, count] : values.items()) {
      if (shown++ == kShownValues) break;
      table.rows.push_back({column, value.empty() ? "(missing)" : value, count_text(count)});
    }
    if (values.size() > kShownValues) {
      table.rows.push_back({column, cat("and ", values.size() - kShownValues, " more values"), ""});
    }
  }
  return table;
}

}  // namespace

std::string inspect_html(const Manifest& manifest, const Json& inspect) {
  std::string measured_on = cat(count_text(inspect.at("images")),
                                " images of ",
                                manifest.source,
                                " (",
                                manifest.format,
                                " layout), ",
                                count_text(inspect.at("bits")),
                                " bits a pixel");
  if (!manifest.licence.empty()) measured_on += cat(", licence ", manifest.licence);
  HtmlPage page(cat("What is in ", manifest.source), answer(inspect), measured_on);

  std::vector<Bar> bars;
  for (const auto& c : inspect.at("classes")) {
    bars.push_back({c.at("name").get<std::string>(), c.at("images").get<double>(), 0});
  }
  page.section("Classes");
  page.figure(bar_chart("Images a class", "images", bars),
              "Images a class, as the source labels them.");
  page.table(class_table(inspect));
  page.paragraph(cat("Mean imbalance ratio over the classes (Charte et al. 2015): ",
                     ratio_text(inspect.at("mean_ir")),
                     "."));
  page.section("Sizes");
  page.table(size_table(inspect.at("sizes")));
  if (!inspect.at("metadata").empty()) {
    page.section("Metadata");
    page.table(metadata_table(inspect.at("metadata")));
  }
  return page.text();
}

}  // namespace evenray
