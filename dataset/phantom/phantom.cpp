// SPDX-License-Identifier: Apache-2.0
#include "dataset/phantom/phantom.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/phantom/scene.hpp"

namespace evenray {
namespace {

using namespace phantom;

/// One patient with the list of pictures taken.
struct Patient {
  Rng rng{0};
  int views = 0;
  Region region = Region::forearm;
  int other_view = -1;  ///< the view that shows another region, -1 for none
  Region other_region = Region::forearm;
  bool fractured = false;

  int views_of_region() const { return views - (other_view >= 0 ? 1 : 0); }
};

std::vector<Patient> make_patients(const PhantomOptions& options) {
  const Rng root(static_cast<uint64_t>(options.seed));
  std::vector<Patient> patients;
  for (int64_t left = options.images; left > 0;) {
    Patient patient;
    patient.rng = root.fork("phantom patient", patients.size());
    Rng plan = patient.rng.fork("plan");
    patient.views = 2 + static_cast<int>(plan.below(3));
    if (left - patient.views == 1) patient.views += patient.views == 2 ? 1 : -1;
    patient.views = static_cast<int>(std::min<int64_t>(patient.views, left));
    patient.region = static_cast<Region>(plan.below(kRegions.size()));
    patient.other_region = static_cast<Region>(
        (static_cast<size_t>(patient.region) + 1 + plan.below(kRegions.size() - 1)) %
        kRegions.size());
    // The chance grows with the number of views, so that each picture is equally likely to show
    // another region.
    const auto odd = static_cast<int>(plan.below(12));
    if (odd < patient.views && patient.views > 1) patient.other_view = odd;
    left -= patient.views;
    patients.push_back(patient);
  }
  return patients;
}

/// Chooses the patients with a fracture, the same share in each region, until `rare_share` of the
/// pictures show one.
void choose_fractured(const PhantomOptions& options, std::vector<Patient>& patients) {
  auto wanted =
      static_cast<int64_t>(std::llround(options.rare_share * static_cast<double>(options.images)));
  std::array<std::vector<size_t>, kRegions.size()> by_region;
  for (size_t i = 0; i < patients.size(); ++i)
    by_region[static_cast<size_t>(patients[i].region)].push_back(i);
  // Patients are ordered by their relative position within their region, so that the region carries
  // no information about the class.
  std::vector<std::pair<double, size_t>> order;
  Rng rng = Rng(static_cast<uint64_t>(options.seed)).fork("phantom fractured");
  for (auto& members : by_region) {
    rng.shuffle(members);
    for (size_t k = 0; k < members.size(); ++k) {
      order.emplace_back(
          (static_cast<double>(k) + rng.uniform()) / static_cast<double>(members.size()),
          members[k]);
    }
  }
  std::sort(order.begin(), order.end());
  for (const auto& [turn, i] : order) {
    const int views = patients[i].views_of_region();
    if (views > wanted) continue;
    patients[i].fractured = true;
    wanted -= views;
  }
}

struct Picture {
  Scene scene;
  Projection projection = Projection::frontal;
  Region region = Region::forearm;
  double exposure = 0;
  bool fractured = false;
};

Picture take_picture(const PhantomOptions& options, const Patient& patient, int view) {
  Picture picture;
  const Rng rng = patient.rng.fork("view", static_cast<uint64_t>(view));
  Rng settings = rng.fork("settings");
  // A series is mostly frontal, lateral, oblique.
  picture.projection =
      static_cast<Projection>(settings.chance(.8) ? view % 3 : static_cast<int>(settings.below(3)));
  picture.exposure = std::round(10 * 2.5 * std::exp(.4 * settings.normal())) / 10;
  picture.exposure = std::clamp(picture.exposure, .8, 9.);
  picture.region = view == patient.other_view ? patient.other_region : patient.region;
  picture.fractured = patient.fractured && view != patient.other_view;
  Anatomy anatomy = make_anatomy(
      picture.region, patient.rng.fork("anatomy", static_cast<uint64_t>(picture.region)));
  if (picture.fractured) add_fracture(anatomy, options.difficulty, patient.rng.fork("fracture"));
  const double aspect =
      static_cast<double>(options.size_px[1]) / static_cast<double>(options.size_px[0]);
  picture.scene = make_scene(
      std::move(anatomy), picture.projection, picture.exposure, aspect, rng.fork("scene"));
  return picture;
}

/// Returns a name such as "P0012"; names of equal length sort like their numbers.
std::string patient_name(size_t index, size_t patients) {
  const std::string number = std::to_string(index + 1);
  const size_t digits = std::max<size_t>(4, std::to_string(patients).size());
  return cat("P", std::string(digits - number.size(), '0'), number);
}

/// Returns the options as a spec for parse_phantom().
std::string spec_text(const PhantomOptions& options) {
  PhantomOptions copy = options;
  auto values = flat_config([&](Fields& f) { copy.fields(f); });
  values["size_px"] = cat(options.size_px[0], "x", options.size_px[1]);
  std::vector<std::string> parts;
  parts.reserve(values.size());
  for (const auto& [key, value] : values) parts.push_back(cat(key, "=", value));
  return "phantom:" + join(parts, ",");
}

Sample make_sample(const std::shared_ptr<const PhantomOptions>& options,
                   const Patient& patient,
                   const std::string& name,
                   int view) {
  const Picture picture = take_picture(*options, patient, view);
  const auto height = static_cast<int>(options->size_px[0]),
             width = static_cast<int>(options->size_px[1]);
  Sample sample;
  sample.patient = name;
  sample.id = cat(name, "_V", view + 1);
  sample.source_path = sample.id;
  sample.labels = {static_cast<int8_t>(!picture.fractured), static_cast<int8_t>(picture.fractured)};
  if (auto box = fracture_truth(picture.scene, height, width, 1))
    sample.boxes.push_back(std::move(*box));
  sample.boxes_known = true;
  sample.meta = {std::string(kRegions[static_cast<size_t>(picture.region)]),
                 std::string(kProjections[static_cast<size_t>(picture.projection)]),
                 fixed(picture.exposure, 1)};
  sample.draw = [options, patient, view, height, width] {
    return render(take_picture(*options, patient, view).scene, height, width);
  };
  return sample;
}

}  // namespace

void PhantomOptions::fields(Fields& f) {
  f("images", images, "pictures to draw");
  f("rare_share", rare_share, "share of fractured images");
  f("size_px", size_px, "height, width of the drawn picture");
  f("difficulty", difficulty, "0: fracture lines are clear; 1: close to the noise");
  f("seed", seed, "the same seed draws the same pictures");
}

void PhantomOptions::check() const {
  evenray::check(images >= 1 && images <= 1000000,
                 Exit::config,
                 cat("phantom.images is ", images, "; give 1 to 1000000"));
  evenray::check(rare_share >= 0 && rare_share <= .75,
                 Exit::config,
                 cat("phantom.rare_share is ", rare_share, "; give 0 to 0.75"));
  evenray::check(difficulty >= 0 && difficulty <= 1,
                 Exit::config,
                 cat("phantom.difficulty is ", difficulty, "; give 0 to 1"));
  const bool size_ok = size_px.size() == 2 && std::min(size_px[0], size_px[1]) >= 32 &&
                       std::max(size_px[0], size_px[1]) <= 4096;
  evenray::check(
      size_ok, Exit::config, "phantom.size_px must be [height, width] with sides of 32 to 4096");
}

Manifest phantom_manifest(const PhantomOptions& options) {
  options.check();
  std::vector<Patient> patients = make_patients(options);
  choose_fractured(options, patients);
  Manifest manifest;
  manifest.format = "phantom";
  manifest.source = spec_text(options);
  manifest.class_names = {"Non_fractured", "Fractured"};
  manifest.meta_columns = {"region", "view", "exposure"};
  const auto shared = std::make_shared<const PhantomOptions>(options);
  for (size_t i = 0; i < patients.size(); ++i) {
    const std::string name = patient_name(i, patients.size());
    for (int view = 0; view < patients[i].views; ++view) {
      manifest.samples.push_back(make_sample(shared, patients[i], name, view));
    }
  }
  return manifest;
}

PhantomOptions parse_phantom(const std::string& spec) {
  PhantomOptions options;
  const Visit visit = [&](Fields& f) { options.fields(f); };
  const size_t colon = spec.find(':');
  if (spec.substr(0, colon) != "phantom") {
    throw Error(
        Exit::usage,
        cat("'", spec, "' is not a phantom spec; write phantom or phantom:images=400,seed=3"));
  }
  if (colon == std::string::npos) return options;
  std::string settings;
  std::vector<std::string> known;
  for (const auto& [key, value] : flat_config(visit)) known.push_back(key);
  for (std::string part : split_text(spec.substr(colon + 1), ',')) {
    part = trim(part);
    const size_t equals = part.find('=');
    if (equals == std::string::npos)
      throw Error(
          Exit::usage,
          cat("phantom options must be KEY=VALUE, not '", part, "' (known: ", join(known), ")"));
    const std::string key = trim(part.substr(0, equals));
    std::string value = trim(part.substr(equals + 1));
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw Error(Exit::usage, unknown_name("phantom option", key, known));
    // Commas separate the options, so a size is written as 96x80 here.
    if (const size_t by = value.find('x'); key == "size_px" && by != std::string::npos) {
      value = cat("[", value.substr(0, by), ", ", value.substr(by + 1), "]");
    }
    // TOML does not accept ".25" as a number.
    if (value.starts_with('.')) value = cat("0", value);
    settings += cat(key, " = ", value, "\n");
  }
  try {
    read_config_text(visit, settings, spec);
    options.check();
  } catch (const Error& error) {
    throw Error(Exit::usage, error.what());
  }
  return options;
}

}  // namespace evenray
