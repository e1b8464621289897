// SPDX-License-Identifier: Apache-2.0
// From drawn pictures to figures on the test part, by the commands that a user gives.
#include <set>

#include "dataset/store/store.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;

namespace {

constexpr const char* kDrawn =
    "phantom:images=4000,rare_share=.5,seed=3,size_px=40x32,difficulty=0";

/// A fracture is a pixel or two wide here, and resampling would blur it.
/// A progress line appears where training takes more than 30 s, hence --quiet.
const Words kLearning =
    kPlain + Words{"--quiet"} +
    Words{"--set=classify.steps=400", "--set=classify.rotate_deg=0", "--set=classify.scale=0"};

/// Packs what the table names, trains on it, and gives the AUROC of the fractured on its test part.
double test_auroc(const Path& at, const std::string& table) {
  done(at, {"data", "pack", kDrawn, "--split", table, "--size=40x32", "--out=set.h5"});
  done(at, Words{"classify", "train", "set.h5", "--out", table + "-model"} + kLearning);
  const Json found =
      done(at,
           Words{"classify", "eval", table + "-model", "--data=set.h5", "--out=figures", "--json"} +
               kPlain)
          .json();
  CHECK(found["n"] > 700);  // of 800, but for pictures too alike under both labels
  for (const auto& entry : found["classes"])
    if (entry["name"] == "Fractured") return entry["auroc"];
  return NAN;
}

}  // namespace

TEST_CASE("the program learns to see fractures, and less from few of them") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  done(at, {"data", "split", kDrawn, "--out=many.csv", "--ratios=.7,.1,.2"});
  const double many = test_auroc(at, "many.csv");

  // The same test part; of the fractured ones to train with, twelve are left.
  std::set<std::string> left_out;
  {
    const Store store(scratch / "set.h5");
    const StorePart& train = store.part("train");
    auto rows = train.rows_of(store.info().class_index("Fractured"));
    for (size_t i = 12; i < rows.size(); ++i)
      left_out.insert(train.ids[static_cast<size_t>(rows[i])]);
  }
  std::string few_rows;
  for (const auto& line : split_text(read_file(scratch / "many.csv"), '\n'))
    if (!line.empty() && !left_out.contains(line.substr(0, line.find(','))))
      few_rows += line + "\n";
  write_text(scratch / "few.csv", few_rows);
  const double few = test_auroc(at, "few.csv");

  CAPTURE(many, few);
  CHECK(many > .7);
  CHECK(few < many - .1);

  // Together they are no better than the better one; validation finds that out.
  const auto ensemble = [&](const Words& further) {
    return Words{"classify",
                 "ensemble",
                 "many.csv-model",
                 "few.csv-model",
                 "--data=set.h5",
                 "--out=both",
                 "--json"} +
           kPlain + further;
  };
  const Json both = done(at, ensemble({"--weights=validation"})).json();
  CHECK(both["models"][0]["weight"] > .6);
  CHECK(both["models"][0]["weight"].get<double>() + both["models"][1]["weight"].get<double>() ==
        Approx(1));
  CHECK(std::filesystem::exists(scratch / "both/predictions.csv"));
  for (const auto& entry : both["classes"])
    if (entry["name"] == "Fractured") CHECK(entry["auroc"] > few);
  const Json joined = done(at, ensemble({"--weights=features"})).json();
  CHECK(joined["models"].size() == 2);
  for (const auto& entry : joined["classes"])
    if (entry["name"] == "Fractured") CHECK(entry["auroc"] > few);
  fails(at, ensemble({"--weights=best"}), Exit::usage, "weights 'best'");

  // Settings chosen by trials, and a network that learnt without labels first.
  const Words tune = Words{"classify",
                           "tune",
                           "set.h5",
                           "--out=tuned",
                           "--json",
                           "--trials=4",
                           "--set=tune.rungs=2",
                           "--set=tune.startup=2",
                           "--set=classify.steps=12"} +
                     kPlain;
  const Json trials = done(at, tune).json();
  CHECK(trials["trials"].size() == 4);
  CHECK(trials["best"].is_number());
  CHECK(done(at, tune).json() == trials);  // the journal knows all
  CHECK_FALSE(std::filesystem::exists(scratch / "tuned/trials/0-r0"));
  CHECK(contains(read_file(scratch / "tuned/best.toml"), "[classify]"));
  done(at,
       Words{"classify", "pretrain", "set.h5", "--out=alone", "--set=classify.steps=6"} + kPlain);
  done(at,
       Words{"classify",
             "train",
             "set.h5",
             "--out=tuned-model",
             "--weights=alone",
             "--config=tuned/best.toml",
             "--set=classify.steps=6"} +
           kPlain);
  fails(at,
        {"classify", "tune", "set.h5", "--out=no", "--set=tune.space=['gan.latent=8..9']"},
        Exit::config,
        "trials may not differ in gan.latent");
  fails(at,
        {"classify", "eval", "nothing", "--data=set.h5"},
        Exit::missing_input,
        "nothing: no such run folder");
}
