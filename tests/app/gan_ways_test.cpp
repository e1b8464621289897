// SPDX-License-Identifier: Apache-2.0
// Labels, subsets, trained networks to begin with, plans: what `gan train` takes beyond one class.
#include "dataset/files/image_file.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;

TEST_CASE("one generator with labels of all classes") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  done(at, Words{"gan", "train", set, "--conditional", "--out=g"} + kTinyGan);
  done(at, {"gan", "sample", "g", "--class=Fractured", "--n=3", "--out=fractured"});
  done(at, {"gan", "sample", "g", "--class=Non_fractured", "--n=3", "--out=whole"});
  CHECK(files_in(scratch / "fractured").size() == 3);
  CHECK(read_file(scratch / "fractured" / "000000.png") !=
        read_file(scratch / "whole" / "000000.png"));
  done(at, {"gan", "sample", "g", "--n=4", "--out=both.h5"});
  CHECK(contains(done(at, {"data", "check", "both.h5"}).out, "whole"));
  fails(at, {"gan", "sample", "g", "--class=Broken", "--out=s"}, Exit::bad_data, "Broken");
  fails(at,
        Words{"gan", "train", set, "--conditional", "--class=Fractured", "--out=h"},
        Exit::usage,
        "exclude each other");
  // It fills the class that lacks.
  const Json filled = warned(at,
                             {"balance",
                              set,
                              "--source=gan:g",
                              "--allow-weak",
                              "--gate=near-duplicate:0",
                              "--out=b.h5",
                              "--json"},
                             "not usable yet")
                          .json();
  CHECK(filled["after"]["Fractured"]["synthetic"] > 0);
}

TEST_CASE("a sheet from image to image, and truncated draws") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), gan = workshop() / "gan";
  done(at, {"gan", "sample", gan, "--interpolate=2", "--out=sheet.png"});
  CHECK(read_whole_image(scratch / "sheet.png").cols > 8 * 100);
  done(at, {"gan", "sample", gan, "--n=8", "--out=plain.png"});
  CHECK(read_whole_image(scratch / "plain.png").cols > 8 * 32);
  fails(at, {"gan", "sample", gan, "--n=2000", "--out=s.png"}, Exit::usage, "up to 1024 images");
  fails(at,
        {"gan", "sample", gan, "--interpolate=2305843009213693952", "--out=s.png"},
        Exit::usage,
        "up to 1024 images");
  fails(at, {"gan", "sample", gan, "--out", ""}, Exit::usage, "--out: is empty");
  fails(at,
        {"gan", "sample", gan, "--seed=18446744073709551616", "--out=s"},
        Exit::usage,
        "whole number");
  fails(at, {"gan", "sample", workshop() / "set.h5", "--out=s"}, Exit::bad_data, "is a store");
  fails(
      at, {"gan", "sample", gan, "--n=0", "--out=s"}, Exit::usage, "0 is not a whole number of 1");
  done(at, {"gan", "sample", gan, "--n=2", "--truncation=.7", "--out=typical"});
  done(at, {"gan", "sample", gan, "--n=2", "--out=plain"});
  CHECK(read_file(scratch / "typical/000001.png") != read_file(scratch / "plain/000001.png"));
  fails(at,
        {"gan", "sample", gan, "--n=2", "--truncation=.001", "--out=s"},
        Exit::usage,
        "truncation");
}

TEST_CASE("only images whose metadata say so") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const Words training =
      Words{"gan", "train", set, "--class=Fractured", "--where=view=frontal"} + kTinyGan;
  const Ran few = run(at, training + Words{"--out=g"});
  CHECK(few.code == 0);
  CHECK(contains(few.err,
                 "the generator gets no verdict: judgement.json requires at least 16 real images"));
  const int64_t all = read_json(workshop() / "gan/metrics.json")["images"],
                frontal = read_json(scratch / "g/metrics.json")["images"];
  CHECK(frontal > 0);
  CHECK(frontal < all);
  const Json told = done(at, {"gan", "eval", "g", "--real", set, "--json"}).json();
  CHECK(told["n_real"] == frontal);
  const Words set_otherwise = Words{"gan", "train", set, "--class=Fractured"} + kTinyGan +
                              Words{"--set=gan.where=view=frontal", "--where", ""};
  CHECK(done(at, set_otherwise + Words{"--out=h", "--dry-run", "--json"}).json()["images"] == all);
  fails(at,
        {"gan", "train", set, "--where=veiw=frontal", "--out=h"},
        Exit::bad_data,
        "did you mean 'view'");
  fails(at, {"gan", "train", set, "--where=frontal", "--out=h"}, Exit::usage, "COLUMN=VALUE");
  CHECK(std::filesystem::exists(scratch / "g/DONE"));
  fails(at,
        Words{"gan", "train", set, "--class=Fractured", "--where=view=lateral", "--resume"} +
            kTinyGan + Words{"--out=g"},
        Exit::config,
        "gan.where");
}

TEST_CASE("a run that begins with trained networks") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const Words training = Words{"gan", "train", set, "--class=Fractured"} + kTinyGan;
  const std::string from = cat("--set=gan.transfer.from=", (workshop() / "gan").string());
  done(at, training + Words{from, "--set=gan.transfer.freeze_d=1", "--out=g"});
  fails(at,
        training + Words{from, "--set=gan.dcgan.ngf=8", "--out=h"},
        Exit::config,
        "gan.dcgan.ngf was 4, now 8");
  fails(at,
        training + Words{"--set=gan.transfer.from=nowhere", "--out=i", "--dry-run"},
        Exit::missing_input,
        "nowhere");
  fails(at,
        training + Words{"--set=gan.transfer.freeze_d=1", "--out=j"},
        Exit::config,
        "gan.transfer.freeze_d");
  const Json plan = done(at,
                         training + Words{"--set=gan.transfer.from=majority",
                                          "--set=gan.transfer.parent_kimg=.32",
                                          "--out=k",
                                          "--dry-run",
                                          "--json"})
                        .json();
  CHECK(plan["parent"]["kimg"] == .32);
  fails(at,
        training + Words{"--set=gan.transfer.parent_kimg=.32", "--out=l"},
        Exit::config,
        "parent_kimg");
}

TEST_CASE("the preset auto tells its plan, and what is set by hand stays") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const Words planning{"gan", "train", set, "--class=Fractured", "--preset=auto", "--out=g"};
  const Words small =
      kPlain + Words{"--set=gan.dcgan.ngf=4", "--set=gan.dcgan.ndf=4", "--allow-few"};
  Json plan = done(at, planning + small + Words{"--dry-run", "--json"}).json();
  CHECK(plan["kimg"] == 40);
  CHECK(plan["stages"][0]["minibatch"] == 16);
  plan = done(at,
              planning + small +
                  Words{"--set=gan.total_kimg=.8", "--set=gan.minibatch=8", "--dry-run", "--json"})
             .json();
  CHECK(plan["kimg"] == .8);
  CHECK(plan["stages"][0]["minibatch"] == 8);
  CHECK(plan["settings"]["ngf"] == 4);
  CHECK(contains(plan["settings"]["augment"].get<std::string>(), "cutout"));
  // What is for a transfer that is planned only where another class has 300 images.
  fails(at, planning + small + Words{"--set=gan.transfer.freeze_d=1"}, Exit::config, "set it to 0");
  const std::string many = "phantom:images=400,rare_share=.1,seed=7,size_px=40x32";
  done(at, {"data", "split", many, "--out=split.csv", "--ratios=.9,.05,.05"});
  done(at, {"data", "pack", many, "--split=split.csv", "--size=40x32", "--out=many.h5"});
  plan = done(at,
              Words{"gan", "train", "many.h5", "--class=Fractured", "--preset=auto", "--out=g"} +
                  small + Words{"--set=gan.transfer.freeze_d=1", "--dry-run", "--json"})
             .json();
  CHECK(plan["settings"]["transfer"] == "majority");
  CHECK(plan["settings"]["freeze_d"] == 1);
}

TEST_CASE("pggan's small is as long as its images ask for, unless it is told") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const Words planning =
      kPlain +
      Words{"--set=gan.pggan.fmap_base=16", "--set=gan.pggan.fmap_max=4", "--dry-run", "--json"};
  const auto kimg = [&](const Words& more) {
    return done(at, Words{"gan", "train", set, "--family=pggan", "--out=g"} + planning + more)
        .json()["kimg"]
        .get<double>();
  };
  // Stages are whole steps.
  CHECK(kimg({}) == Approx(40).margin(.05));
  CHECK(kimg({"--set=gan.total_kimg=7"}) == Approx(7).margin(.05));
  CHECK(kimg({"--preset=auto"}) == Approx(40).margin(.05));
}

TEST_CASE("a store of drawn images is not labelled where the labels do not count yet") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  done(at,
       Words{"gan",
             "train",
             set,
             "--conditional",
             "--set=checkpoint_every_s=0",
             "--set=keep_checkpoints=99",
             "--out=g"} +
           kTinyGan);
  const std::string young = "g/checkpoints/step-00000002.safetensors";
  fails(at,
        {"gan", "sample", young, "--n=4", "--out=both.h5"},
        Exit::bad_data,
        "this generator has not used its labels yet");
  CHECK_FALSE(std::filesystem::exists(scratch / "both.h5"));
  done(at, {"gan", "sample", young, "--n=4", "--out=plain"});
}
