// SPDX-License-Identifier: Apache-2.0
#include "dataset/export/png.hpp"

#include <map>
#include <set>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/export/layout.hpp"
#include "dataset/export/names.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/frames.hpp"
#include "dataset/image/image.hpp"
#include "dataset/pack_plan.hpp"
#include "dataset/reader.hpp"
#include "dataset/store/datasheet.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(const Manifest& manifest, const ExportOptions& options) {
  std::vector<NamedImage> images;
  for (const auto& sample : manifest.samples)
    images.push_back({sample.id,
                      shown_classes(manifest.class_names, sample.labels),
                      sample.part,
                      images.size() + 1});
  return file_names(images, options.rename);
}

DecodedImage decoded_for(const Sample& sample, const ExportOptions& options) {
  const Voi voi = parse_voi(options.voi);
  if (sample.draw || voi == Voi::automatic || !is_dicom_file(sample.file))
    return decode_sample(sample);
  return decode_dicom(read_file(sample.file, kMaxImageFileBytes),
                      {voi, static_cast<int>(options.bits), std::max(sample.frame, 0)});
}

MadeFile made(const Sample& sample,
              const std::string& name,
              const ExportOptions& options,
              int white16) {
  const DecodedImage decoded = decoded_for(sample, options);
  if (const std::string defect = decoded.defect(); !defect.empty())
    return {"", "", decoded.truncated ? "truncated" : "unreadable", defect};
  return {name + ".png", encode_png(shaped(decoded.pixels, options, white16)), ""};
}

/// Returns the value of white in the 16-bit files. This decodes them, so it is done only if they
/// become 8-bit.
int white_of(const Manifest& manifest, const ExportOptions& options, int threads) {
  if (options.bits != 8) return 65535;
  std::vector<Planned> rows;
  for (size_t i = 0; i < manifest.samples.size(); ++i) rows.push_back({i, nullptr, "", ""});
  return white_of_16_bits(manifest, rows, threads);
}

std::string images_sheet(const Manifest& manifest,
                         const ExportOptions& options,
                         const ExportResult& result) {
  std::string out = cat("# Datasheet: ",
                        markdown_line(manifest.source),
                        "\n\n## What it is\n\n- images: ",
                        result.images,
                        " PNG files, upright, ");
  out += options.size_px.empty()
             ? "of their original size"
             : cat(options.size_px[0], " x ", options.size_px[1], " px (height x width), padded");
  out += options.bits == 0 ? ", with the bit depth of their source\n"
                           : cat(", ", options.bits, " bits\n");
  for (const auto& [kind, ids] : result.left_out)
    out += cat("- left out, ", kind, ": ", ids.size(), "\n");
  out += cat("- source: ",
             markdown_line(manifest.source),
             "\n- licence: ",
             manifest.licence.empty() ? "not stated; ask the source before you share it"
                                      : markdown_line(manifest.licence),
             "\n- labels, boxes and parts of the source are not in this export\n");
  if (result.renamed > 0)
    out += cat("- names.csv: the names of ", result.renamed, " images before and after\n");
  return out + "\n" + unfit_uses();
}

/// Replaces the samples by all image files below the root, also those that the reader did not list.
void add_unlisted(Manifest& manifest) {
  std::map<Path, const Sample*> known;
  for (const auto& sample : manifest.samples) known[sample.file] = &sample;
  std::set<Path> files;
  for (const auto& [file, sample] : known) files.insert(file);
  for (const auto& file : image_files(manifest.root)) files.insert(file);
  auto samples = samples_of_files(manifest.root, {files.begin(), files.end()});
  for (auto& sample : samples) {
    if (const auto found = known.find(sample.file); found != known.end()) {
      sample.labels = found->second->labels;
      sample.part = found->second->part;
    }
  }
  manifest.samples = std::move(samples);
}

}  // namespace

cv::Mat shaped(const cv::Mat& image, const ExportOptions& options, int white16) {
  cv::Mat out = image;
  if (!options.size_px.empty()) {
    Placement placement;
    out = fit_image(out,
                    static_cast<int>(options.size_px[0]),
                    static_cast<int>(options.size_px[1]),
                    Fit::pad,
                    placement);
  }
  // Values that already have the requested depth stay unchanged.
  const int64_t bits = out.depth() == CV_8U ? 8 : 16;
  return options.bits == 0 || options.bits == bits ? out : with_bits(out, options.bits, white16);
}

void write_files(OutputFolder& out,
                 size_t n,
                 int threads,
                 size_t ahead,
                 const std::function<MadeFile(size_t)>& make,
                 const std::function<void(size_t, const MadeFile&)>& faulty) {
  Progress progress("export", static_cast<int64_t>(n), "img");
  ordered_pipeline<MadeFile>(
      n,
      threads,
      make,
      [&](size_t i, MadeFile& file) {
        if (file.fault.empty()) {
          out.write(file.name, file.bytes);
        } else {
          faulty(i, file);
        }
        progress.advance();
        throw_if_stopped();
      },
      ahead);
}

std::string shown_classes(const std::vector<std::string>& class_names,
                          const std::vector<int8_t>& labels) {
  std::vector<std::string> shown;
  for (size_t c = 0; c < labels.size(); ++c)
    if (labels[c] == 1) shown.push_back(class_names[c]);
  return shown.empty() ? "none" : join(shown, "+");
}

Manifest images_at(const std::string& path, const ReadOptions& options) {
  Manifest manifest;
  manifest.root = clean_root(path);
  manifest.source = manifest.root.filename().string();
  if (fs::is_regular_file(path)) {
    manifest.samples = samples_of_files(manifest.root.parent_path(), {manifest.root});
    check_frames_used(take_frames(manifest, options.frames), options.frames, path);
    return manifest;
  }
  ReadOptions whole = options;  // frames are taken when all files are listed
  if (options.format == "auto") whole.frames = "first";
  try {
    manifest = read_dataset(path, whole);
  } catch (const Error& error) {
    // The folder may have no classes, so that it is not a data set, and still contain images.
    if (error.code() != Exit::bad_data || options.format != "auto" || !fs::is_directory(path))
      throw;
    add_unlisted(manifest);
    if (manifest.samples.empty()) throw;
  }
  if (options.format == "auto") {
    if (fs::is_directory(path)) add_unlisted(manifest);
    check_frames_used(take_frames(manifest, options.frames), options.frames, path);
  }
  return manifest;
}

ExportResult plan_export_images(const Manifest& manifest, const ExportOptions& options) {
  options.check();
  check(options.to == "png" && options.part.empty(),
        Exit::usage,
        "a collection that is not a store can only be exported with --to png and without --part; "
        "make a store of it with `data pack`");
  ExportResult result;
  const auto names = names_of(manifest, options);
  for (size_t i = 0; i < names.size(); ++i) {
    const Sample& sample = manifest.samples[i];
    ++result.images;
    if (!sample.part.empty()) ++result.parts[sample.part];
    result.renamed += names[i] != sample.id;
  }
  return result;
}

ExportResult export_images(const Manifest& manifest,
                           const ExportOptions& options,
                           const Path& out,
                           int threads) {
  ExportResult result = plan_export_images(manifest, options);
  OutputFolder folder(out);
  const auto names = names_of(manifest, options);
  const int white16 = white_of(manifest, options, threads);
  std::vector<OldAndNew> table;
  std::vector<bool> left(names.size());
  write_files(
      folder,
      names.size(),
      threads,
      static_cast<size_t>(threads) + 1,
      [&](size_t i) { return made(manifest.samples[i], names[i], options, white16); },
      [&](size_t i, const MadeFile& file) {
        const Sample& sample = manifest.samples[i];
        result.left_out[file.fault].push_back(sample.id);
        result.reasons[sample.id] = file.why;
        --result.images;
        if (!sample.part.empty()) --result.parts[sample.part];
        result.renamed -= names[i] != sample.id;
        left[i] = true;
      });
  if (result.images == 0) {
    const auto& [id, why] = *result.reasons.begin();
    const std::string& file = manifest.samples[0].source_path;
    throw Error(
        Exit::bad_data,
        names.size() == 1
            ? cat(file, ": ", why)
            : cat(manifest.source, ": none of its images is readable (", id, ": ", why, ")"));
  }
  for (size_t i = 0; i < names.size(); ++i)
    if (!left[i]) table.push_back({manifest.samples[i].id, names[i]});
  if (const auto text = names_csv(table); !text.empty()) folder.write("names.csv", text);
  folder.write("DATASHEET.md", images_sheet(manifest, options, result));
  folder.publish();
  return result;
}

}  // namespace evenray
