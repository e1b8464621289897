// SPDX-License-Identifier: Apache-2.0
#include "study/report.hpp"

#include "core/page/html.hpp"
#include "study/report_figures.hpp"
#include "study/report_tables.hpp"
#include "study/report_value.hpp"

#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

namespace evenray {
namespace {

Json metric(double value, double low, double high) {
  return {{"value", value}, {"ci", {low, high}}, {"p", .4}, {"p_holm", .8}};
}

Json metrics(double value, double low, double high) {
  Json out;
  for (const char* name : {"auroc", "auprc", "sensitivity", "specificity", "balanced_accuracy"}) {
    out[name] = metric(value, low, high);
  }
  return out;
}

/// The least that a comparison of two arms leaves.
Json two_arms(double difference, double low, double high) {
  return {{"rare_class", "Rare"},
          {"seeds", 2},
          {"folds", 0},
          {"contrast", "gan vs oversample"},
          {"comparison",
           {{"arms",
             {{{"arm", "oversample"}, {"metrics", metrics(.8, .75, .85)}},
              {{"arm", "gan"}, {"metrics", metrics(.81, .76, .86)}}}},
            {"differences",
             {{{"first", "gan"},
               {"second", "oversample"},
               {"primary", true},
               {"metrics", metrics(difference, low, high)}}}},
            {"detectable", {{"auroc", .02031}}},
            {"test", {{"images", 4}, {"positives", 2}}}}}};
}

size_t count(const std::string& text, const std::string& what) {
  size_t found = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("the answer follows the interval of the contrast named beforehand") {
  REQUIRE(answer_text(parse_study_result(two_arms(.03, .01, .05))) ==
          "Synthetic images of Rare with copies helped: +.030 AUROC against oversample, 95 % "
          "interval +.010 to +.050. This is valid for this split and 2 seeds.");
  REQUIRE(contains(answer_text(parse_study_result(two_arms(-.03, -.05, -.01))),
                   "did harm: -.030 AUROC"));
  const std::string null_result = answer_text(parse_study_result(two_arms(.004, -.019, .011)));
  REQUIRE(contains(null_result, "did not measurably help: +.004 AUROC"));
  REQUIRE(contains(null_result,
                   "No difference was found; this test could have detected one of .021 or more."));
}

TEST_CASE("a control that is worse than the real images proves no help") {
  Json summary = two_arms(.03, .01, .05);
  const auto against_real = [&](const char* arm, double value, double low, double high) {
    summary["comparison"]["differences"].push_back({{"first", arm},
                                                    {"second", "real"},
                                                    {"primary", false},
                                                    {"metrics", metrics(value, low, high)}});
  };
  against_real("oversample", -.04, -.06, -.02);
  against_real("gan", -.01, -.02, .01);
  REQUIRE(answer_text(parse_study_result(summary)) ==
          "Synthetic images of Rare with copies: no help is shown: +.030 AUROC against "
          "oversample, 95 % interval +.010 to +.050. But against real, oversample itself is -.040 "
          "(-.060 to -.020), and gan is -.010 (-.020 to +.010). This is valid for this split and 2 "
          "seeds.");
  summary["comparison"]["differences"][2]["metrics"] = metrics(.03, .01, .05);
  REQUIRE(contains(answer_text(parse_study_result(summary)), "with copies helped: +.030"));
}

TEST_CASE("without an interval there is no answer, and the reason is named") {
  Json summary = two_arms(.03, .01, .05);
  Json& auroc = summary["comparison"]["differences"][0]["metrics"]["auroc"];
  auroc["ci"] = nullptr;
  REQUIRE(answer_text(parse_study_result(summary)) ==
          "No answer: the test part has too few groups of a class for an interval of the AUROC "
          "(gan vs oversample).");
}

TEST_CASE("the answer says what its generators allow to conclude") {
  Json summary = two_arms(.004, -.019, .011);
  summary["data"]["class_names"] = {"Rare", "Other"};
  const auto generator = [](const char* name, int seed, const char* word) {
    return Json{{"class", name}, {"seed", seed}, {"fold", 0}, {"verdict", {{"word", word}}}};
  };
  const auto answer = [&](const Json& generators) {
    summary["generators"] = generators;
    return answer_text(parse_study_result(summary));
  };
  const Json bad = generator("Rare", 0, "not usable yet"), good = generator("Rare", 1, "usable");
  REQUIRE(contains(answer(Json::array({bad})),
                   "or more. The generator was not usable yet: this says nothing about better "
                   "ones. This is valid"));
  REQUIRE(contains(answer(Json::array({bad, bad})),
                   "The generators were not usable yet: this says nothing"));
  REQUIRE(contains(answer(Json::array({bad, good})),
                   "1 of the 2 generators were not usable yet: this says"));
  REQUIRE(contains(answer(Json::array({generator("Rare", 0, "weak"), good})),
                   "1 of the 2 generators were weak: better ones may give another answer."));
  // This arm draws the rare class only, and a study of an earlier version has no verdicts.
  Json old = good;
  old.erase("verdict");
  for (const Json& generators : {Json::array({good}),
                                 Json::array({good, generator("Other", 0, "not usable yet")}),
                                 Json::array({old})})
    REQUIRE_FALSE(contains(answer(generators), "generator"));
  summary["generators"] = Json::array({bad, good, old});
  const StudyResult result = parse_study_result(summary);
  REQUIRE(
      contains(study_text(result), "\ngenerators: Rare-s0-f0 not usable yet, Rare-s1-f0 usable\n"));
  REQUIRE(generators_table(result).rows[0][1] == "not usable yet");
  REQUIRE(generators_table(result).rows[2][1] == "-");
}

TEST_CASE("an answer that the study cannot give is not given") {
  Json summary = two_arms(.03, .01, .05);
  summary["comparison"]["differences"][0]["primary"] = false;
  REQUIRE(contains(answer_text(parse_study_result(summary)), "No answer yet: gan vs oversample"));
  summary["comparison"]["differences"] = Json::array();
  REQUIRE(contains(answer_text(parse_study_result(summary)), "No answer yet"));
  summary = two_arms(.03, .01, .05);
  summary["comparison"]["differences"][0]["metrics"]["auroc"] = {{"value", nullptr},
                                                                 {"ci", {nullptr, nullptr}}};
  REQUIRE(contains(answer_text(parse_study_result(summary)), "No answer: "));
  summary["contrast"] = "best gan vs oversample";
  summary["comparison"]["differences"] = Json::array();
  REQUIRE(contains(answer_text(parse_study_result(summary)), "no arm can be best gan"));
}

TEST_CASE("the table of seams tells what was not measured") {
  Json summary = two_arms(.03, .01, .05);
  for (const Json& visible : {Json(true), Json(false), Json(nullptr)})
    summary["seams"].push_back({{"arm", "gan"}, {"source", "lesion:real"}, {"visible", visible}});
  const auto rows = seams_table(parse_study_result(summary)).rows;
  REQUIRE(rows[0][4] == "visible");
  REQUIRE(rows[1][4] == "not seen");
  REQUIRE(rows[2][4] == "too few images");
}

TEST_CASE("the terminal's table is aligned and ends with the answer") {
  Json summary = two_arms(-.004, -.019, .011);
  summary["comparison"]["arms"][0]["metrics"]["auprc"] = {{"value", nullptr},
                                                          {"ci", {nullptr, nullptr}}};
  const std::string text = study_text(parse_study_result(summary));
  const size_t width = text.find('\n');
  REQUIRE(text.find('\n', width + 1) == 2 * width + 1);
  REQUIRE(contains(text, "gan vs oversample (named beforehand): -.004 (-.019 to +.011) AUROC\n"));
  REQUIRE(contains(text, answer_text(parse_study_result(summary))));
}

TEST_CASE("numbers of a report") {
  REQUIRE(rounded_up(.0203) == Approx(.021));
  REQUIRE(rounded_up(.02) == Approx(.02));
  REQUIRE(p_text(.0004) == "<.001");
  REQUIRE(p_text(.0312) == ".031");
  REQUIRE(p_text(NAN) == "-");
  REQUIRE(rate_with_interval({.8342, .8011, .8662}) == ".834 (.801 to .866)");
  REQUIRE(difference_with_interval({-.004}) == "-.004 (-)");
}

TEST_CASE("a report copes with all that may be missing") {
  const ScratchFolder folder;
  Json summary = two_arms(-.004, -.019, .011);
  for (int round = 0; round < 3; ++round) {
    const std::string html =
        report_html({folder.path()}, parse_study_result(summary), "seed = 1\n");
    REQUIRE(contains(html, "What the audit found"));
    REQUIRE_FALSE(contains(html, "The generators"));
    REQUIRE_FALSE(contains(html, "nan"));
    REQUIRE(contains(report_markdown({folder.path()}, parse_study_result(summary), "seed = 1\n"),
                     "# Is a classifier for Rare better with gan than with oversample?"));
    if (round == 0) summary["comparison"]["differences"] = Json::array();
    if (round == 1) summary["comparison"]["detectable"] = nullptr;
  }
}

TEST_CASE(
    "what was found in the data is shown, left-out rows too, and nothing is taken as markup") {
  const ScratchFolder folder;
  Json summary = two_arms(-.004, -.019, .011);
  summary["data"] = {
      {"source", "<b>set"},
      {"images", 1234},
      {"size_px", {80, 64}},
      {"class_names", {"Rare", "Other"}},
      {"median_box_side_px", 4.7},
      {"findings", {{"truncated", 47}}},
      {"left_out", {{"truncated", 46}, {"duplicate_conflict", 9}}},
      {"shortcuts", {"hardware=1: 63 of 63 images are Rare"}},
      {"folds",
       {{{"counts", {{"train", {{"Rare", 10}, {"Other", 90}}}}}, {"metadata_baseline", nullptr}}}}};
  summary["failed"] = {{{"id", "gan-s1-f0"}, {"message", "out of memory"}}};
  const std::string html = report_html({folder.path()}, parse_study_result(summary), "");
  REQUIRE(contains(html, "&lt;b&gt;set: 1\u202f234 images, at 80 \u00d7 64 px"));
  REQUIRE(contains(
      html,
      "4.7 px at the working size, below 8: such a run only tests the software, it has no medical "
      "meaning."));
  REQUIRE(contains(html, "gan-s1-f0: out of memory"));
  REQUIRE(contains(html, "hardware=1"));
  const auto findings = findings_table(parse_study_result(summary)).rows;
  REQUIRE(findings.size() == 2);
  REQUIRE(std::vector(findings[0].begin(), findings[0].end() - 1) ==
          std::vector<std::string>{"truncated", "47", "46"});
  REQUIRE(std::vector(findings[1].begin(), findings[1].end() - 1) ==
          std::vector<std::string>{"duplicate_conflict", "-", "9"});
  // Two arms, of which only the unbalanced one would need no balance.json.
  REQUIRE(training_table(parse_study_result(summary)).rows.empty());
  summary["comparison"]["arms"][0]["arm"] = "real";
  REQUIRE(training_table(parse_study_result(summary)).rows[0] ==
          std::vector<std::string>{"real", "Rare", "10", "0", "0", "0", "10"});
}

TEST_CASE("an own arm is described by all that it sets") {
  const ScratchFolder folder;
  Json summary = two_arms(-.004, -.019, .011);
  summary["comparison"]["arms"][1]["arm"] = "half";
  summary["max_synthetic"] = 1;
  summary["arms"] = Json::array({{{"name", "half"},
                                  {"meaning", "half a dose"},
                                  {"sources", {"gan:rare@.5", "augment:xray"}},
                                  {"dose", .5},
                                  {"set", {"classify.lr=1e-3"}}}});
  const std::string text = report_markdown({folder.path()}, parse_study_result(summary), "");
  REQUIRE(contains(text,
                   "half: half a dose; filled by gan:rare@.5, augment:xray; at most .5 synthetic "
                   "images per real one; settings classify.lr=1e-3"));
  REQUIRE(contains(text, "oversample: rare class filled up with copies"));
}

TEST_CASE("curves come from the cells that are there") {
  const ScratchFolder folder;
  const Json summary = two_arms(-.004, -.019, .011);
  REQUIRE(curve_figures({folder.path()}, parse_study_result(summary)).empty());
  const std::string rows =
      "id,group,y_Rare,y_Other,p_Rare,p_Other\na,a,1,0,.9,.1\nb,b,0,1,.6,.4\nc,c,1,0,.5,.5\nd,d,0,"
      "1,.2,.8\n";
  for (const char* cell : {"gan-s0-f0", "gan-s1-f0"}) {
    write_atomic(folder / "cells" / cell / "predictions.csv", rows);
  }
  const auto figures = curve_figures({folder.path()}, parse_study_result(summary));
  REQUIRE(figures.size() == 2);
  // Each chart is drawn twice, wide and narrow: two seeds and their mean.
  REQUIRE(count(figures[0].markup, "<path class=\"stroke arm-4 thin") == 4);
  REQUIRE(contains(figures[1].markup, "prevalence .5"));
}

TEST_CASE("generators are shown with their curves and sheets") {
  const ScratchFolder folder;
  Json summary = two_arms(-.004, -.019, .011);
  summary["generators"] = {{{"class", "Rare"},
                            {"seed", 0},
                            {"fold", 0},
                            {"n_fake", 20},
                            {"origin", {{"auroc", .9}, {"ci", {.8, 1}}}}},
                           {{"class", "Rare"},
                            {"seed", 1},
                            {"fold", 0},
                            {"n_fake", 20},
                            {"origin", {{"auroc", .8}, {"ci", {.7, .9}}}}}};
  const Path first = folder / "generators" / "Rare-s0-f0";
  write_atomic(first / "events.jsonl",
               "{\"step\":50,\"kimg\":3.2,\"loss_d\":1.2,\"loss_g\":.9}\n{\"step\":60,\"kimg\":3.8,"
               "\"swd\":20}\nhalf a li");
  write_atomic(first / "samples.png", "not really a picture");
  const auto figures = generator_figures({folder.path()}, parse_study_result(summary));
  REQUIRE(figures.size() == 2);
  REQUIRE(contains(figures[1].markup, "SWD"));
  REQUIRE(contains(report_html({folder.path()}, parse_study_result(summary), ""),
                   base64("not really a picture")));
  REQUIRE(contains(report_markdown({folder.path()}, parse_study_result(summary), ""),
                   "](<generators/Rare-s0-f0/samples.png>)"));
  REQUIRE(generators_table(parse_study_result(summary)).rows[1][0] == "Rare-s1-f0");
  REQUIRE(baselines_table(parse_study_result(summary)).rows.back() ==
          std::vector<std::string>{"synthetic or real Rare, from the image: mean of 2 generators",
                                   ".850"});
}

}  // namespace evenray
