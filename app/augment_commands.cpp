// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include "app/lesion_commands.hpp"
#include "augment/balance.hpp"
#include "augment/balance_page.hpp"
#include "augment/balance_report.hpp"
#include "augment/pipeline.hpp"
#include "augment/sources.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "gan/gan.hpp"
#include "lesion/lesion.hpp"

namespace evenray {
namespace {

struct AugmentFlags {
  std::string image, ops, out, policy, sampling = "torchvision", store;
  int64_t n = 32;
  bool seam = false;
};

constexpr int64_t kSeamCrops = 300;

/// Returns seam_json() of each source of lesions among the sources.
Json seams_of(const Config& config, const BalanceRequest& request) {
  Json out = Json::array();
  for (const auto& [source, share] : request.sources)
    if (auto* lesions = dynamic_cast<LesionSource*>(source.get()))
      out.push_back(seam_json(config, request.in, *lesions, "", kSeamCrops));
  return out;
}

int apply(const Cli& cli, const AugmentFlags& flags) {
  const bool mixed = is_mixture(flags.ops);
  const auto mixture = mixed ? parse_mixture(flags.ops) : Mixture{};
  const auto operations = mixed ? std::vector<Operation>{} : parse_operations(flags.ops);
  const Sampling sampling = parse_sampling(flags.sampling);
  const Rng rng(static_cast<uint64_t>(cli.load().runtime.seed));
  const cv::Mat image = read_whole_image(flags.image);
  const Augmented out = mixed ? apply_mixture(image, {}, mixture, sampling, rng)
                              : apply_operations(image, {}, operations, sampling, rng);
  write_atomic(flags.out, encode_png(out.image));
  return 0;
}

int preview(const Cli& cli, const AugmentFlags& flags) {
  const Policy policy = find_policy(flags.policy);
  const auto seed = static_cast<uint64_t>(cli.load().runtime.seed);
  const auto items =
      is_store(flags.image)
          ? preview_items(policy, Store(flags.image), static_cast<int>(flags.n), seed)
          : preview_items(
                policy, read_whole_image(flags.image), {}, static_cast<int>(flags.n), seed);
  write_atomic(flags.out, encode_png(draw_sheet(items, SheetOptions{})));
  return 0;
}

int balance_command(const Cli& cli, const AugmentFlags& flags) {
  const Config config = cli.load();
  const BalanceOptions& options = config.balance;
  const Store store(flags.store);
  const auto there = find_store(flags.out);
  check(!there || !std::filesystem::equivalent(*there, store.path()),
        Exit::usage,
        "--out would replace the store that is read");
  const int threads = config.runtime.thread_count();
  BalanceRequest request{
      .in = store,
      .plan = make_plan(class_counts(store), store.info().class_names, options.strategy),
      .sources = make_sources(parse_sources(options.sources),
                              every_source_kind(config.lesion, make_compute(config.runtime)),
                              {store,
                               threads,
                               options.allow_resize,
                               options.allow_weak ? Generators::any : Generators::usable_or_weak}),
      .gates = {},
      .options = options,
      .seed = static_cast<uint64_t>(config.runtime.seed),
      .threads = threads,
      .settings = write_config([&, settings = config](Fields& f) mutable { settings.fields(f); }),
      .out = flags.out};
  if (cli.dry_run) {
    const Json forecast = balance_forecast(request);
    print_result(cli,
                 forecast,
                 cat(balance_text(forecast),
                     forecast.at("rows"),
                     " rows in all parts, about ",
                     fixed(forecast.at("bytes").get<double>() / 1e6, 1),
                     " MB before compression, to ",
                     flags.out,
                     "\nThis is the plan: nothing was drawn. Images that the gates reject are "
                     "replaced by others.\n"));
    return 0;
  }
  request.gates = all_gates(store, options, threads);
  BalanceReport report = run_balance(request);
  const Path page = balance_page_path(flags.out);
  write_atomic(page, balance_html(request, report));
  report.json["report"] = page.string();
  std::string text = balance_text(report.json);
  if (flags.seam) {
    report.json["seams"] = seams_of(config, request);
    for (const Json& seam : report.json["seams"]) text += seam_text(seam);
  }
  print_result(cli, report.json, cat(text, "report: ", page.string(), "\n"));
  return 0;
}

}  // namespace

void add_augment_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<AugmentFlags>();
  CLI::App* augment =
      app.add_subcommand("augment", "apply, preview and search operations and policies");
  augment->require_subcommand(1);

  auto* apply_cli = add_command(augment,
                                cli,
                                "apply",
                                "apply named operations to an image",
                                {.config = true, .seed = true},
                                [&cli, flags] { return apply(cli, *flags); });
  apply_cli->add_option("IMAGE", flags->image, "PNG, JPEG, TIFF or DICOM file")->required();
  apply_cli
      ->add_option("--ops",
                   flags->ops,
                   "operations with their values, \"Rotate:15,Posterize:4\", or a mixture of such "
                   "chains, \"0.4+0.6(Rotate:3,Equalize)\"; known: " +
                       join(operation_names()))
      ->required();
  apply_cli
      ->add_option(
          "--sampling",
          flags->sampling,
          "torchvision (nearest, empty areas are 0), radiograph (bilinear, border median) or "
          "detection (nearest, empty areas are 128)")
      ->capture_default_str();

  auto* preview_cli = add_command(augment,
                                  cli,
                                  "preview",
                                  "draw a sheet of images that a policy has augmented",
                                  {.config = true, .seed = true},
                                  [&cli, flags] { return preview(cli, *flags); });
  preview_cli->add_option("IMAGE", flags->image, "PNG, JPEG, TIFF or DICOM file, or store")
      ->required();
  preview_cli->add_option("--policy", flags->policy, "policy: " + join(policy_names()))->required();
  preview_cli->add_option("--n", flags->n, "number of augmented images to draw")
      ->check(at_least(1))
      ->capture_default_str();
  for (CLI::App* command : {apply_cli, preview_cli})
    command->add_option("--out", flags->out, "PNG file to write")->required();

  auto* policies =
      add_command(augment,
                  cli,
                  "policies",
                  "list the policies, their tables and operations",
                  {.json = true},
                  [&cli, flags] {
                    print_result(cli, policies_json(flags->policy), policies_text(flags->policy));
                    return 0;
                  });
  policies->add_option("NAME", flags->policy, "print this policy in full");
  add_policy_search_command(*augment, cli);

  auto* balance_cli = add_command(&app,
                                  cli,
                                  "balance",
                                  "fill up the rare classes of a store; writes a new store",
                                  {.config = true,
                                   .seed = true,
                                   .threads = true,
                                   .device = true,
                                   .json = true,
                                   .dry_run = true},
                                  [&cli, flags] { return balance_command(cli, *flags); });
  balance_cli->add_option("STORE", flags->store, "store to read")->required();
  balance_cli->add_option("--out", flags->out, "store to write")->required();
  balance_cli->add_flag("--seam",
                        flags->seam,
                        "test whether a small network can tell the pasted places of sources "
                        "lesion:... from untouched ones");
}

}  // namespace evenray
