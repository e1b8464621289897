// SPDX-License-Identifier: Apache-2.0
// `classify predict` and `classify pack-model`.
#include <algorithm>
#include <cmath>

#include "app/command.hpp"
#include "app/image_input.hpp"
#include "classifier/classifier.hpp"
#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"

namespace evenray {
namespace {

constexpr size_t kTop = 3;

struct PredictFlags {
  std::string model, fit, part = "test", explain, class_name, method = "grad-cam", store, out;
  std::vector<std::string> files;
};

/// The classes of the highest probabilities, highest first.
std::vector<size_t> top_classes(const std::vector<double>& probabilities) {
  std::vector<size_t> order(probabilities.size());
  for (size_t c = 0; c < order.size(); ++c) order[c] = c;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return probabilities[a] > probabilities[b];
  });
  order.resize(std::min(order.size(), kTop));
  return order;
}

void write_explanations(const Classifier& classifier,
                        const NamedImages& input,
                        const std::vector<ClassifiedImage>& results,
                        const PredictFlags& flags) {
  const auto& names = classifier.class_names();
  const auto asked = std::find(names.begin(), names.end(), flags.class_name);
  check(flags.class_name.empty() || asked != names.end(),
        Exit::usage,
        unknown_name("class", flags.class_name, names));
  for (size_t i = 0; i < input.images.size(); ++i) {
    const size_t shown = flags.class_name.empty() ? top_classes(results[i].probabilities)[0]
                                                  : static_cast<size_t>(asked - names.begin());
    // Files of several folders may have one name.
    const std::string name = cat(
        Path(input.names[i]).stem().string(), input.images.size() > 1 ? cat("-", i) : "", ".png");
    write_atomic(Path(flags.explain) / name,
                 encode_png(classifier.explain(input.images[i], shown, flags.method)));
  }
}

int predict(const Cli& cli, const PredictFlags& flags) {
  const Classifier classifier(flags.model, make_compute(cli.load().runtime));
  if (!flags.explain.empty()) check_explanation(flags.method);
  const std::string known = classifier.fit().empty() ? "pad" : classifier.fit();
  const NamedImages input = read_images(flags.files,
                                        flags.part,
                                        {.height = classifier.height(),
                                         .width = classifier.width(),
                                         .bits = classifier.bits(),
                                         .fit = flags.fit.empty() ? known : flags.fit});
  const auto results = classifier.classify(input.images);
  if (!flags.explain.empty()) write_explanations(classifier, input, results, flags);
  const auto& names = classifier.class_names();
  Json out = Json::array();
  std::vector<std::string> head{"file"};
  for (const auto& name : names) head.push_back("p_" + name);
  head.insert(head.end(), {"predicted", "unlike"});
  std::string text = csv_line(head);
  int64_t unlike = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    const ClassifiedImage& result = results[i];
    Json entry{{"file", input.names[i]}};
    std::vector<std::string> line{input.names[i]}, predicted;
    for (size_t c = 0; c < names.size(); ++c) {
      entry["p"][names[c]] = result.probabilities[c];
      line.push_back(fixed(result.probabilities[c], 6));
      if (result.predicted[c]) predicted.push_back(names[c]);
    }
    entry["top"] = Json::array();
    for (const size_t c : top_classes(result.probabilities))
      entry["top"].push_back({{"class", names[c]}, {"p", result.probabilities[c]}});
    entry["predicted"] = predicted;
    entry["unlike"] = std::isfinite(result.unlike) ? Json(result.unlike) : Json();
    unlike += result.unlike > 1;
    line.push_back(join(predicted, ";"));
    line.push_back(std::isfinite(result.unlike) ? fixed(result.unlike, 3) : "");
    out.push_back(entry);
    text += csv_line(line);
  }
  if (unlike > 0)
    log_warning(cat(unlike,
                    " of ",
                    results.size(),
                    " images are unlike the training images: their features are farther from those "
                    "than 99 % of the validation images' (unlike above 1)"));
  Json thresholds = Json::object();
  for (const auto& [name, threshold] : classifier.thresholds())
    thresholds[name] = classifier.temperature()
                           ? classifier.temperature()->apply_to_threshold(threshold)
                           : threshold;
  print_result(cli,
               {{"schema", "evenray-predict-1"},
                {"calibrated", classifier.temperature().has_value()},
                {"thresholds", thresholds},
                {"predictions", out}},
               text);
  return 0;
}

int pack_command(const Cli& cli, const PredictFlags& flags) {
  const Store store(flags.store);
  pack_model(flags.model, store, fit_of(store), make_compute(cli.load().runtime), flags.out);
  const Classifier packed(flags.out, make_compute(cli.load().runtime));
  print_result(cli,
               {{"schema", "evenray-pack-model-1"},
                {"arch", packed.arch()},
                {"classes", packed.class_names()},
                {"size_px", {packed.height(), packed.width()}},
                {"file", flags.out},
                {"bytes", std::filesystem::file_size(flags.out)},
                {"tensor_digest", packed.digest()}},
               cat(flags.out,
                   ": ",
                   packed.arch(),
                   ", ",
                   join(packed.class_names()),
                   ", ",
                   packed.height(),
                   "x",
                   packed.width(),
                   " px\n"));
  return 0;
}

}  // namespace

void add_predict_commands(CLI::App& classify, Cli& cli) {
  auto flags = std::make_shared<PredictFlags>();
  const Takes takes{.config = true, .threads = true, .device = true, .json = true};
  auto* command = add_command(
      &classify, cli, "predict", "print class probabilities of image files", takes, [&cli, flags] {
        return predict(cli, *flags);
      });
  command->add_option("MODEL", flags->model, "run folder, checkpoint or packed model")->required();
  command
      ->add_option(
          "FILES", flags->files, "PNG, JPEG, TIFF or DICOM files, folders of them, or one store")
      ->required();
  command->add_option(
      "--fit",
      flags->fit,
      "pad, stretch or crop; the --fit that the store was packed with (default: as a packed model "
      "says, else pad)");
  command->add_option("--part", flags->part, "part of a store: train, val or test")
      ->capture_default_str();
  command->add_option(
      "--explain", flags->explain, "folder for pictures that show which parts speak for the class");
  command->add_option(
      "--class", flags->class_name, "with --explain: the class (default: the most probable one)");
  command->add_option("--method", flags->method, "with --explain: grad-cam, hirescam or occlusion")
      ->capture_default_str();

  auto* pack = add_command(&classify,
                           cli,
                           "pack-model",
                           "write one file with all that a prediction needs",
                           takes,
                           [&cli, flags] { return pack_command(cli, *flags); });
  pack->add_option("MODEL", flags->model, "run folder")->required();
  pack->add_option("--data", flags->store, "store that it was trained on")->required();
  pack->add_option("--out", flags->out, "safetensors file")->required();
}

}  // namespace evenray
