// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <set>

#include "core/page/chart.hpp"
#include "core/page/html.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "dataset/summary/summary.hpp"

namespace evenray {
namespace {

constexpr size_t kShownValues = 20;

/// Returns the headline of the page: how imbalanced the set is.
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
  table.caption = "IRLbl: images of the most frequent class per image of this class";
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
  for (size_t i = 0; i < std::min(sizes.size(), kShownValues); ++i) {
    const auto& size = sizes[i];
    table.rows.push_back(
        {cat(size.at("width"), " x ", size.at("height")), count_text(size.at("images"))});
  }
  if (sizes.size() > kShownValues)
    table.rows.push_back({cat("and ", sizes.size() - kShownValues, " more sizes"), ""});
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

constexpr size_t kMostDots = 2000, kMostValues = 8, kMostExamples = 40, kExamplesPerClass = 8;
constexpr int kExamplePx = 150;

/// Draws one dot per distinct size.
std::string size_chart(const Json& sizes) {
  Series dots{"", {}, {}};
  dots.dots = true;
  for (size_t i = 0; i < std::min(sizes.size(), kMostDots); ++i) {
    dots.x.push_back(sizes[i].at("width").get<double>());
    dots.y.push_back(sizes[i].at("height").get<double>());
  }
  return line_chart("Sizes of the images", {"width, px"}, {"height, px"}, {dots});
}

void add_owners(HtmlPage& page, const Manifest& manifest, const Json& inspect) {
  const bool patients = inspect.contains("patients");
  const std::string noun = patients ? "patient" : "group";
  if (!inspect.contains(noun + "s")) return;
  const Json& owners = inspect.at(noun + "s");
  page.section(patients ? "Patients" : "Groups");
  page.figure(histogram("Images per " + noun,
                        {"images per " + noun, 0, {}},
                        noun + "s",
                        images_per(manifest, patients ? &Sample::patient : &Sample::visit)),
              cat(owners.at(noun + "s"),
                  " ",
                  noun,
                  "s with ",
                  owners.at("images"),
                  " images. Images of one ",
                  noun,
                  " belong in one part.",
                  patients ? "" : " Patients are unknown."));
}

void add_boxes(HtmlPage& page,
               const Manifest& manifest,
               const std::vector<ImageFacts>& facts,
               const Json& inspect) {
  if (!inspect.contains("boxes")) return;
  const Json& boxes = inspect.at("boxes");
  page.section("Boxes");
  page.paragraph(cat(boxes.at("boxes"),
                     " boxes in ",
                     boxes.at("images_with_boxes"),
                     " of ",
                     boxes.at("images_annotated"),
                     " annotated images."));
  if (boxes.at("boxes") == 0) return;
  std::vector<Bar> by_boxes;
  for (const auto& [number, images] : boxes.at("images_by_boxes").items())
    by_boxes.push_back({number, images.get<double>(), 0});
  if (by_boxes.size() <= kShownValues)
    page.figure(bar_chart("Images by their number of boxes", "images", by_boxes),
                "Annotated images by their number of boxes.");
  std::vector<double> sides;
  for (size_t i = 0; i < manifest.samples.size(); ++i) {
    const double longer = std::max(facts[i].width, facts[i].height);
    if (longer == 0) continue;
    for (const auto& box : manifest.samples[i].boxes)
      sides.push_back(100 * std::sqrt(std::max(0.f, (box.x1 - box.x0) * (box.y1 - box.y0))) /
                      longer);
  }
  page.figure(
      histogram(
          "Sides of the boxes", {"side, % of the image's longer side", 0, {}}, "boxes", sides),
      "Square root of the box area, as a share of the image's longer side. In a store "
      "with images of N px, a side is this share of N px.");
}

void add_labels(HtmlPage& page, const Json& inspect) {
  if (!inspect.contains("labels")) return;
  const Json& labels = inspect.at("labels");
  std::vector<std::string> names;
  std::vector<std::vector<double>> together;
  for (const auto& [a, row] : labels.at("together").items()) {
    names.push_back(a);
    together.emplace_back();
    for (const auto& [b, images] : row.items()) together.back().push_back(images.get<double>());
  }
  page.section("Label co-occurrence");
  page.figure(heat_map("Images with both labels", names, names, together),
              "Images with both labels; the diagonal shows all images of a label. Shades are "
              "relative to the row.");
  page.paragraph(cat(ratio_text(labels.at("cardinality")),
                     " labels per image, ",
                     labels.at("labelsets"),
                     " label sets, ",
                     labels.at("single_labelsets"),
                     " of them in only one image. SCUMBLE (Charte et al. 2019) is ",
                     fixed(labels.at("scumble").get<double>(), 3),
                     ". The higher it is, the more often rare labels occur together with frequent "
                     "ones, and the less it helps to copy their images."));
}

/// Adds a heat map with one row per column=value, for columns with few values, and the table.
void add_metadata(HtmlPage& page, const Manifest& manifest, const Json& inspect) {
  if (inspect.at("metadata").empty()) return;
  std::vector<std::string> few;
  for (const auto& [column, values] : inspect.at("metadata").items()) {
    if (values.size() > 1 && values.size() <= kMostValues) few.push_back(column);
  }
  page.section("Metadata");
  if (!few.empty() && !manifest.class_names.empty()) {
    const Json by = images_by(manifest, few);
    std::vector<std::string> rows;
    std::vector<std::vector<double>> counts;
    for (const auto& [column, values] : by.items()) {
      for (const auto& [value, classes] : values.items()) {
        rows.push_back(column + (value.empty() ? " missing" : " = " + value));
        counts.emplace_back();
        for (const auto& [name, images] : classes.items())
          counts.back().push_back(images.get<double>());
      }
    }
    page.figure(heat_map("Images by column and class", rows, manifest.class_names, counts),
                "Images by value and class. Shades are relative to the row.");
  }
  page.table(metadata_table(inspect.at("metadata")));
}

/// Returns evenly spaced images of each class. Images without boxes are used only if too few have
/// boxes.
std::vector<size_t> examples(const Manifest& manifest, const std::vector<ImageFacts>& facts) {
  std::vector<size_t> chosen;
  std::set<size_t> taken;
  for (size_t c = 0; c < manifest.class_names.size(); ++c) {
    std::vector<size_t> rows;
    for (const bool boxes : {true, false}) {
      for (size_t i = 0; i < manifest.samples.size(); ++i) {
        const auto& sample = manifest.samples[i];
        const bool fits = facts[i].readable && sample.labels[c] == 1 && !taken.contains(i);
        if (fits && sample.boxes.empty() != boxes) rows.push_back(i);
      }
      if (rows.size() >= kExamplesPerClass) break;
    }
    const size_t shown = std::min({rows.size(), kExamplesPerClass, kMostExamples - chosen.size()});
    for (size_t k = 0; k < shown; ++k) {
      const size_t row = rows[k * rows.size() / shown];
      if (taken.insert(row).second) chosen.push_back(row);
    }
  }
  return chosen;
}

void add_examples(HtmlPage& page, const Manifest& manifest, const std::vector<ImageFacts>& facts) {
  std::vector<SheetItem> items;
  for (const size_t i : examples(manifest, facts)) {
    const auto& sample = manifest.samples[i];
    const cv::Mat pixels = decode_sample(sample).pixels;
    std::vector<std::string> names;
    for (size_t c = 0; c < manifest.class_names.size(); ++c) {
      if (sample.labels[c] == 1) names.push_back(manifest.class_names[c]);
    }
    if (!pixels.empty()) items.push_back({pixels, join(names, "|"), sample.boxes});
  }
  if (items.empty()) return;
  SheetOptions options;
  options.cell_px = kExamplePx;
  options.columns = 8;
  options.boxes = options.polygons = true;
  page.section("Examples");
  page.figure(png_image(encode_png(draw_sheet(items, options)), "Examples of each class"),
              "Images of each class, evenly spaced in the order of their ids, those with boxes "
              "first; boxes and polygons as annotated.");
}

void add_sources(HtmlPage& page, const Json& inspect) {
  if (!inspect.contains("sources")) return;
  HtmlTable table;
  table.head = {"Source", "Images"};
  for (const auto& source : inspect.at("sources")) {
    const bool first = table.rows.empty();
    table.rows.push_back({source.at("name").get<std::string>(), count_text(source.at("images"))});
    for (const auto& [name, images] : source.at("classes").items()) {
      if (first) table.head.push_back(name);
      table.rows.back().push_back(count_text(images));
    }
  }
  page.section("Sources");
  page.table(table);
}

void add_training(HtmlPage& page, const Json& inspect) {
  if (!inspect.contains("training")) return;
  const Json& training = inspect.at("training");
  HtmlTable table;
  table.head = {"Class", "Rows", "Real", "Copies", "Augmented", "Synthetic"};
  for (const auto& c : training.at("classes")) {
    table.rows.push_back({c.at("name").get<std::string>()});
    for (const char* key : {"rows", "real", "copy", "augmented", "synthetic"})
      table.rows.back().push_back(count_text(c.at(key)));
  }
  page.section("Training");
  page.paragraph(
      cat("The train part also has rows that are not real. Training sees an imbalance of "
          "1 : ",
          ratio_text(training.at("imbalance_ratio")),
          ". All other figures of this page are those of the real images."));
  page.table(table);
}

}  // namespace

std::string inspect_html(const Manifest& manifest,
                         const std::vector<ImageFacts>& facts,
                         const Json& inspect) {
  std::string measured_on = cat(count_text(inspect.at("images")),
                                " images of ",
                                manifest.source,
                                " (",
                                manifest.format,
                                " layout), ",
                                count_text(inspect.at("bits")),
                                " bits per pixel");
  if (!manifest.licence.empty()) measured_on += cat(", licence ", manifest.licence);
  HtmlPage page(cat("What is in ", manifest.source), answer(inspect), measured_on);

  std::vector<Bar> bars;
  for (const auto& c : inspect.at("classes")) {
    bars.push_back({c.at("name").get<std::string>(), c.at("images").get<double>(), 0});
  }
  page.section("Classes");
  page.figure(bar_chart("Images per class", "images", bars),
              "Images per class, as the source labels them.");
  page.table(class_table(inspect));
  page.paragraph(cat("Mean imbalance ratio over the classes (Charte et al. 2015): ",
                     ratio_text(inspect.at("mean_ir")),
                     "."));
  add_training(page, inspect);
  add_labels(page, inspect);
  add_sources(page, inspect);
  page.section("Sizes");
  const Json& sizes = inspect.at("sizes");
  if (sizes.size() > 1) page.figure(size_chart(sizes), "One dot per image size.");
  page.table(size_table(sizes));
  add_owners(page, manifest, inspect);
  add_boxes(page, manifest, facts, inspect);
  add_metadata(page, manifest, inspect);
  add_examples(page, manifest, facts);
  return page.text();
}

}  // namespace evenray
