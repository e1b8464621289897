// SPDX-License-Identifier: Apache-2.0
#include "nn/precision.hpp"

#include <cstdlib>

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// Points the user's cache folder at a scratch folder.
class CacheFolder {
 public:
  CacheFolder() { set(scratch_.path()); }
  ~CacheFolder() {
    before_.empty() ? ::unsetenv("XDG_CACHE_HOME") : ::setenv("XDG_CACHE_HOME", before_.c_str(), 1);
  }
  void set(const Path& folder) const { ::setenv("XDG_CACHE_HOME", folder.c_str(), 1); }
  Path file() const { return scratch_ / "evenray" / "precision.json"; }

 private:
  ScratchFolder scratch_;
  std::string before_ = std::getenv("XDG_CACHE_HOME") ? std::getenv("XDG_CACHE_HOME") : "";
};

/// A network whose steps take the given seconds an image, and what was asked of it.
struct Fake {
  double fp32_s, bf16_s;
  std::vector<int64_t> asked{};
  std::string name = "fake";
  size_t disturbed = 1000;  ///< this call takes 50 times as long

  TimedNetwork network() {
    return {name, 32, [this](const Compute& compute, int64_t images) {
              asked.push_back(images);
              double seconds = static_cast<double>(images) * (compute.bf16 ? bf16_s : fp32_s);
              if (asked.size() == disturbed + 1) seconds *= 50;
              return StepTime{seconds, seconds, seconds};
            }};
  }
  PrecisionTimes times() { return precision_times(Compute{}, network()); }
};

Runtime on_cpu(const std::string& precision) {
  Runtime runtime;
  runtime.device = "cpu";
  runtime.threads = 1;
  runtime.precision = precision;
  return runtime;
}

}  // namespace

TEST_CASE("the quicker precision is chosen and the reason says by how much") {
  CHECK(quicker_precision({3, 2}).text() ==
        "precision auto: bf16 (measured: 1.50 times as fast as fp32)");
  CHECK(quicker_precision({2, 3}).text() ==
        "precision auto: fp32 (measured: 1.50 times as fast as bf16)");
  CHECK(quicker_precision({2, 2}).precision == "fp32");
}

TEST_CASE("a quick network is timed with its minibatch, a slow one with a few images") {
  const CacheFolder cache;
  Fake quick{.fp32_s = 1e-4, .bf16_s = 5e-5};
  const PrecisionTimes times = quick.times();
  CHECK(quick.asked == std::vector<int64_t>{4, 4, 4, 4, 32, 32, 32, 32});
  CHECK(times.fp32_s == Approx(32e-4));
  CHECK(times.bf16_s == Approx(16e-4));
  Fake slow{.fp32_s = .1, .bf16_s = .2, .name = "slow"};
  CHECK(slow.times().fp32_s == Approx(.4));
  CHECK(slow.asked == std::vector<int64_t>{4, 4, 4, 4});
}

TEST_CASE("a network is timed once, another one anew") {
  const CacheFolder cache;
  Fake network{.fp32_s = 1e-4, .bf16_s = 5e-5};
  const PrecisionTimes first = network.times();
  network.asked.clear();
  network.bf16_s = 1;
  CHECK(network.times().bf16_s == first.bf16_s);
  CHECK(network.asked.empty());
  network.name = "other";
  CHECK(network.times().bf16_s > first.bf16_s);
  CHECK(read_json(cache.file())["step_seconds"].size() == 2);
  Compute compute;
  compute.threads = 7;
  precision_times(compute, network.network());
  CHECK(read_json(cache.file())["step_seconds"].size() == 3);
}

TEST_CASE("another program that disturbs one round changes neither the choice nor the cache") {
  const CacheFolder cache;
  Fake network{.fp32_s = 1e-4, .bf16_s = 2e-4, .disturbed = 4};
  CHECK(quicker_precision(network.times()).precision == "fp32");
  CHECK_FALSE(std::filesystem::exists(cache.file()));
  network.times();
  CHECK(std::filesystem::exists(cache.file()));
}

TEST_CASE("a damaged cache is measured again, one that cannot be written does no harm") {
  const CacheFolder cache;
  Fake network{.fp32_s = 1e-4, .bf16_s = 5e-5};
  network.times();
  const std::string good = read_file(cache.file());
  for (const std::string& bad :
       {std::string("{"),
        std::string("[]"),
        std::string(R"({"schema":"evenray-precision-1","step_seconds":3})"),
        good.substr(0, good.size() / 2)}) {
    CAPTURE(bad);
    write_atomic(cache.file(), bad);
    network.asked.clear();
    network.times();
    CHECK(network.asked.size() == 8);
    CHECK(read_file(cache.file()) == good);
  }
  Json wrong = Json::parse(good);
  for (auto& entry : wrong["step_seconds"]) entry["bf16"] = "quick";
  write_json(cache.file(), wrong);
  network.asked.clear();
  network.times();
  CHECK(network.asked.size() == 8);

  cache.set(cache.file());  // a file in the place of the folder
  network.asked.clear();
  CHECK(network.times().fp32_s > 0);
  CHECK(network.asked.size() == 8);
}

TEST_CASE("what was given, and what a run was started with, is not decided again") {
  const CacheFolder cache;
  Fake network{.fp32_s = 1e-4, .bf16_s = 5e-5};
  Runtime given = on_cpu("bf16");
  CHECK_FALSE(decide_precision(given, network.network()));
  CHECK(given.precision == "bf16");

  const ScratchFolder scratch;
  Runtime automatic = on_cpu("auto");
  const auto choice = decide_precision(automatic, network.network(), scratch / "run");
  REQUIRE(choice);
  CHECK(choice->precision == (cpu_has_bf16() ? "bf16" : "fp32"));
  CHECK(contains(choice->text(), cpu_has_bf16() ? "measured" : "no hardware support for bf16"));
  CHECK(automatic.precision == choice->precision);
  {
    RunFolder run(scratch / "run", false, [&](Fields& f) { given.fields(f); });
    run.event({{"step", 0}});
  }
  Runtime resumed = on_cpu("auto");
  CHECK_FALSE(decide_precision(resumed, network.network(), scratch / "run"));
  const RunFolder run(scratch / "run", true, [&](Fields& f) { resumed.fields(f); });
  CHECK(resumed.precision == "bf16");
}

TEST_CASE("with precision auto a trained network computes as in its training") {
  Compute compute;
  compute.bf16 = compute.auto_bf16 = true;
  CHECK_FALSE(compute.as_trained(false).bf16);
  CHECK(compute.as_trained(true).bf16);
  compute.auto_bf16 = false;  // bf16 was asked for
  CHECK(compute.as_trained(false).bf16);
}
