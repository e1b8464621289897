// SPDX-License-Identifier: Apache-2.0
#include "gan/transfer.hpp"

#include <torch/types.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "gan/networks.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

/// Returns the settings that determine the shape of the networks, as pairs of key and value.
std::vector<std::pair<std::string, std::string>> shape_of(const GanOptions& o) {
  std::vector<std::pair<std::string, std::string>> shape{{"gan.family", o.family},
                                                         {"gan.latent", cat(o.latent)},
                                                         {"gan.conditioning", o.conditioning}};
  if (o.family == "pggan") {
    shape.emplace_back("gan.pggan.fmap_base", cat(o.pggan.fmap_base));
    shape.emplace_back("gan.pggan.fmap_max", cat(o.pggan.fmap_max));
  } else {
    shape.emplace_back("gan.dcgan.ngf", cat(o.dcgan.ngf));
    shape.emplace_back("gan.dcgan.ndf", cat(o.dcgan.ndf));
    shape.emplace_back("gan.dcgan.residual", o.dcgan.residual ? "true" : "false");
    shape.emplace_back("gan.dcgan.spectral_norm", o.dcgan.spectral_norm ? "true" : "false");
  }
  return shape;
}

/// Returns the class that the parent is trained on: with gan.transfer.from "majority" the one with
/// the most real training images, with "all" an empty name. Throws 65 if it is `class_name` itself.
std::string parent_class(const Store& store,
                         const std::string& class_name,
                         const GanOptions& options) {
  if (options.transfer.from == "all") return "";
  const std::string largest = largest_class(store);
  check(largest != class_name,
        Exit::bad_data,
        cat("class ",
            class_name,
            " is the largest class, so there is no larger one to start from; train it without "
            "gan.transfer.from"));
  return largest;
}

}  // namespace

std::string largest_class(const Store& store) {
  std::string largest;
  size_t most = 0;
  for (const auto& name : store.info().class_names) {
    const size_t count = real_rows(store, "train", name).size();
    if (count > most) largest = name;
    most = std::max(most, count);
  }
  return largest;
}

Parent read_parent(const GanOptions& options,
                   int height,
                   int width,
                   const std::vector<std::string>& classes) {
  Parent parent{training_file(options.transfer.from), {}, {}};
  parent.file = read_safetensors(parent.path);
  const std::string name = parent.path.string();
  check(require_metadata(parent.file, "kind", parent.path) == "gan" &&
            parent.file.tensors.lower_bound("d.") != parent.file.tensors.lower_bound("d/"),
        Exit::bad_data,
        cat(name,
            " does not contain a discriminator; give the run folder or the checkpoint of its last "
            "step"));
  GanOptions theirs;
  Json facts;
  std::vector<std::string> names;
  std::string collapse;
  bool same_size = false, grown = false;
  try {
    read_config_text([&](Fields& f) { f.section("gan", theirs); },
                     require_metadata(parent.file, "config", parent.path),
                     name);
    facts = parse_json(require_metadata(parent.file, "facts", parent.path), "facts");
    same_size = facts.at("size_px") == Json{height, width};
    grown = facts.at("level") == plan_size(height, width).doublings && facts.at("alpha") == 1.;
    names = facts.at("classes").get<std::vector<std::string>>();
    collapse = facts.at("collapse");
    parent.store = facts.at("store");
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(name, ": damaged settings: ", error.what()));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(name, ": damaged facts"));
  }
  check(same_size,
        Exit::config,
        cat("gan.transfer.from: ",
            name,
            " draws images of ",
            facts["size_px"].dump(),
            " px, but the store has [",
            height,
            ",",
            width,
            "]"));
  check(grown,
        Exit::config,
        cat("gan.transfer.from: ",
            name,
            " has not grown to the full size yet; continue that run first"));
  check(collapse.empty(),
        Exit::bad_data,
        cat("gan.transfer.from: ", name, " ended early: ", collapse, "; start from another run"));
  check(names == classes,
        Exit::config,
        cat("gan.transfer.from: ",
            name,
            " was trained with the labels (",
            join(names),
            "), but this run has (",
            join(classes),
            ")"));
  const auto wanted = shape_of(options), found = shape_of(theirs);
  std::vector<std::string> differences;
  if (options.family != theirs.family) {
    differences.push_back(cat("gan.family was ", theirs.family, ", now ", options.family));
  } else {
    for (size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i].second != found[i].second)
        differences.push_back(
            cat(wanted[i].first, " was ", found[i].second, ", now ", wanted[i].second));
  }
  check(differences.empty(),
        Exit::config,
        cat("gan.transfer.from: ", name, " contains different networks: ", join(differences)));
  return parent;
}

void check_frozen_layers(const GanOptions& options, const DiscriminatorNet& discriminator) {
  const auto layers = discriminator.layers().size();
  check(options.transfer.freeze_d < static_cast<int64_t>(layers),
        Exit::config,
        cat("gan.transfer.freeze_d ",
            options.transfer.freeze_d,
            " leaves nothing to train, because the discriminator has only ",
            layers,
            " layers"));
}

GanOptions parent_options(GanOptions options) {
  options.transfer.from = "none";
  options.transfer.freeze_d = 0;
  options.where.clear();
  // The run starts from the parent's last step, so the parent must not stop before it.
  options.early_stop = false;
  if (options.transfer.parent_kimg > 0) options.total_kimg = options.transfer.parent_kimg;
  options.transfer.parent_kimg = 0;
  return options;
}

Path train_parent(const Store& store,
                  const std::string& class_name,
                  const GanOptions& options,
                  Runtime runtime,
                  const Path& run) {
  const std::string parent_name = parent_class(store, class_name, options);
  // Local variables, since RunFolder reads and writes its settings through references to them.
  GanOptions parent = parent_options(options);
  RunFolder folder(run / "parent", /*resume=*/true, [&](Fields& f) {
    runtime.fields(f);
    f.section("gan", parent);
  });
  train_gan(store, parent_name, parent, runtime, folder);
  return folder.path();
}

}  // namespace evenray
