// SPDX-License-Identifier: Apache-2.0
// What `gan eval` and the gate of `balance` say of generators, and how they refuse.
#include "dataset/files/image_file.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;

TEST_CASE("gan eval compares features of a classifier, each figure beside its floor") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), set = workshop() / "set.h5";
  const Words evaluate{"gan", "eval", workshop() / "gan", "--real", set, "--n=12", "--threads=1"};
  const Json told = done(at,
                         evaluate + Words{"--metrics=kid,fid,prdc,memorisation",
                                          "--extractor",
                                          workshop() / "model",
                                          "--sheet=pairs.png",
                                          "--json"})
                        .json();
  for (const char* key : {"kid", "fid", "precision", "recall", "density", "coverage"}) {
    CAPTURE(key);
    CHECK(told[key].is_number());
    CHECK(told["floor"][key].is_number());
  }
  CHECK(told["floor"]["n"] >= 6);
  CHECK(told["extractor"]["name"] == "classifier small");
  for (const Json& found : {told["memorisation"], told["memorisation"]["features"]}) {
    CHECK(found["share"] <= 1);
    CHECK(found["bound"] > 0);
    CHECK(found["threshold"] > 0);
    CHECK(found["drops"].is_array());
  }
  CHECK(!decode_image(scratch / "pairs.png").pixels.empty());
  const std::string text =
      done(at, evaluate + Words{"--metrics=kid", "--extractor", workshop() / "model"}).out;
  CHECK(contains(text, "kid"));
  CHECK(contains(text, "floor"));
}

TEST_CASE("drawn files that are copies are told by name") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  done(at, {"gan", "sample", workshop() / "gan", "--n=6", "--out=drawn"});
  const Json told =
      done(at, {"gan", "eval", "drawn", "--real", "drawn", "--metrics=memorisation", "--json"})
          .json();
  CHECK(told["memorisation"]["drops"].size() == 6);
  CHECK(told["memorisation"]["drops"][4] == "000004.png");
}

TEST_CASE("a generator of one class is held against a folder of images") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), gan = workshop() / "gan";
  done(at, {"gan", "sample", gan, "--n=6", "--out=drawn"});
  const Words evaluate{"gan", "eval", gan, "--metrics=msssim", "--n=4", "--real", "drawn"};
  CHECK(done(at, evaluate + Words{"--json"}).json()["n_real"] == 6);
  fails(at, evaluate + Words{"--class=Fractured"}, Exit::usage, "a folder of images has neither");
}

TEST_CASE("a generator is judged by its own class, and told where a store was another one") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), gan = workshop() / "gan", set = workshop() / "set.h5";
  fails(at,
        {"gan", "eval", gan, "--real", set, "--class=Non_fractured"},
        Exit::bad_data,
        "cannot draw class 'Non_fractured': this generator draws class 'Fractured'");
  const Words judging{"gan", "eval", gan, "--metrics=msssim", "--n=4", "--real"};
  CHECK(done(at, judging + Words{set}).err.empty());
  done(at, {"data", "split", kPhantoms, "--out=split.csv", "--ratios=.5,.3,.2"});
  done(at, {"data", "pack", kPhantoms, "--split=split.csv", "--size=40x32", "--out=set.h5"});
  const Words balancing{
      "balance", "set.h5", cat("--source=gan:", gan.string()), "--allow-weak", "--out=b.h5"};
  for (const auto& words : {judging + Words{"set.h5"}, balancing}) {
    const Ran ran = run(at, words);
    CHECK(ran.code == 0);
    CHECK(
        contains(ran.err, " but on another store: if that store contained images of val or test"));
  }
  const Words by_features{"--metrics=kid", "--n=12", "--extractor", workshop() / "model", "--real"};
  const Words evaluate = Words{"gan", "eval", gan} + by_features;
  CHECK(done(at, evaluate + Words{set}).err.empty());
  CHECK(contains(run(at, evaluate + Words{"set.h5"}).err,
                 "the classifier of --extractor was trained on another store"));
}

TEST_CASE("gan eval without an extractor, or with one that is not trusted or not whole") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const Words evaluate{"gan", "eval", workshop() / "gan", "--real", workshop() / "set.h5"};
  fails(at,
        {"gan", "eval", workshop() / "gan", "--real", at, "--class=Fractured"},
        Exit::usage,
        "leave --class and --where out");
  for (const char* metric : {"kid", "fid", "prdc"})
    fails(at, evaluate + Words{cat("--metrics=", metric)}, Exit::usage, "--extractor");
  const auto with = [&](const Words& more) {
    return evaluate + Words{"--metrics=kid", "--extractor=net.json"} + more;
  };
  fails(at, with({}), Exit::missing_input, "net.json");
  write_text(scratch / "net.pt", "no program");
  Json manifest{{"file", "net.pt"},
                {"sha256", std::string(64, '0')},
                {"size_px", 32},
                {"channels", 1},
                {"range", {-1, 1}},
                {"dimension", 4}};
  write_json(scratch / "net.json", manifest);
  fails(at, with({}), Exit::usage, "--trust-code");
  fails(at, with({"--trust-code"}), Exit::bad_data, "'sha256'");
  manifest["sha256"] = sha256_hex("no program");
  write_json(scratch / "net.json", manifest);
  fails(at, with({"--trust-code"}), Exit::bad_data, "is not a TorchScript file");
  manifest.erase("range");
  write_json(scratch / "net.json", manifest);
  fails(at, with({"--trust-code"}), Exit::bad_data, "'range'");
  fails(at,
        evaluate + Words{"--metrics=kid", "--extractor", workshop() / "gan"},
        Exit::bad_data,
        "is not a classifier");
}

TEST_CASE("balance refuses a generator that is not usable yet, and one without a verdict") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), set = workshop() / "set.h5";
  std::filesystem::copy(
      workshop() / "gan", scratch / "gan", std::filesystem::copy_options::recursive);
  const Words fill{"balance", set, "--source=gan:gan", "--strategy=Fractured=30", "--out=b.h5"};
  for (const Words& words : {Words{}, Words{"--dry-run"}})
    fails(at, fill + words, Exit::bad_data, "not usable yet: SWD ");
  std::filesystem::remove(scratch / "gan" / "judgement.json");
  for (const Words& words : {Words{}, Words{"--dry-run"}})
    fails(at,
          fill + words,
          Exit::bad_data,
          "no verdict yet: `evenray gan eval DIR --real STORE --save`");
  CHECK_FALSE(std::filesystem::exists(scratch / "b.h5"));

  const Words judging{"gan", "eval", "gan", "--real", set, "--save", "--threads=1"};
  CHECK(contains(done(at, judging).out, "verdict: not usable yet: "));
  const Json judged = read_json(scratch / "gan" / "judgement.json");
  CHECK(judged["verdict"]["word"] == "not usable yet");
  fails(at, fill, Exit::bad_data, "not usable yet: SWD ");
  fails(at, judging + Words{"--n=3"}, Exit::usage, "--n");
  const Ran ran = run(at, fill + Words{"--allow-weak", "--gate=near-duplicate:0"});
  CHECK(ran.code == 0);
  CHECK(contains(read_file(scratch / "b.balance.html"), ": not usable yet: SWD "));
  CHECK(contains(ran.err, "not usable yet: SWD "));

  // Other bounds, other verdict.
  const Words lenient{"--set=gan.verdict.weak_excess=99",
                      "--set=gan.verdict.weak_similarity=99",
                      "--set=gan.verdict.weak_memorised=99"};
  CHECK(contains(done(at, judging + lenient).out, "verdict: weak: "));
  CHECK(contains(run(at, fill + Words{"--gate=near-duplicate:0"}).err, "weak: SWD "));
}

TEST_CASE("balance --gate memorised") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const Path set = workshop() / "set.h5";
  const Words fill{"balance", set, "--strategy=Fractured=30", "--threads=1", "--out=b.h5"};
  // Copies are no synthetic images: the gate lets them pass.
  const Json told = done(at, fill + Words{"--gate=memorised", "--json"}).json();
  CHECK(told["rejected"].value("memorised", Json::object()).empty());
  CHECK(contains(done(at, {"data", "check", "b.h5"}).out, "whole"));
  fails(at, fill + Words{"--gate=memorized"}, Exit::usage, "did you mean 'memorised'?");
}
