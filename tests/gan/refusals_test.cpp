// SPDX-License-Identifier: Apache-2.0
// What a generator is not trained on.
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

TEST_CASE("values that do not use the full range are refused at once") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "odd.h5", {24, 16, 16, 54, 8, 4095});
  const Error error = error_of([&] { train_tiny(scratch / "run", scratch / "odd.h5"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "its value_max is 4095"));
}

TEST_CASE("labels take turns where each image is of one class") {
  for (const std::vector<int8_t>& labels : {std::vector<int8_t>{0, 0}, {-1, 0}, {1, 1}}) {
    const ScratchFolder scratch;
    StoreInfo info;
    info.class_names = {"Common", "Rare"};
    info.height = info.width = 16;
    info.source = "tiny";
    StoreWriter writer(scratch / "set.h5", info, 6);
    for (int i = 0; i < 6; ++i) {
      StoreRow row;
      row.image = tiny_picture(static_cast<uint64_t>(i), 16, 16);
      row.labels = i == 5 ? labels : std::vector<int8_t>{i % 2 == 0, i % 2 == 1};
      row.id = row.group = row.source_path = cat("i", i);
      writer.add("train", row);
    }
    writer.finish();
    GanOptions options = tiny_options();
    options.allow_few = true;
    options.conditioning = "projection";
    const Error error =
        error_of([&] { train_tiny(scratch / "run", scratch / "set.h5", "", options); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "'i5' does not have exactly one class"));
  }
}

TEST_CASE("too few images, an unknown class, a size that cannot be drawn") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  const auto training = [&](const Path& store, const std::string& name, GanOptions options) {
    return error_of([&] { train_tiny(scratch / "run", store, name, options); });
  };
  Error error = training(tiny.store, "Common", tiny_options());
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "class Common has 8 training images; with fewer than 50"));
  error = training(tiny.store, "Fracture", tiny_options());
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "no class 'Fracture'"));
  write_tiny_store(scratch / "odd.h5", {20, 18, 8, 54, 0});
  error = training(scratch / "odd.h5", "Rare", tiny_options());
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "a generator cannot draw images of 20x18 px"));
  write_tiny_store(scratch / "none.h5", {24, 16, 8, 54, 0});
  GanOptions few = tiny_options();
  few.allow_few = true;
  error = training(scratch / "none.h5", "Common", few);
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "there are no training images"));
  GanOptions wrong = tiny_options();
  wrong.minibatch = 1;
  CHECK(training(tiny.store, "Rare", wrong).code() == Exit::config);
  few.mirror = true;
  CHECK(training(tiny.store, "Common", few).code() == Exit::done);
  CHECK(read_json(scratch / "run/metrics.json")["images"] == 8);
}
