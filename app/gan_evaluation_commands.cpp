// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/command.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "dataset/layouts/folder.hpp"
#include "gan/gan.hpp"
#include "nn/extractor.hpp"

namespace evenray {
namespace {

constexpr size_t kSheetPairs = 32;

struct EvaluationFlags {
  std::string class_name, where, model, real, fake, extractor, sheet,
      metrics = "swd,msssim,memorisation";
  bool trust_code = false, save = false;
  int64_t n = 64, k = 5, subsets = 0;
};

int compare_matrices(const Cli& cli, const EvaluationFlags& flags) {
  Runtime runtime = cli.load().runtime;
  runtime.device = "cpu";
  make_compute(runtime);
  const Json out = feature_metrics(
      flags.real, flags.fake, {flags.k, flags.subsets, static_cast<uint64_t>(runtime.seed)});
  std::string text;
  for (const auto& [key, value] : out.items())
    if (key != "schema") text += cat(key, " ", value.dump(), "\n");
  print_result(cli, out, text);
  return 0;
}

bool holds_images(const Path& path) {
  return std::filesystem::is_directory(path) && !is_store(path) &&
         !std::filesystem::exists(path / "config.toml");
}

std::vector<cv::Mat> read_folder(const Path& path) {
  std::vector<cv::Mat> images;
  for (const auto& file : image_files(path)) {
    images.push_back(read_whole_image(file));
    check(images.back().size() == images[0].size() && images.back().type() == images[0].type(),
          Exit::bad_data,
          cat(file.string(), " differs in size or depth from the first image of its folder"));
  }
  check(!images.empty(), Exit::bad_data, cat(path.string(), ": the folder has no images"));
  return images;
}

RealImages read_real(const std::string& path,
                     const std::string& class_name,
                     const std::string& where) {
  if (std::filesystem::is_directory(path) && !is_store(path)) {
    check(class_name.empty() && where.empty(),
          Exit::usage,
          "a folder of images has neither classes nor columns: leave --class and --where out, or "
          "give a store to --real");
    RealImages real{read_folder(path)};
    for (const auto& file : image_files(path)) real.ids.push_back(file.filename().string());
    return real;
  }
  return real_images(Store(path), class_name, where);
}

/// Drawn images, and the name of each: its file name, or its number.
struct DrawnImages {
  std::vector<cv::Mat> images;
  std::vector<Json> names;
};

/// Returns the network of --extractor: a TorchScript network by its manifest (.json), or a
/// classifier of this program; nullptr without the flag. Throws 2 if `metrics` needs one and there
/// is none.
std::shared_ptr<Features> read_extractor(const EvaluationFlags& flags,
                                         const GanMetrics& metrics,
                                         const Compute& compute) {
  if (flags.extractor.empty()) {
    check(!metrics.needs_features(),
          Exit::usage,
          "kid, fid and prdc need features: give --extractor, a run folder of `classify train` or "
          "the manifest (.json) of a TorchScript network");
    return nullptr;
  }
  const Path file = flags.extractor;
  check(file.extension() != ".pt" && file.extension() != ".pth",
        Exit::usage,
        cat(flags.extractor,
            ": give the network's manifest (.json) to --extractor, not the network itself"));
  if (file.extension() == ".json")
    return load_extractor(flags.extractor, flags.trust_code, compute);
  return classifier_features(flags.extractor, compute);
}

void write_pairs(const Path& path, const DrawnImages& fake, const RealImages& real) {
  std::vector<SheetItem> items;
  for (const auto& [image, nearest] : most_similar(fake.images, real.images, kSheetPairs)) {
    const Json& name = fake.names[image];
    items.push_back({fake.images[image],
                     name.is_string() ? name.get<std::string>() : cat("drawn ", name.dump()),
                     {}});
    items.push_back(
        {real.images[nearest.index], cat("nearest ", fixed(nearest.correlation, 2)), {}});
  }
  write_atomic(path, encode_png(draw_sheet(items, {})));
}

/// Returns one metric with its floor, the value between real images.
std::string with_floor(const Json& out, const std::string& key) {
  return cat(" ", fixed(out[key], 3), " (floor ", fixed(out["floor"][key], 3), ")");
}

std::string closeness_text(const Json& found) {
  return cat(fixed(100 * found["share"].get<double>(), 1),
             " % of the drawn images are nearer to a training image than 95 % of ",
             found["threshold_of"] == "train" ? "other training" : "held-out",
             " images (chance: up to ",
             fixed(100 * found["bound"].get<double>(), 1),
             " %)");
}

std::string evaluation_text(const Json& out) {
  std::string text = cat(out["n_fake"].dump(), " drawn, ", out["n_real"].dump(), " real images\n");
  if (out.contains("swd")) {
    text += cat("SWD ",
                fixed(out["swd"]["mean"], 1),
                " at n = ",
                out["swd"]["n"].dump(),
                " (floor, real against real: ",
                fixed(out["swd"]["floor"]["mean"], 1),
                " at n = ",
                out["swd"]["floor"]["n"].dump(),
                ")\n");
  }
  if (out.contains("msssim"))
    text += cat("MS-SSIM ",
                fixed(out["msssim"]["fake"], 3),
                ", real ",
                fixed(out["msssim"]["real"], 3),
                "\n");
  if (out.contains("floor")) {
    text += cat("features of ",
                out["extractor"]["name"].get<std::string>(),
                " at n = ",
                out["floor"]["n"].dump(),
                ":");
    for (const char* key : {"kid", "fid", "precision", "recall", "density", "coverage"})
      if (out.contains(key)) text += cat(" ", key, with_floor(out, key));
    text += "\n";
  }
  if (out.contains("memorisation")) {
    const Json& found = out["memorisation"];
    text += cat("distance to the nearest training image ",
                fixed(found["nearest_ratio"], 2),
                " x that between training images (real images ",
                fixed(found["nearest_ratio_real"], 2),
                "), authentic ",
                fixed(found["authentic"], 3),
                " (real ",
                fixed(found["authentic_real"], 3),
                ")",
                ", near duplicates ",
                found["flagged"].dump(),
                "\n",
                closeness_text(found),
                "\n");
    if (found.contains("features"))
      text += cat("in features ", closeness_text(found["features"]), "\n");
  }
  if (const auto verdict = verdict_in(out, "this evaluation"))
    text += cat("verdict: ", verdict->text(), "\n");
  return text;
}

int save_judgement(const Cli& cli, const EvaluationFlags& flags) {
  const Config config = cli.load();
  check(is_store(flags.real),
        Exit::usage,
        cat("--save requires the store that the generator was trained on, but ",
            flags.real,
            " is not a store"));
  judge_run(flags.model, Store(flags.real), config.gan.verdict, make_compute(config.runtime));
  const Json out = read_json(Path(flags.model) / "judgement.json");
  print_result(cli, out, evaluation_text(out));
  return 0;
}

int evaluate_generator(const Cli& cli, const EvaluationFlags& flags) {
  if (flags.save) return save_judgement(cli, flags);
  const Config config = cli.load();
  const GanMetrics metrics = parse_gan_metrics(flags.metrics);
  const Compute compute = make_compute(config.runtime);
  const auto features = read_extractor(flags, metrics, compute);
  const auto seed = static_cast<uint64_t>(config.runtime.seed);
  DrawnImages fake;
  RealImages real;
  if (holds_images(flags.model)) {
    fake.images = read_folder(flags.model);
    for (const auto& file : image_files(flags.model))
      fake.names.push_back(file.filename().string());
    real = read_real(flags.real, flags.class_name, flags.where);
  } else {
    const Generator generator(flags.model, compute);
    Drawing drawing;
    drawing.seed = seed;
    drawing.class_name = flags.class_name;
    drawing.in_proportion = true;
    generator.check_drawing(drawing);
    if (is_store(flags.real)) generator.warn_if_other_store(Store(flags.real));
    std::string class_name = flags.class_name, where = flags.where;
    if (is_store(flags.real)) {
      if (class_name.empty()) class_name = generator.class_name();
      if (where.empty()) where = generator.facts().at("where");
    }
    real = read_real(flags.real, class_name, where);
    fake.images = generator.sample(
        0, std::min<int64_t>(flags.n, static_cast<int64_t>(real.images.size())), drawing);
    for (size_t i = 0; i < fake.images.size(); ++i) fake.names.push_back(i);
  }
  if (features && !features->store().empty() && is_store(flags.real) &&
      features->store() != Store(flags.real).content_digest())
    log_warning(cat("the classifier of --extractor was trained on another store than ",
                    flags.real,
                    ": its features may describe these images less well"));
  Json out = evaluate_gan(fake.images, real, metrics, seed, features.get());
  for (const char* where : {"/memorisation/drops", "/memorisation/features/drops"}) {
    const Json::json_pointer at(where);
    if (!out.contains(at)) continue;
    for (Json& drop : out[at]) drop = fake.names[drop.get<size_t>()];
  }
  add_verdict(out, config.gan.verdict);
  if (!flags.sheet.empty()) write_pairs(flags.sheet, fake, real);
  print_result(cli, out, evaluation_text(out));
  return 0;
}

}  // namespace

void add_gan_evaluation_commands(CLI::App& gan, Cli& cli) {
  auto flags = std::make_shared<EvaluationFlags>();
  auto* eval_cli =
      add_command(&gan,
                  cli,
                  "eval",
                  "compare drawn images with real images",
                  {.config = true, .seed = true, .threads = true, .device = true, .json = true},
                  [&cli, flags] { return evaluate_generator(cli, *flags); });
  eval_cli
      ->add_option("MODEL",
                   flags->model,
                   "run folder or checkpoint of a generator, or a folder of drawn images")
      ->required();
  eval_cli->add_option("--real", flags->real, "real images: a store, or a folder of images")
      ->required();
  eval_cli
      ->add_option(
          "--metrics", flags->metrics, "metrics, from swd,msssim,kid,fid,prdc,memorisation")
      ->capture_default_str();
  eval_cli->add_option(
      "--extractor",
      flags->extractor,
      "network for the features: a classifier, or the manifest (.json) of a TorchScript network");
  eval_cli->add_flag("--trust-code",
                     flags->trust_code,
                     "allow the TorchScript network to run; it is executable code");
  eval_cli->add_option(
      "--sheet", flags->sheet, "PNG file of drawn images, each beside its nearest real image");
  eval_cli
      ->add_option(
          "--n", flags->n, "number of images to draw, at most as many as there are real images")
      ->check(at_least(1))
      ->capture_default_str();
  eval_cli->add_option(
      "--class", flags->class_name, "only this class (default: all that the generator draws)");
  eval_cli->add_option(
      "--where", flags->where, "only real images whose metadata match: 'sex=F and age>60'");

  auto* save = eval_cli->add_flag("--save",
                                  flags->save,
                                  "evaluate a run folder as at the end of its training, and write "
                                  "judgement.json with its verdict into it");
  for (const char* other : {"--metrics", "--extractor", "--sheet", "--n", "--class", "--where"})
    save->excludes(eval_cli->get_option(other));

  auto* metrics_cli = add_command(&gan,
                                  cli,
                                  "metrics",
                                  "compare feature vectors of drawn and real images",
                                  {.config = true, .seed = true, .threads = true, .json = true},
                                  [&cli, flags] { return compare_matrices(cli, *flags); });
  metrics_cli->add_option("--real", flags->real, ".npy file, one row per real image")->required();
  metrics_cli->add_option("--fake", flags->fake, ".npy file, one row per drawn image")->required();
  metrics_cli
      ->add_option("--k", flags->k, "nearest neighbours in precision, recall, density and coverage")
      ->check(at_least(1))
      ->capture_default_str();
  metrics_cli
      ->add_option(
          "--subsets",
          flags->subsets,
          "KID as the mean over this many pairs of random subsets of 1,000 rows; 0: over all rows")
      ->check(at_least(0))
      ->capture_default_str();
}

}  // namespace evenray
