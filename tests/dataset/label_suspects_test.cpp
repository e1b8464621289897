// SPDX-License-Identifier: Apache-2.0
#include "dataset/label_suspects.hpp"

#include <catch2/catch.hpp>

#include "dataset/audit.hpp"
#include "dataset/image/image.hpp"
#include "tests/dataset/drawn.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// Predictions of all samples: .9 for the label that they have.
LabelScores right_scores(const Manifest& manifest) {
  LabelScores scores{{}, "p.csv"};
  scores.predictions.class_names = manifest.class_names;
  for (const auto& sample : manifest.samples) {
    scores.predictions.ids.push_back(sample.id);
    scores.predictions.groups.emplace_back();
    scores.predictions.labels.push_back(sample.labels);
    auto& row = scores.predictions.probabilities.emplace_back();
    for (const int8_t label : sample.labels) row.push_back(label == 1 ? .9 : .1);
  }
  return scores;
}

void refused(const Manifest& manifest, const LabelScores& scores, const std::string& part) {
  const Error error = error_of([&] { review_labels(manifest, scores); });
  CHECK(error.code() == Exit::bad_data);
  CHECK_THAT(error.what(), Catch::Contains(part));
}

}  // namespace

TEST_CASE("a label that the scores contradict is suspect, with the other class and a score") {
  Manifest manifest = drawn_manifest(20);
  const LabelScores scores = right_scores(manifest);
  CHECK(review_labels(manifest, scores).suspects.empty());
  std::swap(manifest.samples[4].labels[0], manifest.samples[4].labels[1]);  // it was Fractured
  manifest.samples[7].labels = {-1, -1};
  manifest.samples.push_back(drawn_sample("more", 0, 99));
  const LabelReview review = review_labels(manifest, scores);
  REQUIRE(review.suspects.size() == 1);
  const Finding& suspect = review.suspects[0];
  CHECK(suspect.kind == "label_suspect");
  CHECK(suspect.ids == std::vector<std::string>{"00004"});
  CHECK(suspect.given == "Non_fractured");
  CHECK(suspect.suggested == "Fractured");
  CHECK(suspect.score == Approx(.9));
  CHECK(suspect.detail ==
        "labelled Non_fractured (p 0.100), suggested Fractured (p 0.900), score 0.900");
  CHECK(review.text() ==
        "labels checked with p.csv: 20 of 21; 1 without a score; 1 of the scored without a label; "
        "1 have another label there, the labels of this collection count; AUROC of the scores "
        "0.967");
  CHECK(review.json()["thresholds"]["Fractured"].get<double>() == Approx(.9));

  Json report = audit_json(manifest, review.suspects);
  CHECK(report["counts"]["label_suspect"] == 1);
  CHECK(report["findings"][0]["score"].get<double>() == Approx(.9));
  CHECK(report["findings"][0]["suggested"] == "Fractured");
  CHECK(contains(audit_html(manifest, review.suspects), "expects another class"));
}

TEST_CASE("predictions may have their classes in another order") {
  Manifest manifest = drawn_manifest(8);
  LabelScores scores = right_scores(manifest);
  std::swap(manifest.samples[0].labels[0], manifest.samples[0].labels[1]);
  auto& predictions = scores.predictions;
  std::reverse(predictions.class_names.begin(), predictions.class_names.end());
  for (size_t i = 0; i < predictions.rows(); ++i) {
    std::reverse(predictions.labels[i].begin(), predictions.labels[i].end());
    std::reverse(predictions.probabilities[i].begin(), predictions.probabilities[i].end());
  }
  const LabelReview review = review_labels(manifest, scores);
  REQUIRE(review.suspects.size() == 1);
  CHECK(review.suspects[0].suggested == "Fractured");
  CHECK(review.relabelled == 1);
}

TEST_CASE("suspects come by score, other findings by kind and id") {
  std::vector<Finding> findings{{"truncated", {"b"}, ""}, {"truncated", {"a"}, ""}};
  for (const double score : {.5, .9, .7}) {
    findings.push_back({kLabelSuspect, {cat("s", score)}, ""});
    findings.back().score = score;
  }
  findings.push_back({"blank", {"z"}, ""});
  sort_findings(findings);
  std::string order;
  for (const auto& finding : findings) order += finding.ids[0] + " ";
  CHECK(order == "z s0.9 s0.7 s0.5 a b ");
}

TEST_CASE("classes that do not exclude each other are checked one by one") {
  Manifest manifest = drawn_manifest(8);
  manifest.multi_label = true;
  LabelScores scores = right_scores(manifest);
  for (auto& row : scores.predictions.probabilities) row[1] = row[1] > .5 ? .8 : .3;  // no sum of 1
  manifest.samples[1].labels = {0, 1};
  manifest.samples[2].labels[1] = -1;
  const LabelReview review = review_labels(manifest, scores);
  REQUIRE(review.suspects.size() == 2);
  CHECK(review.suspects[0].given == "no Non_fractured");
  CHECK(review.suspects[0].suggested == "Non_fractured");
  CHECK(review.suspects[0].score == Approx(.9));
  CHECK(review.suspects[1].given == "Fractured");
  CHECK(review.suspects[1].suggested == "no Fractured");
  CHECK(review.suspects[1].score == Approx(.7));
}

TEST_CASE("scores that do not belong to the collection are refused") {
  const Manifest manifest = drawn_manifest(8);
  const LabelScores right = right_scores(manifest);
  LabelScores scores = right;
  scores.predictions.ids[3] = "x";
  refused(manifest, scores, "p.csv: only 7 of its 8 ids are in drawn, 'x' is not; give the coll");
  for (auto& id : scores.predictions.ids) id = "y" + id;
  refused(manifest, scores, "p.csv: none of its ids is in drawn, 'y00000' is not");
  scores = right;
  scores.predictions.class_names[1] = "Broken";
  refused(manifest,
          scores,
          "p.csv scores the classes Non_fractured, Broken, but drawn has Non_fractured, Fractured");
  scores = right;
  scores.predictions.probabilities[5] = {.9, .9};
  refused(manifest, scores, "the probabilities of '00005' sum to 1.800");
  Manifest bare = manifest;
  for (auto& sample : bare.samples) sample.labels = {-1, -1};
  refused(bare, right, "drawn: no image that p.csv scores has a label");
}

TEST_CASE("predictions of the training part are refused") {
  const ScratchFolder scratch;
  write_predictions(scratch / "predictions.csv", right_scores(drawn_manifest(4)).predictions);
  const auto read = [&] { return read_label_scores(scratch / "predictions.csv"); };
  CHECK(read().predictions.rows() == 4);
  for (const char* other : {"no JSON", "[]", R"({"split":"test"})", R"({"split":""})"}) {
    write_text(scratch / "metrics.json", other);
    CHECK(read().predictions.rows() == 4);
  }
  write_text(scratch / "metrics.json", R"({"split":"train"})");
  const Error error = error_of(read);
  CHECK(error.code() == Exit::bad_data);
  CHECK_THAT(error.what(), Catch::Contains("predictions of the training part"));
}

TEST_CASE("the sheet shows the first 32 suspects") {
  std::vector<Finding> suspects;
  for (int i = 0; i < 40; ++i) {
    suspects.push_back({kLabelSuspect, {cat("image", i)}, ""});
    suspects.back().given = "a";
    suspects.back().suggested = "b";
    suspects.back().score = .8;
  }
  std::vector<std::string> asked;
  const cv::Mat sheet = draw_suspects(suspects, [&](const std::string& id) -> SheetItem {
    asked.push_back(id);
    return {drawn_picture(1), "", {}};
  });
  REQUIRE(asked.size() == 32);
  CHECK(asked.back() == "image31");
  // 4 rows of 8 cells; three lines of 14 px below each picture of 192 px, 6 px between.
  CHECK(sheet.rows == 4 * (192 + 3 * 14 + 6) + 6);
  CHECK(sheet.cols == 8 * (144 + 6) + 6);
}
