// SPDX-License-Identifier: Apache-2.0
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

constexpr int kCommon = 0, kRare = 1;

std::shared_ptr<Source> source_for(const Path& store, bool allow_resize = false) {
  return gan_source(TinyRun::get().run, Store(store), allow_resize);
}

Error making(const Path& store) {
  return error_of([&] { source_for(store); });
}

}  // namespace

TEST_CASE("a generator as a source: its class, its images, where they come from") {
  const TinyRun& tiny = TinyRun::get();
  const auto source = source_for(tiny.store);
  const Generator generator(tiny.run, Compute{});
  CHECK(source->name() == "gan:Rare@" + generator.digest().substr(0, 12));
  CHECK(source->origin() == Origin::synthetic);
  CHECK(source->serves(kRare));
  CHECK_FALSE(source->serves(kCommon));
  const Rng rng(9);
  const auto drawn = source->draw(kRare, 3, 5, rng);
  REQUIRE(drawn.size() == 5);
  const auto images = generator.sample(3, 5, drawing(rng.key()));
  for (size_t i = 0; i < 5; ++i) {
    CHECK(same_pixels(drawn[i].image, images[i]));
    CHECK(drawn[i].provenance.origin == Origin::synthetic);
    CHECK(drawn[i].provenance.parent == -1);
    CHECK(drawn[i].provenance.recipe == cat("gan ", generator.digest(), " latent ", 3 + i));
    CHECK(drawn[i].provenance.seed == rng.key());
    CHECK(drawn[i].boxes.empty());
    CHECK_FALSE(drawn[i].boxes_known);
  }
  CHECK(same_pixels(source->draw(kRare, 6, 1, rng)[0].image, drawn[3].image));
  const Error error = error_of([&] { source->draw(kCommon, 0, 1, rng); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "does not draw class Common"));
}

TEST_CASE("a generator that is not usable yet, or has no verdict, is refused unless asked for") {
  const TinyRun& tiny = TinyRun::get();
  const Store store(tiny.store);
  const ScratchFolder scratch;
  const Path run = scratch / "run";
  std::filesystem::copy(tiny.run, run, std::filesystem::copy_options::recursive);
  const auto make = [&](Generators accepted) {
    const std::vector<ParsedSource> named{{"gan:" + run.string(), 1}};
    return error_of([&] { make_sources(named, source_kinds(), {store, 1, false, accepted}); });
  };
  Error error = make(Generators::usable_or_weak);
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "not usable yet: SWD "));
  CHECK(contains(error.what(), "--allow-weak"));
  CHECK(make(Generators::any).code() == Exit::done);
  const auto caution = [&](Generators accepted) {
    const std::vector<ParsedSource> named{{"gan:" + run.string(), 1}};
    return make_sources(named, source_kinds(), {store, 1, false, accepted})[0].source->caution();
  };
  CHECK(caution(Generators::any).starts_with("not usable yet: SWD "));
  CHECK(caution(Generators::any_silently).empty());

  Json judged = read_json(run / "judgement.json");
  for (const char* word : {kUsable, kWeak}) {
    judged["verdict"]["word"] = word;
    write_json(run / "judgement.json", judged);
    CHECK(make(Generators::usable_or_weak).code() == Exit::done);
    CHECK(caution(Generators::any).empty() == (word == std::string(kUsable)));
  }
  std::filesystem::remove(run / "judgement.json");
  error = make(Generators::usable_or_weak);
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "no verdict yet: `evenray gan eval DIR --real STORE --save`"));
  CHECK(make(Generators::any).code() == Exit::done);
  CHECK(make(Generators::any_silently).code() == Exit::done);
}

TEST_CASE("a generator of another size is refused unless resizing is asked for") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "large.h5", {48, 32, 8, 2, 2});
  const Error error = making(scratch / "large.h5");
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "draws 24x16 px, the store has 48x32"));
  CHECK(contains(error.what(), "--allow-resize"));
  const auto drawn = source_for(scratch / "large.h5", true)->draw(kRare, 0, 1, Rng(1));
  CHECK(drawn[0].image.size() == cv::Size(32, 48));
}

TEST_CASE("a generator of another depth, or without a class of the store, is refused") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "deep.h5", {24, 16, 16, 2, 2});
  Error error = making(scratch / "deep.h5");
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "draws values up to 255, the store has 65535"));
  StoreInfo info;
  info.class_names = {"Sound", "Broken"};
  info.height = 24;
  info.width = 16;
  StoreWriter writer((scratch / "foreign.h5"), info, 1);
  StoreRow row;
  row.image = tiny_picture(1, 24, 16);
  row.labels = {1, 0};
  row.id = row.group = "a";
  writer.add("train", row);
  writer.finish();
  error = making(scratch / "foreign.h5");
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "no class 'Rare'"));
}

TEST_CASE("a generator of all classes fills none") {
  const ScratchFolder scratch;
  const TinyRun& tiny = TinyRun::get();
  train_tiny(scratch / "run", tiny.store, "");
  CHECK(Generator(scratch / "run", Compute{}).class_name().empty());
  const Error error = error_of([&] { gan_source(scratch / "run", Store(tiny.store), false); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "was trained on all classes"));
}
