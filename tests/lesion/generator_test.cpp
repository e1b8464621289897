// SPDX-License-Identifier: Apache-2.0
#include "lesion/lesion.hpp"
#include "tests/gan/tiny_gan.hpp"
#include "tests/lesion/lesion_store.hpp"

using namespace evenray;

TEST_CASE("a generator of patches draws lesions of any size for a store", "[lesion]") {
  const ScratchFolder folder;
  for (const int bits : {8, 16}) {
    const Path path = folder / cat("bones", bits, ".h5");
    write_bone_store(path, {.bits = bits, .classes = {"Common", "Rare"}});
    const Store store(path);
    LesionOptions loose;
    loose.likeness = -1;
    loose.tolerance = 1;
    loose.angle_deg = 90;
    const std::string name = "lesion:" + TinyRun::get().run.string();
    const SourceContext context{store, 1, false, Generators::any_silently};
    const auto source = make_lesion_source(name, context, loose, {});
    CHECK(source->name().starts_with("lesion:gan@"));
    CHECK(source->serves(1));
    CHECK_FALSE(source->serves(0));
    const auto images = source->paste_images(1, 0, 6, Rng(3));
    const auto some = source->paste_images(1, 2, 2, Rng(3));
    int made = 0;
    for (const auto& one : images) {
      if (!one.drawn.failed.empty()) continue;
      ++made;
      CHECK(one.drawn.image.type() == (bits == 16 ? CV_16UC1 : CV_8UC1));
      CHECK(one.drawn.boxes.size() == 1);
      CHECK(contains(one.drawn.provenance.recipe, source->name()));
    }
    CHECK(made > 0);
    CHECK(some[1].drawn.provenance.recipe == images[3].drawn.provenance.recipe);
    CHECK(same_pixels(some[1].drawn.image, images[3].drawn.image));
  }
}

TEST_CASE("generators of another class or without a verdict are refused", "[lesion]") {
  const ScratchFolder folder;
  write_bone_store(folder / "a.h5", {});
  write_bone_store(folder / "b.h5", {.classes = {"Common", "Rare"}});
  const Store other(folder / "a.h5"), own(folder / "b.h5");
  const std::string name = "lesion:" + TinyRun::get().run.string();
  const auto fault = [&](const Store& store, Generators accepted) {
    const SourceContext context{store, 1, false, accepted};
    const Error error = error_of([&] { make_lesion_source(name, context, {}, {}); });
    CHECK(error.code() == Exit::bad_data);
    return std::string(error.what());
  };
  CHECK(contains(fault(other, Generators::any), "has no class 'Rare'"));
  CHECK(contains(fault(own, Generators::usable_or_weak), "--allow-weak"));
  const SourceContext context{own, 1, false, Generators::any};
  CHECK(error_of([&] { make_lesion_source("copy", context, {}, {}); }).code() == Exit::usage);
  CHECK(error_of([&] { make_lesion_source("lesion:nowhere", context, {}, {}); }).code() ==
        Exit::missing_input);
}
