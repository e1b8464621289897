// SPDX-License-Identifier: Apache-2.0
// What flags, files and run folders may say: 2 for a flag, 78 for a file.
#include "tests/app/workshop.hpp"

using namespace evenray;

TEST_CASE("usage: commands and flags that there are not") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  fails(at, {}, Exit::usage, "evenray --help");
  fails(at, {"blance"}, Exit::usage, "unknown command 'blance'");
  fails(at, {"blance"}, Exit::usage, "balance");
  fails(at, {"data", "pakc"}, Exit::usage, "unknown command 'pakc'");
  fails(at, {"data", "audit"}, Exit::usage, "PATH");
  fails(at, {"data", "audit", "x", "--nope"}, Exit::usage, "--nope");
  fails(at, {"data", "split", kPhantoms, "--out=s", "--ratios=.5,.5"}, Exit::usage, "--ratios");
  fails(at, {"data", "split", kPhantoms, "--out=s", "--ratios=.5,.5,.5"}, Exit::usage, "ratios");
  fails(at,
        {"data", "split", kPhantoms, "--out=s", "--folds=3", "--ratios=.6,.2,.2"},
        Exit::usage,
        "exclude each other");
  fails(at, {"data", "split", "phantom:imags=3", "--out=s"}, Exit::usage, "imags");
  const Words pack{"data", "pack", kPhantoms, "--out=p.h5", "--split", workshop() / "split.csv"};
  fails(at, pack + Words{"--size=10by10"}, Exit::usage, "--size");
  fails(at, pack + Words{"--compress=zip"}, Exit::usage, "--compress");
  fails(at, pack + Words{"--bits=12"}, Exit::usage, "bits");
  fails(at, pack + Words{"--keep=everything"}, Exit::usage, "everything");
  fails(at, {"gan", "sample", workshop() / "gan", "--n=0", "--out=s"}, Exit::usage, "--n");
  fails(at, {"completion", "csh"}, Exit::usage, "csh");
  fails(at, {"config", "gna"}, Exit::usage, "gna");
  fails(at, {"config", "--set", "seed"}, Exit::usage, "KEY=VALUE");
  fails(at, {"gan", "train", set, "--out=g", "--threads=-1"}, Exit::usage, "threads");
  fails(at, {"gan", "train", set, "--out=g", "--device=tpu", "--allow-few"}, Exit::usage, "tpu");
  fails(at, {"balance", set, "--out", set}, Exit::usage, "--out would replace");
  CHECK(files_in(at).empty());
}

TEST_CASE("a GPU that is not there") {
  const ScratchFolder scratch;
  fails(scratch.path(),
        Words{"classify", "train", workshop() / "set.h5", "--out=c", "--device=cuda:99"} +
            kTinyClassifier,
        Exit::missing_resource,
        "cuda:99");
}

TEST_CASE("an unknown name: 2 where a flag gives it, 78 where a file does") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const auto by_flag = [&](const Words& words) { fails(at, words, Exit::usage, "nope"); };
  by_flag({"gan", "train", set, "--family=nope", "--out=x"});
  by_flag({"gan", "train", set, "--preset=nope", "--out=x"});
  by_flag({"gan", "eval", workshop() / "gan", "--real", set, "--metrics=swd,nope"});
  by_flag({"classify", "train", set, "--arch=nope", "--out=x"});
  by_flag({"classify", "eval", workshop() / "model", "--data", set, "--part=nope"});
  by_flag({"augment", "preview", set, "--policy=nope", "--out=x"});
  by_flag({"augment", "policies", "nope"});
  by_flag({"augment", "apply", set, "--ops=nope:1", "--out=x"});
  by_flag({"balance", set, "--strategy=nope", "--out=x"});
  by_flag({"balance", set, "--source=nope", "--out=x"});
  by_flag({"balance", set, "--source=augment:nope", "--out=x"});
  by_flag({"balance", set, "--gate=nope:1", "--out=x"});
  by_flag({"data", "inspect", kPhantoms, "--format=nope"});
  by_flag({"data", "split", kPhantoms, "--group=nope", "--out=x"});
  by_flag({"gan", "train", set, "--precision=nope", "--out=x"});

  const auto by_file = [&](const std::string& toml, const Words& words) {
    write_text(scratch / "a.toml", toml);
    fails(at, words + Words{"--config", "a.toml"}, Exit::config, "nope");
  };
  by_file("[gan]\nfamily = 'nope'\n", {"gan", "train", set, "--out=x"});
  by_file("[gan]\npreset = 'nope'\n", {"gan", "train", set, "--out=x"});
  by_file("[classify]\narch = 'nope'\n", {"classify", "train", set, "--out=x"});
  by_file("[balance]\nstrategy = 'nope'\n", {"balance", set, "--out=x"});
  by_file("[balance]\nsources = ['augment:nope']\n", {"balance", set, "--out=x"});
  by_file("[study]\npolicy = 'nope'\n", {"demo", "--out=x"});
  by_file("[study]\narms = ['nope']\n", {"demo", "--out=x"});
  by_file("precision = 'nope'\n", {"classify", "train", set, "--out=x"});
  fails(
      at, {"classify", "train", set, "--out=x", "--set=classify.arch=nope"}, Exit::config, "nope");
  CHECK(files_in(at) == Words{"a.toml"});
}

TEST_CASE("an unknown key names the nearest one and its line") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const auto refused = [&](const std::string& toml, const std::string& part) {
    write_text(scratch / "a.toml", toml);
    for (const Words& words : {Words{"classify", "train", set, "--out=x", "--config", "a.toml"},
                               Words{"study", "plan", "a.toml"},
                               Words{"config", "--config", "a.toml"}})
      fails(at, words, Exit::config, part);
  };
  refused("seed = 1\n[classify]\nstepz = 3\n",
          "a.toml line 3: unknown key 'classify.stepz'; did you mean 'classify.steps'?");
  refused("[clasify]\nsteps = 3\n", "unknown key 'clasify");
  refused("[classify]\nsteps = 'x'\n", "a.toml line 2: classify.steps must be a whole number");
  refused("[classify\n", "a.toml line 1");
  refused("[classify]\nsteps = -3\n", "classify.steps must be above 0");
  fails(at,
        {"demo", "--set", "gan.total_kimgs=3", "--out=x"},
        Exit::config,
        "did you mean 'gan.total_kimg'?");
  fails(at, {"study", "run", "none.toml", "--out=x"}, Exit::missing_input, "none.toml");
  fails(at, {"balance", set, "--config=none.toml", "--out=x"}, Exit::missing_input, "none.toml");
  CHECK(files_in(at) == Words{"a.toml"});
}

TEST_CASE("defaults < file < --set < flags") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "a.toml", "seed = 5\nthreads = 3\n[gan.dcgan]\nngf = 20\nndf = 20\n");
  const std::string text =
      done(at, {"config", "--config=a.toml", "--set=gan.dcgan.ngf=24", "--set=seed=6", "--seed=7"})
          .out;
  for (const char* line : {"\nthreads = 3\n", "\nngf = 24\n", "\nndf = 20\n"}) {
    CAPTURE(line);
    CHECK(contains(text, line));
  }
  CHECK(contains("\n" + text, "\nseed = 7\n"));
}

TEST_CASE("a key at its old place counts, with one line that names the new one") {
  const ScratchFolder scratch;
  write_text(scratch / "old.toml", "[gan]\nngf = 20\n");
  const Ran ran = run(scratch.path(), {"config", "gan.dcgan", "--config=old.toml"});
  CHECK(ran.code == 0);
  CHECK(contains(ran.out, "ngf = 20"));
  CHECK(ran.err == "evenray: old.toml line 2: gan.ngf is now gan.dcgan.ngf\n");
}

TEST_CASE("a preset: chosen by the flag, its values below the file's") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "a.toml", "[gan]\npreset = \"small\"\nlatent = 20\n");
  done(at,
       Words{"gan",
             "train",
             workshop() / "set.h5",
             "--class=Fractured",
             "--out=g",
             "--config=a.toml",
             "--preset=reference"} +
           kTinyGan);
  const std::string config = read_file(scratch / "g/config.toml");
  for (const char* line :
       {"\npreset = 'reference'\n", "\naugment = 'none'\n", "\nlatent = 20\n", "\nngf = 4\n"}) {
    CAPTURE(line);
    CHECK(contains(config, line));
  }
}

TEST_CASE("a run folder: refused without --resume, and for changed settings") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const Words classify =
      Words{"classify", "train", set, "--out", workshop() / "model"} + kTinyClassifier;
  const Words gan =
      Words{"gan", "train", set, "--class=Fractured", "--out", workshop() / "gan"} + kTinyGan;
  for (const Words& words : {classify, gan}) {
    const Path folder = workshop() / (words[0] == "gan" ? "gan" : "model");
    const auto written = std::filesystem::last_write_time(folder / "metrics.json");
    fails(at, words, Exit::cannot_create, "--resume");
    // A finished run is done.
    done(at, words + Words{"--resume", "--json"}).json();
    done(at, words + Words{"--resume", "--set=checkpoint_every_s=5"});
    CHECK(std::filesystem::last_write_time(folder / "metrics.json") == written);
  }
  fails(at,
        classify + Words{"--resume", "--set=classify.lr=.5", "--seed=9"},
        Exit::config,
        "classify.lr was 0.0, now 0.5");
  fails(at,
        classify + Words{"--resume", "--set=classify.lr=.5", "--seed=9"},
        Exit::config,
        "seed was 1, now 9");
  fails(
      at, gan + Words{"--resume", "--set=gan.latent=9"}, Exit::config, "gan.latent was 100, now 9");
  // --resume in an empty folder starts afresh.
  done(at, Words{"classify", "train", set, "--out=new", "--resume"} + kTinyClassifier);
  CHECK(std::filesystem::exists(scratch / "new" / "DONE"));
  // The settings in force are kept, and the same run is the same.
  CHECK(contains(read_file(scratch / "new" / "config.toml"), "steps = 6"));
  CHECK(read_file(scratch / "new/checkpoints/best.safetensors") ==
        read_file(workshop() / "model/checkpoints/best.safetensors"));
}

TEST_CASE("to train a generator, OpenMP threads spin 1,000 rounds unless the user says otherwise") {
  const ScratchFolder scratch;
  ::setenv("OMP_DISPLAY_ENV", "verbose", 1);  // libgomp prints its settings when it is loaded
  const Words trains{"gan", "train", "none.h5", "--out", "run"};
  CHECK(contains(run(scratch.path(), trains).err, "GOMP_SPINCOUNT = '1000'"));
  ::setenv("GOMP_SPINCOUNT", "77", 1);
  const Ran chosen = run(scratch.path(), trains);
  ::unsetenv("GOMP_SPINCOUNT");
  CHECK(contains(chosen.err, "GOMP_SPINCOUNT = '77'"));
  CHECK_FALSE(contains(chosen.err, "GOMP_SPINCOUNT = '1000'"));
  CHECK_FALSE(contains(run(scratch.path(), {"classify", "train", "none.h5", "--out", "run"}).err,
                       "GOMP_SPINCOUNT = '1000'"));
  ::unsetenv("OMP_DISPLAY_ENV");
}
