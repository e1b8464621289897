// SPDX-License-Identifier: Apache-2.0
#include "gan/losses.hpp"
#include "gan/networks.hpp"
#include "gan/training_set.hpp"
#include "nn/compute.hpp"
#include "tests/gan/stepping.hpp"

using namespace evenray;

namespace {

GanOptions labelled(const std::string& family, const std::string& conditioning) {
  GanOptions options = tiny_options();
  options.family = family;
  options.conditioning = conditioning;
  options.pggan.fmap_base = 16;
  options.pggan.fmap_max = 6;
  return options;
}

std::shared_ptr<DiscriminatorNet> discriminator_of(const GanOptions& options) {
  seed_torch(4);
  auto net = make_discriminator(options, 16, 16);
  net->condition(options, 2);
  return net;
}

}  // namespace

TEST_CASE("projection adds the features' product with the label's vector to the logit") {
  for (const std::string family : {"dcgan", "pggan"}) {
    INFO(family);
    const auto net = discriminator_of(labelled(family, "projection"));
    net->eval();
    const auto x = wave(3 * 256, 1).view({3, 1, 16, 16});
    const auto plain = net->forward(x);
    CHECK(largest_difference(net->discriminate(x, torch::zeros({3, 2})).logits, plain) < 1e-6);
    const auto labels = torch::tensor({{1.f, 0.f}, {0.f, 1.f}, {.5f, 0.f}});
    auto features = net->features(x);
    if (features.dim() > 2) features = features.mean({2, 3});
    const auto vectors = net->named_parameters()["class_vectors"];
    CHECK(vectors.sizes() == std::vector<int64_t>{2, net->feature_count});
    const double root = std::sqrt(static_cast<double>(net->feature_count));
    const auto judged = net->discriminate(x, labels).logits;
    for (int64_t i = 0; i < 3; ++i) {
      const auto product = (features[i] * labels[i].matmul(vectors)).sum() / root;
      CHECK(judged[i].item<double>() == Approx((plain[i] + product).item<double>()).margin(1e-5));
    }
    CHECK_FALSE(net->discriminate(x, labels).classes.defined());
  }
}

TEST_CASE("with spectral normalisation the vectors of the labels are normalised, too") {
  GanOptions options = labelled("dcgan", "projection");
  options.dcgan.residual = options.dcgan.spectral_norm = true;
  const auto net = discriminator_of(options);
  const auto x = wave(2 * 256, 1).view({2, 1, 16, 16});
  const auto labels = torch::tensor({{1.f, 0.f}, {0.f, .5f}});
  torch::NoGradGuard no_grad;
  for (int i = 0; i < 50; ++i) net->discriminate(x, labels);  // power iterations
  net->eval();
  const auto weight = net->named_parameters()["class_vectors.weight"].flatten(1);
  const auto vectors = weight / torch::linalg_matrix_norm(weight, 2);
  const auto expected = net->forward(x) + (net->features(x) * labels.matmul(vectors.t())).sum(1);
  CHECK(largest_difference(net->discriminate(x, labels).logits, expected) < 1e-4);
}

TEST_CASE("labels in proportion come as often as their classes, evenly spread") {
  const std::vector<int64_t> counts{4, 1, 3};
  const auto labels = labels_in_proportion(0, 80, counts);
  for (int64_t first = 0; first < 80; first += 8)
    CHECK(same(labels.narrow(0, first, 8).sum(0), torch::tensor({4.f, 1.f, 3.f})));
  CHECK(same(labels_in_proportion(13, 5, counts), labels.narrow(0, 13, 5)));
  CHECK(same(labels_in_proportion(0, 6, {7, 7, 7}), labels_in_turn(0, 6, 3)));
}

TEST_CASE("acgan tells classes beside an unchanged logit; its loss is their cross-entropy") {
  const auto net = discriminator_of(labelled("pggan", "acgan"));
  net->eval();
  const auto x = wave(4 * 256, 1).view({4, 1, 16, 16});
  const auto labels = labels_in_turn(0, 4, 2);
  const auto judged = net->discriminate(x, labels);
  CHECK(largest_difference(judged.logits, net->forward(x)) < 1e-6);
  REQUIRE(judged.classes.sizes() == std::vector<int64_t>{4, 2});
  DiscriminatorOutput by_hand;
  by_hand.classes = torch::tensor({{2.f, 0.f}, {1.f, 3.f}});
  const double expected = (std::log1p(std::exp(-2.)) + std::log1p(std::exp(-2.))) / 2;
  CHECK(class_loss(by_hand, labels_in_turn(0, 2, 2)).item<double>() == Approx(expected));
  CHECK(class_loss(by_hand, labels_in_turn(0, 2, 2) * .25).item<double>() == Approx(expected / 4));
}

TEST_CASE("acgan: both players' losses hold the class loss, D's of real and of drawn images") {
  GanOptions options = labelled("pggan", "acgan");
  options.augment = "none";
  Players players(options, 16, 16, 2, Compute{}, Rng(3));
  const TensorFile before = saved(players);
  const auto real = waves(4, 16, 16, 0), labels = labels_in_turn(0, 4, 2);
  players.step({real, labels}, {{2}, 4, 0}, 0);
  const auto means = players.take_means(1);
  const TensorFile after = saved(players);

  torch::NoGradGuard no_grad;
  const auto g = make_generator(options, 16, 16, 2);
  const auto d = make_discriminator(options, 16, 16);
  d->condition(options, 2);
  g->growth = d->growth = {2};
  load_module(before, "g", *g, "before");
  load_module(before, "d", *d, "before");
  const auto& loss = loss_named(options.loss);
  const auto latent = latents(Rng(3).fork("step", 0), 0, 4, options.latent);
  const auto fake = g->forward(with_labels(latent, labels));
  const auto of_real = d->discriminate(real, labels), of_fake = d->discriminate(fake, labels);
  const auto classes = class_loss(of_real, labels) + class_loss(of_fake, labels);
  CHECK(classes.item<double>() > .1);
  CHECK(means[0] ==
        Approx((loss.discriminator(of_real.logits, of_fake.logits) + classes).item<double>()));
  load_module(after, "d", *d, "after");
  const auto judged = d->discriminate(fake, labels);
  CHECK(means[1] ==
        Approx((loss.generator({}, judged.logits) + class_loss(judged, labels)).item<double>()));
}

TEST_CASE("labels count from the end of their warm-up on, fully after as long again") {
  GanOptions options = labelled("dcgan", "projection");
  options.total_kimg = .8;  // 100 steps of 8
  options.label_warmup = .25;
  const Schedule schedule(options, 2);
  CHECK(schedule.at(0).label_share == 0);
  CHECK(schedule.at(25).label_share == 0);
  CHECK(schedule.at(30).label_share == Approx(.2));
  CHECK(schedule.at(50).label_share == 1);
  CHECK(schedule.at(99).label_share == 1);
  GanOptions without = options;
  without.conditioning = "none";
  CHECK(Schedule(without, 2).at(0).label_share == 1);
  options.label_warmup = 0;
  CHECK(Schedule(options, 2).at(0).label_share == 1);
}

TEST_CASE("with labels the classes take turns, however rare, each through all of its images") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5", {24, 16, 8, 60, 50});
  const Store store(scratch / "set.h5");
  TrainingSet set(store, "", labelled("dcgan", "projection"), Rng(1), torch::kCPU);
  CHECK(set.classes() == std::vector<std::string>{"Common", "Rare"});
  std::map<float, int> seen;  // which of the 110 images, by a sum that tells them apart
  const auto weights = wave(24 * 16, 5).view({1, 24, 16});
  for (int64_t step = 0; step < 13; ++step) {
    const auto minibatch = set.minibatch({{2}, 8, 8 * step}, step);
    CHECK(same(minibatch.labels, labels_in_turn(8 * step, 8, 2)));
    for (int64_t i = 0; i < 8; ++i) ++seen[(minibatch.images[i] * weights).sum().item<float>()];
  }
  // 52 of each class: all 50 of one, two of these twice, and 52 of the other.
  CHECK(seen.size() == 102);
  const auto refused = [&](const Path& path, const GanOptions& options, const std::string& name) {
    return error_of([&] { TrainingSet(Store(path), name, options, Rng(1), torch::kCPU); });
  };
  CHECK(refused(scratch / "set.h5", labelled("dcgan", "projection"), "Rare").code() ==
        Exit::config);
  write_tiny_store(scratch / "few.h5", {24, 16, 8, 60, 49});
  const Error few = refused(scratch / "few.h5", labelled("dcgan", "projection"), "");
  CHECK(few.code() == Exit::bad_data);
  CHECK(contains(few.what(), "class Common has 49 training images"));
}

TEST_CASE("a generator with labels draws the class that it is asked for") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5", {24, 16, 8, 100, 50});
  const std::string conditioning = GENERATE("projection", "acgan");
  const std::string family = GENERATE("dcgan", "pggan");
  INFO(conditioning << " " << family);
  GanOptions options = labelled(family, conditioning);
  options.label_warmup = 0;
  options.loss = family == "pggan" ? "wgan-gp" : "bce";
  train_tiny(scratch / "run", scratch / "set.h5", "", options);
  const Generator generator(scratch / "run", Compute{});
  CHECK(generator.classes() == std::vector<std::string>{"Common", "Rare"});
  CHECK(generator.draws("Rare"));
  CHECK_FALSE(generator.draws("Medium"));
  const auto of = [&](const std::string& name) {
    Drawing asked = drawing(3);
    asked.class_name = name;
    return generator.sample(0, 4, asked);
  };
  const auto common = of("Common"), rare = of("Rare"), turns = of("");
  CHECK_FALSE(same_pixels(common[0], rare[0]));
  CHECK(same_pixels(turns[0], common[0]));
  CHECK(same_pixels(turns[1], rare[1]));
  CHECK(same_pixels(turns[3], rare[3]));
  Drawing as_trained = drawing(3);
  as_trained.in_proportion = true;  // of three images, two are rare
  const auto mixed = generator.sample(0, 4, as_trained);
  CHECK(same_pixels(mixed[0], rare[0]));
  CHECK(same_pixels(mixed[1], common[1]));
  CHECK(same_pixels(mixed[2], rare[2]));
  const Error unknown = error_of([&] { of("Medium"); });
  CHECK(unknown.code() == Exit::bad_data);
  CHECK(contains(unknown.what(),
                 "cannot draw class 'Medium': this generator draws the classes Common, Rare"));
  const Store store(scratch / "set.h5");
  const auto source = gan_source(scratch / "run", store, false);
  for (const int index : {0, 1}) CHECK(source->serves(index));
  Drawing asked = drawing(Rng(9).key());
  asked.class_name = "Rare";
  CHECK(same_pixels(source->draw(1, 2, 1, Rng(9))[0].image, generator.sample(2, 1, asked)[0]));
}

TEST_CASE("a checkpoint from before labels count is not the best, and draws no class") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5", {24, 16, 8, 52, 50});
  GanOptions options = labelled("dcgan", "projection");
  options.total_kimg = .08;
  options.eval_every_kimg = .008;
  options.lr_g = 1e-9;
  options.lr_d = .01;
  options.augment = "none";
  train_tiny(scratch / "run", scratch / "set.h5", "", options);
  const Generator best(scratch / "run", Compute{});
  CHECK(best.facts()["label_share"] == 1.);
  CHECK(best.draws("Rare"));
  const Path early = scratch / "early";
  write_atomic(early / "checkpoints/step-00000002.safetensors/in the way", "");
  CHECK(error_of([&] { train_tiny(early, scratch / "set.h5", "", options); }).code() ==
        Exit::cannot_create);
  const Generator young(early / "checkpoints/step-00000001.safetensors", Compute{});
  CHECK(young.facts()["label_share"] == 0.);
  CHECK_FALSE(young.draws("Rare"));
  CHECK(gan_step_seconds(options, 24, 16, Compute{}, 1) > 0);
}

TEST_CASE("an unknown conditioning is named with those that are known") {
  const Error error = error_of([] { conditioning_named("concat"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "(known: none, projection, acgan)"));
}
