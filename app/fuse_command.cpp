// SPDX-License-Identifier: Apache-2.0
// `detect fuse`.
#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "fusion/coco_fusion.hpp"
#include "fusion/image_filter.hpp"

namespace evenray {
namespace {

struct FuseFlags {
  std::string truth, out, method = "wbf", conf_type = "avg";
  std::vector<std::string> found;
  FusionOptions options;
  std::string probabilities, column = "p", filter = "drop";
  double least = .5;
};

int fuse(const Cli& cli, FuseFlags flags) {
  const int threads = cli.load().runtime.thread_count();
  ImageFilter filter{};
  from_flag([&] {
    flags.options.method = parse_fusion_method(flags.method);
    flags.options.conf_type = parse_conf_type(flags.conf_type);
    flags.options.check(flags.found.size());
    filter = parse_image_filter(flags.filter);
  });
  const ModelDetections models = read_model_detections(
      flags.truth, std::vector<Path>(flags.found.begin(), flags.found.end()), threads);
  auto boxes = fuse_images(models, flags.options, threads);
  if (!flags.probabilities.empty())
    filter_by_image(models,
                    read_image_probabilities(flags.probabilities, flags.column),
                    filter,
                    flags.least,
                    boxes);
  write_detections(flags.out, models, boxes);
  size_t before = 0, after = 0;
  for (const auto& image : models.images)
    for (const auto& found : image.found) before += found.size();
  for (const auto& of_image : boxes) after += of_image.size();
  print_result(cli,
               {{"schema", "evenray-detect-fuse-1"},
                {"models", flags.found.size()},
                {"images", models.images.size()},
                {"boxes_before", before},
                {"boxes", after},
                {"file", flags.out}},
               cat(flags.method,
                   ": ",
                   before,
                   " boxes of ",
                   flags.found.size(),
                   flags.found.size() == 1 ? " file" : " files",
                   " became ",
                   after,
                   " in ",
                   models.images.size(),
                   " images: ",
                   flags.out,
                   "\n"));
  return 0;
}

}  // namespace

void add_fuse_command(CLI::App& detect, Cli& cli) {
  auto flags = std::make_shared<FuseFlags>();
  auto* command = add_command(&detect,
                              cli,
                              "fuse",
                              "make one list of boxes of several detectors' lists",
                              {.config = true, .threads = true, .json = true},
                              [&cli, flags] { return fuse(cli, *flags); });
  command->add_option("FILES", flags->found, "COCO files of found boxes, one for each detector")
      ->required();
  command->add_option("--gt", flags->truth, "COCO file of the images, with their sizes")
      ->required();
  command->add_option("--out", flags->out, "COCO file for the fused boxes")->required();
  command->add_option("--method", flags->method, cat("one of: ", join(fusion_method_names())))
      ->capture_default_str();
  command
      ->add_option("--iou",
                   flags->options.iou_thr,
                   "boxes of a class whose intersection over union is higher belong together")
      ->capture_default_str();
  command
      ->add_option("--skip", flags->options.skip_box_thr, "boxes with a lower score are left out")
      ->capture_default_str();
  command->add_option("--weights", flags->options.weights, "weight of each file (default: 1 each)")
      ->delimiter(',');
  command
      ->add_option(
          "--conf-type", flags->conf_type, cat("score of WBF, one of: ", join(conf_type_names())))
      ->capture_default_str();
  command->add_flag("--allows-overflow",
                    flags->options.allows_overflow,
                    "with --conf-type avg: a cluster may have more boxes than there are files");
  command->add_option("--sigma", flags->options.sigma, "of softnms")->capture_default_str();
  command
      ->add_option("--thresh",
                   flags->options.thresh,
                   "of softnms: boxes whose lowered score is not above this are left out")
      ->capture_default_str();
  auto* probabilities =
      command->add_option("--probabilities",
                          flags->probabilities,
                          "CSV of image probabilities (id and --column), which filter the boxes");
  command->add_option("--column", flags->column, "its column, for example p_Fractured")
      ->needs(probabilities)
      ->capture_default_str();
  command->add_option("--least", flags->least, "images with a lower probability are filtered")
      ->check(CLI::Range(0., 1.))
      ->needs(probabilities)
      ->capture_default_str();
  command
      ->add_option("--filter",
                   flags->filter,
                   "what happens to their boxes: drop, or multiply (scores times the probability)")
      ->needs(probabilities)
      ->capture_default_str();
}

}  // namespace evenray
