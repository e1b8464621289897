// SPDX-License-Identifier: Apache-2.0
// Every command but those on collections once, for real, on phantoms.
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;

TEST_CASE("gan train, sample and eval") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), gan = workshop() / "gan", set = workshop() / "set.h5";
  const Words left = files_in(gan);
  for (const char* name : {"DONE",
                           "checkpoints/best.safetensors",
                           "config.toml",
                           "events.jsonl",
                           "log.txt",
                           "metrics.json"}) {
    CAPTURE(name);
    CHECK(std::count(left.begin(), left.end(), name) == 1);
  }
  Json told =
      done(at,
           Words{"gan", "train", set, "--class=Fractured", "--out=g", "--dry-run", "--json"} +
               kTinyGan)
          .json();
  CHECK(told["kimg"] == .608);  // whole minibatches of 16
  CHECK(told["estimate_s"] > 0);
  CHECK(told["device"] == "cpu");
  CHECK(told["bf16"] == false);
  CHECK(told["stages"].size() == 1);
  const Words growing{"gan", "train", set, "--family=pggan", "--class=Fractured", "--out=g"};
  told = done(at, growing + kTinyGan + Words{"--dry-run", "--json"}).json();
  CHECK(told["stages"].size() == 7);
  CHECK(told["stages"][0]["size_px"] == Json{5, 4});
  CHECK(told["stages"][6]["size_px"] == Json{40, 32});
  CHECK(told["stages"][1]["fades"] == true);
  CHECK_FALSE(std::filesystem::exists(scratch / "g"));

  done(at, {"gan", "sample", gan, "--n", "5", "--seed", "4", "--out", "drawn"});
  CHECK(files_in(scratch / "drawn").size() == 5);
  CHECK(is_picture(scratch / "drawn" / "000004.png"));
  done(at,
       {"gan",
        "sample",
        gan / "checkpoints/best.safetensors",
        "--n=5",
        "--seed=4",
        "--out=again",
        "--class=Fractured"});
  for (const auto& name : files_in(scratch / "drawn"))
    CHECK(read_file(scratch / "drawn" / name) == read_file(scratch / "again" / name));
  done(at, {"gan", "sample", gan, "--n=5", "--out=drawn.h5"});
  CHECK(contains(done(at, {"data", "check", "drawn.h5"}).out, "whole"));

  told = done(at, {"gan", "eval", gan, "--real", set, "--n=8", "--threads=1", "--json"}).json();
  CHECK(told["swd"]["levels"].contains("32"));
  CHECK(told["swd"]["mean"] > 0);
  CHECK(told["msssim"]["fake"].is_number());
  CHECK(told["memorisation"]["nearest_ratio"].is_number());
  told =
      done(at, {"gan", "eval", "drawn", "--real", set, "--metrics=msssim", "--threads=1", "--json"})
          .json();
  CHECK(told.contains("msssim"));
  CHECK_FALSE(told.contains("swd"));
  CHECK(
      contains(done(at, {"gan", "eval", "drawn", "--real", "again", "--metrics=swd"}).out, "SWD"));
}

TEST_CASE("augment apply, preview and policies") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_atomic(scratch / "one.png", encode_png(drawn_picture(1)));
  done(at, {"augment", "apply", "one.png", "--ops", "Posterize:4", "--out", "out.png"});
  const cv::Mat before = decode_image(scratch / "one.png").pixels,
                after = decode_image(scratch / "out.png").pixels;
  cv::Mat expected;
  cv::bitwise_and(before, cv::Scalar(0xF0), expected);
  CHECK(cv::countNonZero(after != expected) == 0);
  done(at,
       {"augment",
        "apply",
        "one.png",
        "--ops",
        "Rotate:15,Posterize:4",
        "--out",
        "b.png",
        "--sampling=radiograph"});
  CHECK(is_picture(scratch / "b.png"));
  for (const Path& source : {Path("one.png"), workshop() / "set.h5"}) {
    done(at, {"augment", "preview", source, "--policy=xray", "--n=4", "--out=p.png"});
    CHECK(is_picture(scratch / "p.png"));
  }
  const Json all = done(at, {"augment", "policies", "--json"}).json();
  CHECK(all.dump().find("imagenet") != std::string::npos);
  const std::string text = done(at, {"augment", "policies"}).out;
  for (const char* name : {"imagenet", "cifar10", "svhn", "xray"}) CHECK(contains(text, name));
  CHECK(contains(text, "Color"));
  CHECK(done(at, {"augment", "policies", "svhn", "--json"}).json() != all);
  CHECK(contains(done(at, {"augment", "policies", "svhn"}).out, "Invert"));
}

TEST_CASE("augment search finds a policy and compares it with others") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const auto search = [&](const std::string& out, const Words& further = {}) {
    return Words{"augment",
                 "search",
                 set,
                 "--out",
                 out,
                 "--json",
                 "--trials=3",
                 "--sub-policies=1",
                 "--repeats=2",
                 "--sampling=radiograph",
                 "--set=tune.rungs=1",
                 "--set=tune.startup=2"} +
           kTinyClassifier + further;
  };
  const Json told = done(at, search("found")).json();
  const std::string policy = told["policy"];
  CHECK(policy.starts_with("autoaugment-radiograph="));
  CHECK(told["search"]["trials"].size() == 3);
  Words names;
  for (const auto& entry : told["comparison"]) {
    names.push_back(entry["name"]);
    CHECK(entry["val_auprc"].size() == 2);
    CHECK(entry["val_auprc"][0] > 0);
  }
  CHECK(names == Words{"found", "imagenet", "random", "none"});
  CHECK(told["comparison"][0]["policy"] == policy);
  CHECK(told["comparison"][2]["policy"] != policy);
  CHECK(done(at, search("found")).json() == told);  // the journal and the comparison know all
  // So does a comparison that was stopped before its last training.
  Json comparison = read_json(scratch / "found/comparison.json");
  comparison[3]["val_auprc"].erase(1);
  write_json(scratch / "found/comparison.json", comparison);
  CHECK(done(at, search("found")).json() == told);
  CHECK(files_in(scratch / "found/trials").empty());
  CHECK(contains(read_file(scratch / "found/best.toml"), policy));
  done(at, {"augment", "preview", set, "--policy", policy, "--out=sheet.png", "--n=2"});

  const Json plan = done(at, search("no", {"--dry-run"})).json();
  CHECK(plan["whole_trials"] == 3);
  CHECK(plan["further_trainings"] == 4 * 2);
  fails(at,
        search("no", {"--set=classify.tune=head", "--weights=imagenet"}),
        Exit::config,
        "classify.policy needs images");
  fails(at,
        search("no", {"--set=tune.space=['classify.lr=1..2']"}),
        Exit::config,
        "tune.space cannot be set here");
  CHECK_FALSE(std::filesystem::exists(scratch / "no"));
}

TEST_CASE("balance fills the rare class") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  Json told = done(at, {"balance", set, "--out=b.h5", "--dry-run", "--json"}).json();
  const int64_t many = told["classes"]["Non_fractured"]["before"],
                few = told["classes"]["Fractured"]["before"];
  CHECK(told["classes"]["Fractured"]["added"] == many - few);
  CHECK(told["after"]["Fractured"]["copy"] == many - few);
  CHECK(told["imbalance"]["after"] == 1);
  CHECK(files_in(at).empty());

  told =
      done(at,
           {"balance", set, "--source=copy@.5", "--source=augment:xray@.5", "--out=b.h5", "--json"})
          .json();
  CHECK(told["after"]["Fractured"]["total"] == many);
  CHECK(told["after"]["Fractured"]["augmented"] > 0);
  CHECK(told["after"]["Fractured"]["copy"] > 0);
  CHECK(told["imbalance"]["after"] == 1);
  CHECK(told.contains("multiplicity"));
  CHECK(told.contains("rejected"));
  CHECK(contains(done(at, {"data", "check", "b.h5"}).out, "whole"));
  CHECK(told["report"] == "b.balance.html");
  CHECK(contains(read_file(scratch / "b.balance.html"), "<title>Balanced set b.h5</title>"));
  const std::string text = done(at, {"balance", set, "--out=c.h5"}).out;
  CHECK(contains(text, cat("Fractured: ", many - few, " from copy")));
  CHECK(text.ends_with("\nreport: c.balance.html\n"));
  // The plan is printed in the same words.
  const std::string plan = done(at, {"balance", set, "--out=d.h5", "--dry-run"}).out;
  CHECK(plan.starts_with(text.substr(0, text.find("report: "))));
  CHECK(contains(plan, "nothing was drawn"));

  told = warned(at,
                {"balance",
                 set,
                 "--strategy",
                 cat("Fractured=", few + 4),
                 "--out=g.h5",
                 "--json",
                 "--source",
                 cat("gan:", (workshop() / "gan").string()),
                 "--allow-weak",
                 "--gate=near-duplicate:0",
                 "--max-synthetic=.1",
                 "--max-factor=3"},
                "not usable yet")
             .json();
  CHECK(told["after"]["Fractured"]["synthetic"] == 2);
  CHECK(told["after"]["Fractured"]["copy"] == 2);
}

TEST_CASE("classify train, eval, predict and metrics") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5", model = workshop() / "model";
  Json told =
      done(at,
           Words{"classify", "train", set, "--arch=resnet18", "--out=r", "--dry-run", "--json"} +
               kTinyClassifier)
          .json();
  CHECK(told["arch"] == "resnet18");
  CHECK_FALSE(std::filesystem::exists(scratch / "r"));

  told = done(at, {"classify", "eval", model, "--data", set, "--part=val", "--out=ev", "--json"})
             .json();
  CHECK(told["split"] == "val");
  CHECK(told["classes"].size() == 2);
  for (const char* key :
       {"n", "macro", "micro", "balanced_accuracy", "accuracy", "confusion", "ci"})
    CHECK(told.contains(key));
  CHECK(told["baselines"].contains("majority"));
  CHECK(read_json(scratch / "ev" / "metrics.json") == told);
  CHECK(read_file(scratch / "ev" / "predictions.csv")
            .starts_with("id,group,y_Non_fractured,y_Fractured,p_Non_fractured,p_Fractured\n"));
  done(at, {"classify", "eval", model, "--data", set});
  CHECK(std::filesystem::exists(model / "eval-test" / "metrics.json"));

  // The panel of the file is that of the evaluation, with its thresholds.
  const Json panel = done(at,
                          {"classify",
                           "metrics",
                           "ev/predictions.csv",
                           "--thresholds",
                           model / "thresholds.json",
                           "--compare",
                           "ev/predictions.csv",
                           "--json"})
                         .json();
  CHECK(panel["classes"] == told["classes"]);
  CHECK(panel["ci"] == told["ci"]);
  for (const auto& [name, difference] : panel["comparison"]["differences"].items()) {
    CAPTURE(name);
    CHECK((difference["difference"].is_null() || difference["difference"] == 0));
  }
  CHECK(contains(done(at, {"classify", "metrics", "ev/predictions.csv"}).out, "AUROC"));
  const Json by =
      done(at, {"classify", "eval", model, "--data", set, "--by=region", "--out=by", "--json"})
          .json()["by"];
  REQUIRE(by.size() == 1);
  CHECK(by[0]["column"] == "region");
  CHECK(by[0]["values"].size() > 1);
  CHECK(contains(done(at, {"classify", "metrics", "ev/predictions.csv", "--by=y_Fractured"}).out,
                 "\ny_Fractured = 1: n "));
  fails(at,
        {"classify", "eval", model, "--data", set, "--by=colour", "--out=no"},
        Exit::bad_data,
        "unknown column 'colour'");

  write_atomic(scratch / "one.png", encode_png(drawn_picture(1)));
  told = done(at, {"classify", "predict", model, "one.png", "--json"}).json();
  CHECK(told["predictions"].size() == 1);
  CHECK(done(at, {"classify", "predict", model, "one.png"})
            .out.starts_with("file,p_Non_fractured,p_Fractured,predicted,unlike\none.png,"));
  cv::Mat twelve_bits;
  drawn_picture(1).convertTo(twelve_bits, CV_16U, 4095. / 255);
  write_atomic(scratch / "deep.png", encode_png(twelve_bits));
  const Json deep = done(at, {"classify", "predict", model, "deep.png", "--json"}).json();
  const auto fractured = [](const Json& said) {
    return said["predictions"][0]["p"]["Fractured"].get<double>();
  };
  CHECK(fractured(deep) == Approx(fractured(told)).margin(.01));
}

TEST_CASE("gan metrics compares anybody's feature matrices") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const auto save = [&](const std::string& name, int rows, int columns, double shift) {
    std::string header =
        cat("{'descr': '<f8', 'fortran_order': False, 'shape': (", rows, ", ", columns, "), }");
    header.resize(117, ' ');
    std::string bytes = std::string("\x93NUMPY\x01") + '\0' + '\x76' + '\0' + header + '\n';
    Rng draws(5);
    for (int i = 0; i < rows * columns; ++i) {
      const double value = draws.normal() + shift;
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    write_atomic(scratch / name, bytes);
  };
  save("real.npy", 20, 3, 0);
  save("fake.npy", 20, 3, 2);
  save("wide.npy", 20, 4, 0);
  save("short.npy", 5, 3, 0);
  const Words both{"gan", "metrics", "--real=real.npy", "--fake=fake.npy"};
  const Json told = done(at, both + Words{"--json"}).json();
  CHECK(told["n_real"] == 20);
  CHECK(told["fid"].get<double>() == Approx(12));  // the same matrix, three features moved by 2
  for (const char* key : {"kid", "precision", "recall", "density", "coverage"})
    CHECK(told[key].is_number());
  CHECK(contains(done(at, both).out, "fid "));
  const Json few =
      done(at, {"gan", "metrics", "--real=short.npy", "--fake=fake.npy", "--k=4", "--json"}).json();
  CHECK(few["n_real"] == 5);
  fails(at,
        both + Words{"--subsets=3"},
        Exit::bad_data,
        "real.npy has 20 rows, but --subsets requires more than 1000");
  const auto fails_with = [&](const std::string& real, Exit code, const std::string& message) {
    const Words words{"gan", "metrics", "--real=" + real, "--fake=fake.npy"};
    fails(at, words, code, message);
  };
  fails_with("wide.npy", Exit::bad_data, "wide.npy has 4 features per row, but fake.npy has 3");
  fails_with("short.npy",
             Exit::bad_data,
             "short.npy has 5 rows, but 5 neighbours (--k) require at least 6");
  fails_with("none.npy", Exit::missing_input, "none.npy");
}
