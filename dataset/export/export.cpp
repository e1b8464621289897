// SPDX-License-Identifier: Apache-2.0
#include "dataset/export/export.hpp"

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/export/layout.hpp"
#include "dataset/export/names.hpp"
#include "dataset/export/png.hpp"
#include "dataset/image/image.hpp"
#include "dataset/store/datasheet.hpp"

namespace evenray {
namespace {

constexpr int64_t kBytesAhead = int64_t{256} << 20;
constexpr size_t kMostAhead = 64;

constexpr std::string_view kNotAnnotated =
    "Most programs treat an image without boxes as an image without objects. ";

constexpr std::array kLayouts = {
    ExportLayout{"coco",
                 &folder_in_images,
                 &annotate_coco,
                 "COCO: `annotations/instances_PART.json` for the images in `images/PART`. "
                 "`info.evenray_not_annotated` lists the ids of images that are not annotated."},
    ExportLayout{
        "yolo",
        &folder_in_images,
        &annotate_yolo,
        "YOLO: `data.yaml`, and for `images/PART/NAME.png` the boxes in "
        "`labels/PART/NAME.txt`, which is empty if there is none. An image that is not annotated "
        "has no such file. Polygons are not in this layout."},
    ExportLayout{
        "voc",
        &folder_of_voc,
        &annotate_voc,
        "Pascal VOC: `JPEGImages/NAME.png` (the usual folder name; the files are PNG), "
        "`Annotations/NAME.xml`, `ImageSets/Main/PART.txt` and `CLASS_PART.txt`. Coordinates "
        "are decimal and begin at 0. An image that is not annotated has no XML file and is "
        "not in `PART.txt`. Polygons are not in this layout."},
    ExportLayout{
        "folder",
        &folder_of_class,
        nullptr,
        "One folder per part, with one folder per class in it. Boxes are not in this layout."},
    ExportLayout{
        "imagefolder",
        &folder_of_part,
        &annotate_imagefolder,
        "Hugging Face's imagefolder: `PART/metadata.jsonl` beside the images; bbox is x, y, "
        "width, height. An image that is not annotated has no `objects`. `load_dataset` "
        "infers types for each part. If a part has no box at all, load the parts one by one. "
        "Unknown labels and polygons are not in this layout."},
    ExportLayout{"csv",
                 &folder_in_images,
                 &annotate_csv,
                 "Tables: labels.csv, and `boxes.csv` with one line per box; rings of polygons are "
                 "separated by semicolons."},
    ExportLayout{"png", &folder_of_part, nullptr, "PNG files in one folder per part."},
};

const ExportLayout& find_layout(const std::string& name) {
  const auto* found = std::find_if(kLayouts.begin(),
                                   kLayouts.end(),
                                   [&](const ExportLayout& layout) { return layout.name == name; });
  if (found == kLayouts.end())
    throw Error(Exit::usage, unknown_name("layout", name, export_layouts()));
  return *found;
}

/// Returns every image with its name and file. All errors that need no pixels are thrown here,
/// before anything is written.
ExportPlan make_plan(const Store& store, const ExportOptions& options) {
  options.check();
  const ExportLayout& layout = find_layout(options.to);
  ExportPlan plan{store, {}, {}, unique_names(store.info().class_names)};
  std::vector<NamedImage> named;
  for (const char* name : kParts) {
    const StorePart& part = store.part(name);
    if ((!options.part.empty() && options.part != name) || part.size() == 0) continue;
    plan.parts.emplace_back(name);
    for (size_t row = 0; row < part.ids.size(); ++row) {
      plan.images.push_back({&part, row, static_cast<int64_t>(plan.images.size()) + 1, "", ""});
      named.push_back({part.ids[row],
                       shown_classes(store.info().class_names, part.labels[row]),
                       name,
                       plan.images.size()});
    }
  }
  check(!plan.images.empty(),
        Exit::bad_data,
        cat(store.path().string(), ": no rows", options.part.empty() ? "" : " in " + options.part));
  const auto names = file_names(named, options.rename);
  for (size_t i = 0; i < names.size(); ++i) {
    ExportedImage& image = plan.images[i];
    image.name = names[i];
    image.file = cat(layout.folder(plan, image), "/", image.name, ".png");
  }
  return plan;
}

ExportResult result_of(const ExportPlan& plan, const ExportOptions& options) {
  ExportResult result;
  const StoreInfo& info = plan.info();
  for (const auto& image : plan.images) {
    ++result.images;
    ++result.parts[image.part->name];
    result.boxes += static_cast<int64_t>(image.boxes().size());
    result.renamed += image.name != image.id();
    result.not_annotated += !image.annotated();
  }
  const int64_t pixels = options.size_px.empty() ? int64_t{info.height} * info.width
                                                 : options.size_px[0] * options.size_px[1];
  result.pixel_bytes = result.images * pixels * (options.bits == 0 ? info.bits : options.bits) / 8;
  return result;
}

/// Returns how many images may wait to be written, so that large images do not fill the memory.
size_t images_ahead(const ExportResult& result, int threads) {
  const auto fit =
      static_cast<size_t>(kBytesAhead / std::max<int64_t>(1, result.pixel_bytes / result.images));
  const auto least = static_cast<size_t>(threads) + 1;
  return std::clamp(fit, least, std::max(kMostAhead, least));
}

std::string export_sheet(const ExportPlan& plan,
                         const ExportOptions& options,
                         const ExportResult& result) {
  std::string out = cat(datasheet(plan.store, plan.parts),
                        "\n## This export\n\n",
                        find_layout(options.to).about,
                        "\n\n");
  if (!options.size_px.empty() || options.bits != 0) {
    out += "Its images were changed: ";
    if (!options.size_px.empty())
      out += cat(options.size_px[0], " x ", options.size_px[1], " px (height x width), padded. ");
    if (options.bits != 0) out += cat(options.bits, " bits. ");
    out += "\n\n";
  }
  out += cat(result.images, " images, ", result.boxes, " boxes. ");
  if (result.not_annotated > 0)
    out += cat(result.not_annotated, " images are not annotated. ", kNotAnnotated);
  out +=
      "\n\nlabels.csv: id, file, part and group, one column per class (1 yes, 0 no, -1 "
      "unknown), origin, columns of the source. provenance.csv: how each image was made, and its "
      "position in the source image (source pixel = (pixel - offset) / scale).";
  if (result.renamed > 0)
    out += cat(
        " names.csv: the ids of ", result.renamed, " images whose files are not named after them.");
  return out + "\n";
}

void write_export(const ExportPlan& plan,
                  const ExportOptions& options,
                  const ExportResult& result,
                  int threads,
                  OutputFolder& out) {
  write_files(out, plan.images.size(), threads, images_ahead(result, threads), [&](size_t i) {
    const ExportedImage& image = plan.images[i];
    const cv::Mat pixels = plan.store.image(image.part->name, static_cast<int64_t>(image.row));
    return MadeFile{image.file, encode_png(shaped(pixels, options, plan.info().value_max)), ""};
  });
  if (const auto annotate = find_layout(options.to).annotate) annotate(plan, out);
  out.write("labels.csv", labels_csv(plan));
  out.write("provenance.csv", provenance_csv(plan));
  std::vector<OldAndNew> names;
  for (const auto& image : plan.images) names.push_back({image.id(), image.name});
  if (const auto table = names_csv(names); !table.empty()) out.write("names.csv", table);
  out.write("DATASHEET.md", export_sheet(plan, options, result));
}

}  // namespace

void ExportOptions::check() const {
  find_layout(to);
  evenray::check(part.empty() || std::find(kParts.begin(), kParts.end(), part) != kParts.end(),
                 Exit::usage,
                 unknown_name("part", part, {kParts.begin(), kParts.end()}));
  evenray::check(
      bits == 0 || bits == 8 || bits == 16, Exit::usage, cat("--bits is ", bits, "; give 8 or 16"));
  const bool size_ok =
      size_px.empty() || (size_px.size() == 2 && std::min(size_px[0], size_px[1]) >= 8 &&
                          std::max(size_px[0], size_px[1]) <= 8192);
  evenray::check(size_ok, Exit::usage, "--size must have sides of 8 to 8192 px");
  const Voi grey = parse_voi(voi);
  evenray::check(grey != Voi::none || bits != 8,
                 Exit::usage,
                 "--voi none keeps stored values, which need --bits 16");
  evenray::check(
      to == "png" || (bits == 0 && size_px.empty() && grey == Voi::automatic),
      Exit::usage,
      "--bits, --size and --voi need --to png: other layouts keep the store's pixels, because "
      "its boxes are in these pixels");
  check_rename(rename);
}

std::vector<std::string> export_layouts() {
  std::vector<std::string> names;
  for (const auto& layout : kLayouts) names.emplace_back(layout.name);
  return names;
}

ExportResult plan_export(const Store& store, const ExportOptions& options) {
  return result_of(make_plan(store, options), options);
}

ExportResult export_store(const Store& store,
                          const ExportOptions& options,
                          const Path& out,
                          int threads) {
  const ExportPlan plan = make_plan(store, options);
  ExportResult result = result_of(plan, options);
  OutputFolder folder(out);
  write_export(plan, options, result, threads, folder);
  folder.publish();
  return result;
}

}  // namespace evenray
